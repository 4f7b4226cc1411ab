//! The query planner of a cluster session: a plan of one node that runs elsewhere.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::error::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;

use super::options::Options;
use super::query::{Analyze, RemoteQuery};
use super::remote_exec::RemoteExec;
use crate::codec::{PlanMessage, UdfLogicalCodec};
use crate::error::cluster_error;
use crate::plan::prepare;

/// Largest plan that is sent, in bytes; the programs' own limit for a message is higher.
const MAX_PLAN_BYTES: usize = 48 << 20;

/// Encodes plans at once, so that one that cannot travel fails here. Does no I/O.
#[derive(Debug)]
pub struct RemotePlanner {
    options: Options,
}

impl RemotePlanner {
    /// A planner for one session.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    fn plan(&self, plan: &LogicalPlan, session_id: &str) -> Result<RemoteExec> {
        // Not shipped as it is: inside a stage it would show that stage's task only.
        let (plan, analyze) = match plan {
            LogicalPlan::Analyze(node) => (
                node.input.as_ref(),
                Some(Analyze {
                    verbose: node.verbose,
                }),
            ),
            other => (other, None),
        };
        let plan_schema = Arc::clone(plan.schema().inner());
        let prepared = prepare(plan.clone())?;
        let codec = UdfLogicalCodec::collecting(
            PlanMessage::definitions(),
            self.options.max_inline_bytes,
        );
        let encoded = PlanMessage::write(&prepared, &codec)?;
        if encoded.len() > MAX_PLAN_BYTES {
            return Err(cluster_error(format!(
                "The plan of this query has {} bytes, of which at most {MAX_PLAN_BYTES} can \
                 be sent. In-memory tables travel inside the plan: write them to Parquet",
                encoded.len()
            )));
        }
        let mut options = self.options.clone();
        if options.session_id.is_empty() {
            options.session_id = session_id.to_owned();
        }
        Ok(RemoteExec::new(RemoteQuery {
            options,
            plan: encoded.into(),
            plan_schema,
            analyze,
        }))
    }
}

#[async_trait]
impl QueryPlanner for RemotePlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(self.plan(plan, session.session_id())?))
    }
}

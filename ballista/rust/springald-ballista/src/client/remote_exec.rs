//! The one node of a cluster session's physical plan.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};

use super::query::{Analyze, RemoteQuery};
use crate::codec::ipc::{read_stream, write_stream};
use crate::codec::wire::{Reader, write_prefixed};

const MAGIC: &[u8] = b"SPRGEXEC";
const VERSION: u8 = 1;

/// Runs an encoded logical plan on the cluster. Its result has one partition.
///
/// It is written once, by this library, for the wheel's session to give it back:
///
/// ```text
/// "SPRGEXEC" version:u8 analyze:u8 (0 no, 1 yes, 2 verbose)
/// length:u32 options as JSON   length:u32 the plan's schema as an Arrow stream   plan
/// ```
#[derive(Debug)]
pub struct RemoteExec {
    query: RemoteQuery,
    properties: Arc<PlanProperties>,
}

impl RemoteExec {
    /// Runs `query`.
    pub fn new(query: RemoteQuery) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(query.result_schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            query,
            properties: Arc::new(properties),
        }
    }

    /// Whether `buf` is such a node.
    pub fn is_encoded(buf: &[u8]) -> bool {
        buf.starts_with(MAGIC)
    }

    /// Appends the node.
    ///
    /// # Errors
    /// A part is too long, or its schema has no Arrow form.
    pub fn encode(&self, buf: &mut Vec<u8>) -> Result<()> {
        buf.extend_from_slice(MAGIC);
        buf.push(VERSION);
        buf.push(match self.query.analyze {
            None => 0,
            Some(Analyze { verbose: false }) => 1,
            Some(Analyze { verbose: true }) => 2,
        });
        let options = serde_json::to_vec(&self.query.options)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        write_prefixed(&options, buf)?;
        let mut schema = Vec::new();
        write_stream(&self.query.plan_schema, &[], &mut schema)?;
        write_prefixed(&schema, buf)?;
        buf.extend_from_slice(&self.query.plan);
        Ok(())
    }

    /// # Errors
    /// The bytes are damaged.
    pub fn decode(buf: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(buf, "a query for the cluster");
        reader.magic(MAGIC)?;
        reader.version(VERSION)?;
        let analyze = match reader.u8()? {
            0 => None,
            code => Some(Analyze { verbose: code == 2 }),
        };
        let options = serde_json::from_slice(reader.prefixed()?)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let (plan_schema, _) = read_stream(reader.prefixed()?)?;
        let query = RemoteQuery {
            options,
            plan: reader.rest().to_vec().into(),
            plan_schema,
            analyze,
        };
        Ok(Self::new(query))
    }
}

impl DisplayAs for RemoteExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "RemoteExec: scheduler=df://{}",
            self.query.options.address
        )
    }
}

impl ExecutionPlan for RemoteExec {
    fn name(&self) -> &str {
        "RemoteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        _: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.query.run(self.schema(), context)
    }
}

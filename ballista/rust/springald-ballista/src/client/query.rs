//! One query on its way: submitted, watched, fetched, or cancelled.

use std::sync::Arc;

use ballista_core::execution_plans::{
    DistributedExplainAnalyzeExec, DistributedQueryExec,
};
use ballista_core::extension::SessionConfigExt;
use bytes::{BufMut, Bytes};
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::DFSchemaRef;
use datafusion::common::{DFSchema, TableReference};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion_proto::logical_plan::{AsLogicalPlan, LogicalExtensionCodec};
use futures::StreamExt;
use tokio::sync::mpsc;

use super::options::Options;
use crate::codec::{PlanMessage, UdfLogicalCodec};
use crate::error::{has_token, internal};
use crate::service::ClusterClient;

/// Batches that wait for the consumer.
const BUFFERED_BATCHES: usize = 4;

/// The name that a job is found by when it has to be cancelled.
const JOB_NAME: &str = "ballista.job.name";

/// Messages that carry plans, in bytes: those of our programs take as much.
const MAX_MESSAGE: (&str, &str) = ("ballista.client.grpc_max_message_size", "67108864");

/// That the query is to be shown with its figures, not its rows.
#[derive(Clone, Debug)]
pub struct Analyze {
    /// As in EXPLAIN ANALYZE VERBOSE.
    pub verbose: bool,
}

/// The schema of EXPLAIN ANALYZE.
fn analyze_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("plan_type", DataType::Utf8, false),
        Field::new("plan", DataType::Utf8, false),
    ]))
}

/// A plan, encoded for the scheduler, and all that is needed to run it.
#[derive(Clone, Debug)]
pub struct RemoteQuery {
    /// Of the session.
    pub options: Options,
    /// A `PlanMessage`.
    pub plan: Bytes,
    /// Of the plan's rows.
    pub plan_schema: SchemaRef,
    /// Set for EXPLAIN ANALYZE.
    pub analyze: Option<Analyze>,
}

impl RemoteQuery {
    /// The schema of what comes back: the plan's rows, or their figures.
    pub fn result_schema(&self) -> SchemaRef {
        match self.analyze {
            Some(_) => analyze_schema(),
            None => Arc::clone(&self.plan_schema),
        }
    }

    /// Submits the query and returns its rows. Dropping the stream cancels the query. The
    /// work is done by a task of this library's runtime, whoever polls the stream.
    ///
    /// # Errors
    /// None here; the stream gives them.
    pub fn run(
        &self,
        schema: SchemaRef,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let (sender, receiver) = mpsc::channel(BUFFERED_BATCHES);
        let query = self.clone();
        crate::runtime().spawn(async move {
            if let Err(error) = query.drive(context, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        let promised = Arc::clone(&schema);
        let batches = futures::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|batch| (batch, receiver))
        })
        .map(move |batch| as_promised(batch?, &promised));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    async fn drive(
        &self,
        context: Arc<TaskContext>,
        sender: &mpsc::Sender<Result<RecordBatch>>,
    ) -> Result<()> {
        let cluster = ClusterClient::shared(&self.options.address)?;
        cluster.wait_for_executors().await?;
        let job_name = format!("springald-{}", uuid::Uuid::new_v4());
        let context = self.context(&context, &job_name)?;
        let mut batches = self.plan(&context)?.execute(0, context)?;
        let watch = cluster.watch();
        tokio::pin!(watch);
        // Rows come when the job is done; from then on the reader sets the pace.
        let mut arriving = false;
        loop {
            tokio::select! {
                batch = batches.next() => match batch {
                    None => return Ok(()),
                    Some(Ok(batch)) => {
                        arriving = true;
                        if sender.send(Ok(batch)).await.is_err() {
                            return cluster.cancel(&job_name).await;
                        }
                    }
                    Some(Err(error)) if has_token(&error.to_string()) => return Err(error),
                    Some(Err(error)) => return Err(cluster.explain(error).await),
                },
                () = sender.closed() => return cluster.cancel(&job_name).await,
                error = &mut watch, if !arriving => {
                    let _ = cluster.cancel(&job_name).await;
                    return Err(error);
                }
            }
        }
    }

    /// The session's settings, with Ballista's and ours.
    fn context(&self, context: &TaskContext, job_name: &str) -> Result<Arc<TaskContext>> {
        let mut config = context.session_config().clone().upgrade_for_ballista();
        let options = config.options_mut();
        options.set(MAX_MESSAGE.0, MAX_MESSAGE.1)?;
        for (key, value) in &self.options.settings {
            options.set(key, value)?;
        }
        options.set(JOB_NAME, job_name)?;
        Ok(Arc::new(TaskContext::new(
            context.task_id(),
            self.options.session_id.clone(),
            config,
            context.scalar_functions().clone(),
            context.higher_order_functions().clone(),
            context.aggregate_functions().clone(),
            context.window_functions().clone(),
            context.runtime_env(),
        )))
    }

    fn plan(&self, context: &TaskContext) -> Result<Arc<dyn ExecutionPlan>> {
        let url = format!("http://{}", self.options.address);
        let node = OpaqueNode::new(self.plan.clone(), &self.plan_schema)?;
        let query = Arc::new(DistributedQueryExec::<EncodedPlan>::with_extension(
            url.clone(),
            context.session_config().ballista_config(),
            LogicalPlan::Extension(Extension {
                node: Arc::new(node),
            }),
            Arc::new(UdfLogicalCodec::new(
                PlanMessage::definitions(),
                self.options.max_inline_bytes,
            )),
            self.options.session_id.clone(),
        ));
        Ok(match &self.analyze {
            None => query,
            Some(analyze) => Arc::new(DistributedExplainAnalyzeExec::new(
                query,
                url,
                analyze_schema(),
                analyze.verbose,
            )),
        })
    }
}

/// Gives a batch the types of `schema`: the exchange between processes sends the values of
/// dictionaries only.
fn as_promised(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(
            |(column, field)| match column.data_type() == field.data_type() {
                true => Ok(Arc::clone(column)),
                false => Ok(cast(column, field.data_type())?),
            },
        )
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

/// A plan that is encoded already, where Ballista wants a logical plan to encode.
#[derive(Clone, Debug)]
struct EncodedPlan(Bytes);

impl AsLogicalPlan for EncodedPlan {
    fn try_decode(_: &[u8]) -> Result<Self> {
        Err(internal("An encoded plan is not decoded by the client"))
    }

    fn try_encode<B: BufMut>(&self, buf: &mut B) -> Result<()> {
        buf.put_slice(&self.0);
        Ok(())
    }

    fn try_into_logical_plan(
        &self,
        _: &TaskContext,
        _: &dyn LogicalExtensionCodec,
    ) -> Result<LogicalPlan> {
        Err(internal("An encoded plan is not decoded by the client"))
    }

    fn try_from_logical_plan(
        plan: &LogicalPlan,
        _: &dyn LogicalExtensionCodec,
    ) -> Result<Self> {
        if let LogicalPlan::Extension(extension) = plan
            && let Some(node) = extension.node.as_any().downcast_ref::<OpaqueNode>()
        {
            return Ok(Self(node.plan.clone()));
        }
        Err(internal("The plan was not encoded"))
    }
}

/// The logical node that stands for an encoded plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OpaqueNode {
    plan: Bytes,
    schema: DFSchemaRef,
}

impl OpaqueNode {
    fn new(plan: Bytes, schema: &Schema) -> Result<Self> {
        // Results may repeat a column's name; a made-up table for each keeps them apart.
        let tables = (0..schema.fields().len())
            .map(|index| Some(TableReference::bare(format!("c{index}"))))
            .collect();
        let schema = DFSchema::from_field_specific_qualified_schema(
            tables,
            &Arc::new(schema.clone()),
        )?;
        Ok(Self {
            plan,
            schema: Arc::new(schema),
        })
    }
}

impl PartialOrd for OpaqueNode {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.plan.partial_cmp(&other.plan)
    }
}

impl UserDefinedLogicalNodeCore for OpaqueNode {
    fn name(&self) -> &str {
        "OpaqueNode"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "OpaqueNode: {} bytes", self.plan.len())
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}

/// Whether an engine's error is about a connection, by its text: it keeps nothing else.
pub fn is_transport_failure(error: &DataFusionError) -> bool {
    const SIGNS: [&str; 8] = [
        "transport error",
        "Connection refused",
        "tcp connect error",
        "h2 protocol error",
        "connection reset",
        "broken pipe",
        "GrpcConnectionError",
        "Stream closed without job completing",
    ];
    let text = error.to_string();
    SIGNS.iter().any(|sign| text.contains(sign))
}

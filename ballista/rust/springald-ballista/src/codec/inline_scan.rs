//! The scan of an in-memory table.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties,
};

use super::wire::Reader;
use crate::error::internal;

const MAGIC: &[u8] = b"SPRGSCAN";
const VERSION: u8 = 1;

/// Passes the rows of its input on, and keeps limits above itself.
///
/// DataFusion moves a LIMIT into the source of in-memory rows, and the scheduler of
/// Ballista 55 loses it there when it cuts the source up for tasks: the query would return
/// rows too many. A limit does not pass a node that does not support it.
#[derive(Debug)]
pub struct InlineScanExec {
    input: Arc<dyn ExecutionPlan>,
}

impl InlineScanExec {
    /// Scans `input`.
    pub fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        Self { input }
    }

    /// Appends the node, without its input.
    pub fn encode(&self, buf: &mut Vec<u8>) {
        buf.extend_from_slice(MAGIC);
        buf.push(VERSION);
    }

    /// Whether `buf` is such a node.
    pub fn is_encoded(buf: &[u8]) -> bool {
        buf.starts_with(MAGIC)
    }

    /// # Errors
    /// The bytes are damaged, or there is not one input.
    pub fn decode(buf: &[u8], inputs: &[Arc<dyn ExecutionPlan>]) -> Result<Self> {
        let mut reader = Reader::new(buf, "the scan of an in-memory table");
        reader.magic(MAGIC)?;
        reader.version(VERSION)?;
        reader.end()?;
        match inputs {
            [input] => Ok(Self::new(Arc::clone(input))),
            _ => Err(internal("The scan of an in-memory table has one input")),
        }
    }
}

impl DisplayAs for InlineScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("InlineScanExec")
    }
}

impl ExecutionPlan for InlineScanExec {
    fn name(&self) -> &str {
        "InlineScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) if children.is_empty() => Ok(Arc::new(Self::new(input))),
            _ => Err(internal("The scan of an in-memory table has one input")),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }
}

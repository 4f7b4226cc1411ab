//! A query's plan as it travels from the client to the scheduler: the definitions of its
//! Python functions, each once, before Ballista's own message.
//!
//! ```text
//! plan   "SPRGPLAN" version:u8 count:u32 { length:u32 definition }* LogicalPlanNode
//! ```
//! A plan of a client without Springald is a LogicalPlanNode alone, and is read as well.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::BufMut;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion_proto::logical_plan::{AsLogicalPlan, LogicalExtensionCodec};
use datafusion_proto::protobuf::LogicalPlanNode;

use super::logical::UdfLogicalCodec;
use super::wire::{Reader, write_prefixed};
use crate::abi::Definition;
use crate::error::failed;
use crate::udf::Definitions;

const MAGIC: &[u8] = b"SPRGPLAN";
const VERSION: u8 = 1;

/// The definitions of the scheduler's process, where [`AsLogicalPlan::try_decode`], which
/// has no other way to them, puts those that plans carry.
static DEFINITIONS: OnceLock<Arc<Definitions>> = OnceLock::new();

/// A query's plan with the definitions it uses, which it keeps known while it lives.
#[derive(Clone)]
pub struct PlanMessage {
    node: LogicalPlanNode,
    _definitions: Vec<Arc<Definition>>,
}

impl PlanMessage {
    /// The definitions that decoding makes known, for the codec that reads the plans.
    pub fn definitions() -> Arc<Definitions> {
        Arc::clone(DEFINITIONS.get_or_init(Arc::default))
    }

    /// Writes `plan` with the definitions that it uses.
    ///
    /// # Errors
    /// A part of the plan cannot travel.
    pub fn write(plan: &LogicalPlan, codec: &UdfLogicalCodec) -> Result<Vec<u8>> {
        let node = LogicalPlanNode::try_from_logical_plan(plan, codec)?;
        let definitions = codec.used();
        let mut buf = Vec::new();
        buf.extend_from_slice(MAGIC);
        buf.push(VERSION);
        buf.extend_from_slice(&(definitions.len() as u32).to_le_bytes());
        for definition in definitions {
            write_prefixed(definition.bytes(), &mut buf)?;
        }
        node.try_encode(&mut buf)?;
        Ok(buf)
    }
}

impl fmt::Debug for PlanMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlanMessage")
    }
}

impl AsLogicalPlan for PlanMessage {
    fn try_decode(buf: &[u8]) -> Result<Self> {
        if !buf.starts_with(MAGIC) {
            return Ok(Self {
                node: LogicalPlanNode::try_decode(buf)?,
                _definitions: Vec::new(),
            });
        }
        let mut reader = Reader::new(buf, "a query's plan");
        reader.magic(MAGIC)?;
        reader.version(VERSION)?;
        let known = Self::definitions();
        let mut definitions = Vec::new();
        for _ in 0..reader.length()? {
            definitions.push(known.intern(reader.prefixed()?).map_err(failed)?);
        }
        Ok(Self {
            node: LogicalPlanNode::try_decode(reader.rest())?,
            _definitions: definitions,
        })
    }

    fn try_encode<B: BufMut>(&self, buf: &mut B) -> Result<()> {
        self.node.try_encode(buf)
    }

    fn try_into_logical_plan(
        &self,
        ctx: &TaskContext,
        extension_codec: &dyn LogicalExtensionCodec,
    ) -> Result<LogicalPlan> {
        self.node.try_into_logical_plan(ctx, extension_codec)
    }

    fn try_from_logical_plan(
        plan: &LogicalPlan,
        extension_codec: &dyn LogicalExtensionCodec,
    ) -> Result<Self> {
        Ok(Self {
            node: LogicalPlanNode::try_from_logical_plan(plan, extension_codec)?,
            _definitions: Vec::new(),
        })
    }
}

//! The physical codec: Ballista's own, and Python functions besides.
//!
//! Ballista writes the expressions inside its shuffle nodes with a codec of its own, which
//! knows functions by name only. So a node that uses ours travels inside an envelope:
//!
//! ```text
//! node   "SPRGNODE" version:u8 count:u32 { length:u32 name, reference }* Ballista's bytes
//! ```
//! and its functions are added, by name, to those that Ballista looks names up in.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, WindowUDF};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_common::physical_expr::proto_decode::PhysicalExprDecodeCtx;
use datafusion::physical_expr_common::physical_expr::proto_encode::PhysicalExprEncodeCtx;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{
    PhysicalExtensionCodec, PhysicalProtoConverterExtension,
};

use super::inline_scan::InlineScanExec;
use super::wire::{self, Reader};
use crate::client::RemoteExec;
use crate::error::internal;
use crate::udf::{
    Definitions, LoadedFunctions, PythonUdf, Reference, functions_in_node, python_udf,
};

const MAGIC: &[u8] = b"SPRGNODE";
const VERSION: u8 = 1;

/// Writes a Python function as the hash of its definition. Nothing is written for functions
/// that are not ours. Any thread may call; decoding runs no Python and does not block.
pub struct UdfPhysicalCodec {
    ballista: BallistaPhysicalExtensionCodec,
    functions: Functions,
}

/// Where a reference leads.
enum Functions {
    /// To a definition, in a process that plans.
    Known(Arc<Definitions>),
    /// To a function that can be run, on an executor.
    Loaded(Arc<LoadedFunctions>),
}

impl UdfPhysicalCodec {
    /// The codec of clients and schedulers.
    pub fn planning(definitions: Arc<Definitions>) -> Self {
        Self {
            ballista: BallistaPhysicalExtensionCodec::default(),
            functions: Functions::Known(definitions),
        }
    }

    /// The codec of executors.
    pub fn executing(functions: Arc<LoadedFunctions>) -> Self {
        Self {
            ballista: BallistaPhysicalExtensionCodec::default(),
            functions: Functions::Loaded(functions),
        }
    }

    fn resolve(&self, name: &str, reference: Reference) -> Result<Arc<ScalarUDF>> {
        let function = match &self.functions {
            Functions::Loaded(functions) => PythonUdf::loaded(
                name.to_owned(),
                reference,
                functions.get(reference.hash),
            ),
            Functions::Known(definitions) => {
                let definition = definitions.get(reference.hash).ok_or_else(|| {
                    internal(format!(
                        "The Python function '{name}' ({}) is not known here any more",
                        reference.hash
                    ))
                })?;
                PythonUdf::planned(definition)
            }
        };
        Ok(Arc::new(ScalarUDF::from(function)))
    }

    fn decode_enveloped(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut reader = Reader::new(buf, "a node that uses Python functions");
        reader.magic(MAGIC)?;
        reader.version(VERSION)?;
        let mut scalar_functions = ctx.scalar_functions().clone();
        for _ in 0..reader.length()? {
            let name = reader.text()?;
            let reference = reader.reference(name)?;
            scalar_functions.insert(name.to_owned(), self.resolve(name, reference)?);
        }
        let ctx = TaskContext::new(
            ctx.task_id(),
            ctx.session_id(),
            ctx.session_config().clone(),
            scalar_functions,
            ctx.higher_order_functions().clone(),
            ctx.aggregate_functions().clone(),
            ctx.window_functions().clone(),
            ctx.runtime_env(),
        );
        self.ballista
            .try_decode(reader.rest(), inputs, &ctx, converter)
    }
}

/// The references of a node's functions, by name.
fn references(node: &dyn ExecutionPlan) -> Result<HashMap<String, Reference>> {
    let mut references = HashMap::new();
    for function in functions_in_node(node)? {
        let Some(ours) = python_udf(&function) else {
            continue;
        };
        let name = function.name().to_owned();
        let reference = ours.reference()?;
        if let Some(other) = references.insert(name, reference)
            && other != reference
        {
            return Err(DataFusionError::Plan(format!(
                "Two different functions are called '{}' in one exchange between stages of \
                 a query. Give one of them another name: f.with_name(...)",
                function.name()
            )));
        }
    }
    Ok(references)
}

impl fmt::Debug for UdfPhysicalCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UdfPhysicalCodec")
    }
}

impl PhysicalExtensionCodec for UdfPhysicalCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if RemoteExec::is_encoded(buf) {
            return Ok(Arc::new(RemoteExec::decode(buf)?));
        }
        if InlineScanExec::is_encoded(buf) {
            return Ok(Arc::new(InlineScanExec::decode(buf, inputs)?));
        }
        if buf.starts_with(MAGIC) {
            return self.decode_enveloped(buf, inputs, ctx, converter);
        }
        self.ballista.try_decode(buf, inputs, ctx, converter)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        if let Some(remote) = node.downcast_ref::<RemoteExec>() {
            return remote.encode(buf);
        }
        if let Some(scan) = node.downcast_ref::<InlineScanExec>() {
            scan.encode(buf);
            return Ok(());
        }
        let references = references(node.as_ref())?;
        if references.is_empty() {
            return self.ballista.try_encode(node, buf, converter);
        }
        let mut inner = Vec::new();
        self.ballista.try_encode(node, &mut inner, converter)?;
        buf.extend_from_slice(MAGIC);
        buf.push(VERSION);
        buf.extend_from_slice(&(references.len() as u32).to_le_bytes());
        for (name, reference) in &references {
            wire::write_prefixed(name.as_bytes(), buf)?;
            wire::write_reference(*reference, buf);
        }
        buf.append(&mut inner);
        Ok(())
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        if buf.is_empty() {
            return self.ballista.try_decode_udf(name, buf);
        }
        self.resolve(name, wire::read_reference(name, buf)?)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        match python_udf(node) {
            Some(function) => {
                wire::write_reference(function.reference()?, buf);
                Ok(())
            }
            None => self.ballista.try_encode_udf(node, buf),
        }
    }

    fn try_decode_higher_order_function(
        &self,
        name: &str,
        buf: &[u8],
    ) -> Result<Arc<HigherOrderUDF>> {
        self.ballista.try_decode_higher_order_function(name, buf)
    }

    fn try_encode_higher_order_function(
        &self,
        node: &HigherOrderUDF,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        self.ballista.try_encode_higher_order_function(node, buf)
    }

    fn try_decode_expr(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn PhysicalExpr>],
        ctx: &PhysicalExprDecodeCtx<'_>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        self.ballista.try_decode_expr(buf, inputs, ctx)
    }

    fn try_encode_expr(
        &self,
        node: &Arc<dyn PhysicalExpr>,
        buf: &mut Vec<u8>,
        ctx: &PhysicalExprEncodeCtx<'_>,
    ) -> Result<()> {
        self.ballista.try_encode_expr(node, buf, ctx)
    }

    fn try_decode_udaf(&self, name: &str, buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.ballista.try_decode_udaf(name, buf)
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.ballista.try_encode_udaf(node, buf)
    }

    fn try_decode_udwf(&self, name: &str, buf: &[u8]) -> Result<Arc<WindowUDF>> {
        self.ballista.try_decode_udwf(name, buf)
    }

    fn try_encode_udwf(&self, node: &WindowUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.ballista.try_encode_udwf(node, buf)
    }
}

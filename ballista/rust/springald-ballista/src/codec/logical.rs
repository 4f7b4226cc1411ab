//! The logical codec: Ballista's own, and Python functions and in-memory tables besides.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ballista_core::serde::BallistaLogicalExtensionCodec;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{
    AggregateUDF, Extension, HigherOrderUDF, LogicalPlan, ScalarUDF, WindowUDF,
};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use parking_lot::Mutex;

use super::inline_table::{self, InlineTable};
use super::wire;
use crate::abi::Definition;
use crate::error::internal;
use crate::udf::{Definitions, PythonUdf, python_udf};

/// Writes a Python function as the hash of its definition, and finds it again among the
/// definitions that the process knows. Nothing is written for functions that are not ours:
/// they travel by name. Everything else is Ballista's.
///
/// Any thread may call. Decoding runs no Python and does not block.
pub struct UdfLogicalCodec {
    ballista: BallistaLogicalExtensionCodec,
    definitions: Arc<Definitions>,
    used: Option<Mutex<Vec<Arc<Definition>>>>,
    max_inline_bytes: usize,
    /// Of the tables that this codec has written; counted for one plan only.
    inline_bytes: AtomicUsize,
}

impl UdfLogicalCodec {
    /// Tables of at most `max_inline_bytes`, as Arrow IPC, travel inside plans.
    pub fn new(definitions: Arc<Definitions>, max_inline_bytes: usize) -> Self {
        Self {
            ballista: BallistaLogicalExtensionCodec::default(),
            definitions,
            used: None,
            max_inline_bytes,
            inline_bytes: AtomicUsize::new(0),
        }
    }

    /// As `new`, for one plan: keeps the definitions that it writes references to, and
    /// counts the tables together.
    pub fn collecting(definitions: Arc<Definitions>, max_inline_bytes: usize) -> Self {
        Self {
            used: Some(Mutex::new(Vec::new())),
            ..Self::new(definitions, max_inline_bytes)
        }
    }

    /// The definitions of the references that were written so far, each once.
    pub fn used(&self) -> Vec<Arc<Definition>> {
        self.used
            .as_ref()
            .map(|used| used.lock().clone())
            .unwrap_or_default()
    }
}

impl fmt::Debug for UdfLogicalCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UdfLogicalCodec")
    }
}

impl LogicalExtensionCodec for UdfLogicalCodec {
    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        if buf.is_empty() {
            return self.ballista.try_decode_udf(name, buf);
        }
        let definitions = wire::read_references(name, buf)?
            .into_iter()
            .map(|reference| {
                self.definitions.get(reference.hash).ok_or_else(|| {
                    internal(format!(
                        "The plan uses the Python function '{name}' ({}) and does not \
                         carry it",
                        reference.hash
                    ))
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(ScalarUDF::from(PythonUdf::overloaded(
            definitions,
        )?)))
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        let Some(function) = python_udf(node) else {
            return self.ballista.try_encode_udf(node, buf);
        };
        if let Some(used) = &self.used {
            let mut used = used.lock();
            for definition in function.definitions() {
                if !used.iter().any(|known| known.hash() == definition.hash()) {
                    used.push(Arc::clone(definition));
                }
            }
        }
        wire::write_references(function.references(), buf);
        Ok(())
    }

    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        table_ref: &TableReference,
        schema: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        if InlineTable::is_encoded(buf) {
            return Ok(Arc::new(InlineTable::decode(buf)?));
        }
        self.ballista
            .try_decode_table_provider(buf, table_ref, schema, ctx)
    }

    fn try_encode_table_provider(
        &self,
        table_ref: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        let before = if self.used.is_some() {
            self.inline_bytes.load(Ordering::Relaxed)
        } else {
            0
        };
        let size =
            inline_table::encode(table_ref, node, before, self.max_inline_bytes, buf)?;
        self.inline_bytes.fetch_add(size, Ordering::Relaxed);
        Ok(())
    }

    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[LogicalPlan],
        ctx: &TaskContext,
    ) -> Result<Extension> {
        self.ballista.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.ballista.try_encode(node, buf)
    }

    fn try_decode_file_format(
        &self,
        buf: &[u8],
        ctx: &TaskContext,
    ) -> Result<Arc<dyn FileFormatFactory>> {
        self.ballista.try_decode_file_format(buf, ctx)
    }

    fn try_encode_file_format(
        &self,
        buf: &mut Vec<u8>,
        node: Arc<dyn FileFormatFactory>,
    ) -> Result<()> {
        self.ballista.try_encode_file_format(buf, node)
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

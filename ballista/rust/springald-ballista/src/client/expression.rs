//! Turns expressions that use the wheel's own Python functions into ones that use ours.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion_proto::logical_plan::from_proto::parse_expr;
use datafusion_proto::logical_plan::to_proto::serialize_expr;
use datafusion_proto::logical_plan::{
    DefaultLogicalExtensionCodec, LogicalExtensionCodec,
};
use datafusion_proto::protobuf::LogicalExprNode;
use prost::Message;

use crate::abi::{Definition, Hash};
use crate::codec::wire::write_references;
use crate::error::{definition_error, internal};
use crate::udf::{PythonUdf, python_udf};

/// What the wheel's pickle of a function begins with.
const WHEEL_FUNCTION: &[u8] = b"DFPYUDF";
/// What stands before a definition's hash inside that pickle.
const HASH_MARK: &[u8] = b"springald:";
/// How the wheel marks what a codec of its chain wrote: tag, version, length and id.
const CHAIN_TAG: &[u8] = b"DFPYCHN";
const CHAIN_VERSION: u8 = 1;
/// The id under which our codec is installed.
pub const CODEC_ID: &str = "springald";

/// Rewrites an encoded expression; see `springald_ballista_rewrite_expression`.
///
/// # Errors
/// It cannot be read, or uses a Python function that is none of `definitions`.
pub fn rewrite_expression(
    encoded: &[u8],
    definitions: Vec<Arc<Definition>>,
) -> Result<Vec<u8>> {
    let node = LogicalExprNode::decode(encoded)
        .map_err(|error| internal(format!("An expression cannot be read: {error}")))?;
    let codec = ExpressionCodec {
        definitions: definitions.into_iter().map(|d| (d.hash(), d)).collect(),
        default: DefaultLogicalExtensionCodec {},
    };
    let context = SessionContext::new().task_ctx();
    let expression = parse_expr(&node, context.as_ref(), &codec)?;
    Ok(serialize_expr(&expression, &codec)?.encode_to_vec())
}

#[derive(Debug)]
struct ExpressionCodec {
    definitions: HashMap<Hash, Arc<Definition>>,
    default: DefaultLogicalExtensionCodec,
}

impl ExpressionCodec {
    fn python_function(&self, name: &str, pickle: &[u8]) -> Result<PythonUdf> {
        let definition = hash_in(pickle).and_then(|hash| self.definitions.get(&hash));
        match definition {
            Some(definition) => Ok(PythonUdf::planned(Arc::clone(definition))),
            None => Err(definition_error(
                name,
                "This Python function has no definition of Springald, so it cannot run on a \
                 cluster: make it with springald.udf",
            )),
        }
    }
}

/// The hash after the mark, in a pickle of this process.
fn hash_in(pickle: &[u8]) -> Option<Hash> {
    let start = pickle
        .windows(HASH_MARK.len())
        .position(|window| window == HASH_MARK)?
        + HASH_MARK.len();
    let digits = pickle.get(start..start + 64)?;
    Hash::from_hex(std::str::from_utf8(digits).ok()?)
}

impl LogicalExtensionCodec for ExpressionCodec {
    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        if buf.starts_with(WHEEL_FUNCTION) {
            return Ok(Arc::new(self.python_function(name, buf)?.into()));
        }
        Ok(Arc::new(ScalarUDF::from(Untouched {
            name: name.to_owned(),
            definition: buf.to_vec(),
            signature: Signature::variadic_any(Volatility::Volatile),
        })))
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        let inner: &dyn std::any::Any = node.inner().as_ref();
        if let Some(untouched) = inner.downcast_ref::<Untouched>() {
            buf.extend_from_slice(&untouched.definition);
        } else if let Some(function) = python_udf(node) {
            buf.extend_from_slice(CHAIN_TAG);
            buf.push(CHAIN_VERSION);
            buf.extend_from_slice(&(CODEC_ID.len() as u32).to_le_bytes());
            buf.extend_from_slice(CODEC_ID.as_bytes());
            write_references(function.references(), buf);
        }
        Ok(())
    }

    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[LogicalPlan],
        ctx: &TaskContext,
    ) -> Result<Extension> {
        self.default.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.default.try_encode(node, buf)
    }

    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        table_ref: &TableReference,
        schema: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        self.default
            .try_decode_table_provider(buf, table_ref, schema, ctx)
    }

    fn try_encode_table_provider(
        &self,
        table_ref: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        self.default.try_encode_table_provider(table_ref, node, buf)
    }
}

/// A function that is none of our business: its bytes pass through.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Untouched {
    name: String,
    definition: Vec<u8>,
    signature: Signature,
}

impl ScalarUDFImpl for Untouched {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Err(internal(
            "An expression that is only rewritten has no types",
        ))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(internal("An expression that is only rewritten is not run"))
    }
}

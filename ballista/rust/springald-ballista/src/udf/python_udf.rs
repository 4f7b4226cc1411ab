//! `PythonUdf`: a DataFusion scalar function that is a Python function.

use std::hash::{Hash as StdHash, Hasher};
use std::sync::{Arc, OnceLock};

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TypeSignature, Volatility,
};

use super::loaded::LoadedFunction;
use crate::abi::{CancelToken, Definition, Hash};
use crate::error::internal;

/// What a plan says of a function: enough to plan with, and the hash of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The definition's identity.
    pub hash: Hash,
    /// What the author promises about repeated calls.
    pub volatility: Volatility,
}

/// A Python function in a plan. Two are equal when their definitions and names are.
///
/// Planning processes hold the definition and never run it. Executors hold what they need
/// to load it, once for all tasks; the planner's knowledge (types, names) is in the plan.
#[derive(Debug)]
pub struct PythonUdf {
    name: String,
    reference: Reference,
    signature: Signature,
    body: Body,
    /// Fired when the task that decoded this object ends early. Set at most once.
    cancel: OnceLock<Arc<CancelToken>>,
}

#[derive(Debug)]
enum Body {
    Planned(Arc<Definition>),
    Loaded(Arc<LoadedFunction>),
}

impl PythonUdf {
    /// The function as planners see it.
    pub fn planned(definition: Arc<Definition>) -> Self {
        let types = definition
            .arguments()
            .iter()
            .map(|field| field.data_type().clone())
            .collect::<Vec<_>>();
        let signature = if types.is_empty() {
            TypeSignature::Nullary
        } else {
            TypeSignature::Exact(types)
        };
        let reference = Reference {
            hash: definition.hash(),
            volatility: definition.volatility(),
        };
        Self {
            name: definition.name().to_owned(),
            reference,
            signature: Signature::new(signature, planned_volatility(reference)),
            body: Body::Planned(definition),
            cancel: OnceLock::new(),
        }
    }

    /// The function as executors run it.
    pub fn loaded(
        name: String,
        reference: Reference,
        function: Arc<LoadedFunction>,
    ) -> Self {
        Self {
            name,
            reference,
            signature: Signature::new(
                TypeSignature::VariadicAny,
                planned_volatility(reference),
            ),
            body: Body::Loaded(function),
            cancel: OnceLock::new(),
        }
    }

    /// What a plan says of this function.
    pub fn reference(&self) -> Reference {
        self.reference
    }

    /// The definition, in a process that plans.
    pub fn definition(&self) -> Option<&Arc<Definition>> {
        match &self.body {
            Body::Planned(definition) => Some(definition),
            Body::Loaded(_) => None,
        }
    }

    /// Has the calls of this object end when `token` is fired. The first token stays.
    pub fn cancel_with(&self, token: Arc<CancelToken>) {
        let _ = self.cancel.set(token);
    }
}

/// Planners evaluate what they take for a constant, and here nothing can be evaluated: an
/// immutable function is shown as stable, which makes the attempt harmless.
fn planned_volatility(reference: Reference) -> Volatility {
    match reference.volatility {
        Volatility::Immutable | Volatility::Stable => Volatility::Stable,
        Volatility::Volatile => Volatility::Volatile,
    }
}

impl PartialEq for PythonUdf {
    fn eq(&self, other: &Self) -> bool {
        self.reference == other.reference && self.name == other.name
    }
}

impl Eq for PythonUdf {}

impl StdHash for PythonUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reference.hash.hash(state);
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for PythonUdf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        match self.definition() {
            Some(definition) => Ok(definition.result().data_type().clone()),
            None => Err(internal(format!(
                "The result type of '{}' was asked for where it is only run",
                self.name
            ))),
        }
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<_> = arguments
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        // Nullable whatever the definition says: engines may pass rows that no function
        // sees, and a promise that is broken there is worse than none.
        Ok(Arc::new(Field::new(
            &self.name,
            self.return_type(&types)?,
            true,
        )))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match &self.body {
            Body::Loaded(function) => {
                function.call(arguments, self.cancel.get().map(Arc::as_ref))
            }
            Body::Planned(_) => exec_err!(
                "The Python function '{}' runs on executors only, not while planning",
                self.name
            ),
        }
    }
}

/// Returns the Python function that `function` is, if it is one of ours.
pub fn python_udf(function: &ScalarUDF) -> Option<&PythonUdf> {
    let inner: &dyn std::any::Any = function.inner().as_ref();
    inner.downcast_ref::<PythonUdf>()
}

//! `PythonUdf`: a DataFusion scalar function that is a Python function.

use std::hash::{Hash as StdHash, Hasher};
use std::sync::{Arc, OnceLock};

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TypeSignature, Volatility,
};

use super::loaded::LoadedFunction;
use super::overloads::{choose, signature_of};
use super::stream::Stream;
use crate::abi::{CancelToken, Definition, Failure, Hash};
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
/// Planning processes hold the definition and never run it; of a name with several
/// definitions, one for each list of argument types, they hold all until the types of a
/// call are known. Executors hold what they need to load one, once for all tasks; the
/// planner's knowledge (types, names) is in the plan.
#[derive(Debug)]
pub struct PythonUdf {
    name: String,
    references: Vec<Reference>,
    signature: Signature,
    body: Body,
    /// Fired when the task that decoded this object ends early. Set at most once.
    cancel: OnceLock<Arc<CancelToken>>,
    /// Of the batches that this object is called with.
    stream: Stream,
}

#[derive(Debug)]
enum Body {
    /// At least one, each for another list of argument types.
    Planned(Vec<Arc<Definition>>),
    Loaded(Arc<LoadedFunction>),
}

impl PythonUdf {
    /// The function as planners see it.
    pub fn planned(definition: Arc<Definition>) -> Self {
        let name = definition.name().to_owned();
        Self::of(name, vec![definition])
    }

    /// A name with one definition for each list of argument types, as planners see it.
    ///
    /// # Errors
    /// There is none, or they have different names.
    pub fn overloaded(definitions: Vec<Arc<Definition>>) -> Result<Self> {
        let Some(name) = definitions.first().map(|first| first.name().to_owned()) else {
            return Err(internal("A Python function has no definition"));
        };
        match definitions.iter().find(|other| other.name() != name) {
            Some(other) => Err(internal(format!(
                "The definitions of one function have different names: '{name}', '{}'",
                other.name()
            ))),
            None => Ok(Self::of(name, definitions)),
        }
    }

    fn of(name: String, definitions: Vec<Arc<Definition>>) -> Self {
        let references: Vec<_> = definitions
            .iter()
            .map(|definition| Reference {
                hash: definition.hash(),
                volatility: definition.volatility(),
            })
            .collect();
        let signature =
            Signature::new(signature_of(&definitions), planned_volatility(&references));
        Self {
            name,
            references,
            signature,
            body: Body::Planned(definitions),
            cancel: OnceLock::new(),
            stream: Stream::new(),
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
            references: vec![reference],
            signature: Signature::new(
                TypeSignature::VariadicAny,
                planned_volatility(&[reference]),
            ),
            body: Body::Loaded(function),
            cancel: OnceLock::new(),
            stream: Stream::new(),
        }
    }

    /// What a plan says of this function.
    ///
    /// # Errors
    /// Nobody has chosen one of its definitions: a mistake of this library.
    pub fn reference(&self) -> Result<Reference> {
        match self.references[..] {
            [reference] => Ok(reference),
            _ => Err(internal(format!(
                "'{}' has {} definitions, and none was chosen",
                self.name,
                self.references.len()
            ))),
        }
    }

    /// What a plan says of this function before one of its definitions is chosen.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The definitions, in a process that plans; elsewhere none.
    pub fn definitions(&self) -> &[Arc<Definition>] {
        match &self.body {
            Body::Planned(definitions) => definitions,
            Body::Loaded(_) => &[],
        }
    }

    /// The definition for arguments of these types.
    ///
    /// # Errors
    /// There is none, or the function is only run here.
    pub fn definition_for(&self, types: &[DataType]) -> Result<&Arc<Definition>> {
        if let [definition] = self.definitions() {
            return Ok(definition);
        }
        choose(self.definitions(), types).ok_or_else(|| {
            internal(format!(
                "'{}' has no definition for arguments of the types {types:?} here",
                self.name
            ))
        })
    }

    /// Ends the stream of the batches that this object was called with. `failed`: there
    /// were to be more.
    ///
    /// # Errors
    /// The function raised.
    pub fn end_stream(&self, failed: bool) -> Result<(), Failure> {
        match &self.body {
            Body::Loaded(function) => function.end_stream(&self.stream, failed),
            Body::Planned(_) => Ok(()),
        }
    }

    /// Has the calls of this object end when `token` is fired. The first token stays.
    pub fn cancel_with(&self, token: Arc<CancelToken>) {
        let _ = self.cancel.set(token);
    }
}

/// Planners evaluate what they take for a constant, and here nothing can be evaluated: an
/// immutable function is shown as stable, which makes the attempt harmless. Of several, the
/// most volatile one decides.
fn planned_volatility(references: &[Reference]) -> Volatility {
    match references.iter().any(is_volatile) {
        true => Volatility::Volatile,
        false => Volatility::Stable,
    }
}

fn is_volatile(reference: &Reference) -> bool {
    reference.volatility == Volatility::Volatile
}

impl PartialEq for PythonUdf {
    fn eq(&self, other: &Self) -> bool {
        self.references == other.references && self.name == other.name
    }
}

impl Eq for PythonUdf {}

impl StdHash for PythonUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.references.hash(state);
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

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match choose(self.definitions(), types) {
            Some(_) => Ok(types.to_vec()),
            None => plan_err!("'{}' takes other types", self.name),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(self.definition_for(arguments)?.result().data_type().clone())
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
                let is_volatile = self.references.iter().any(is_volatile);
                let cancel = self.cancel.get().map(Arc::as_ref);
                function.call(arguments, is_volatile, &self.stream, cancel)
            }
            Body::Planned(_) => exec_err!(
                "The Python function '{}' runs on the executors of a cluster only. A name \
                 with several functions, and an expression that was made for a cluster, \
                 cannot be used in a session without one",
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

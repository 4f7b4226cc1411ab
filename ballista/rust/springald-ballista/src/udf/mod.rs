//! A Python function in a plan.

mod definitions;
mod find;
mod loaded;
mod overloads;
mod python_udf;
mod stream;

pub use definitions::Definitions;
pub use find::{functions_in_expression, functions_in_node};
pub use loaded::{FetchDefinition, LoadedFunctions};
pub use python_udf::{PythonUdf, Reference, python_udf};

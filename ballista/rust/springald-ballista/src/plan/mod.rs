//! What the client does to a logical plan before it is sent to the cluster.

mod columns;
mod hoist;
mod overloads;
mod refuse;
mod values;

use datafusion::common::tree_node::TreeNode;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::udf::python_udf;

/// Returns an equal plan that the cluster can run, each function once per row.
///
/// # Errors
/// The plan holds something that cannot leave this process, or that Ballista cannot run.
pub fn prepare(plan: LogicalPlan) -> Result<LogicalPlan> {
    refuse::check(&plan)?;
    let plan = overloads::choose_overloads(plan)?;
    hoist::hoist_calls(values::rewrite_values(plan)?)
}

/// Whether `expression` calls a Python function.
fn calls_python(expression: &Expr) -> bool {
    expression
        .exists(|part| {
            Ok(matches!(part, Expr::ScalarFunction(call) if python_udf(&call.func).is_some()))
        })
        .unwrap_or(false)
}

//! Finds the Python functions that parts of a physical plan use.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::{ExecutionPlan, Partitioning};

use super::python_udf;

/// Appends to `found` the functions of ours in `expression`.
///
/// # Errors
/// None but what the expression's own traversal fails with.
pub fn functions_in_expression(
    expression: &Arc<dyn PhysicalExpr>,
    found: &mut Vec<Arc<ScalarUDF>>,
) -> Result<()> {
    expression.apply(|part| {
        let any: &dyn std::any::Any = part.as_ref();
        if let Some(call) = any.downcast_ref::<ScalarFunctionExpr>()
            && python_udf(call.fun()).is_some()
        {
            found.push(Arc::new(call.fun().clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Returns the functions of ours in one node: in its expressions, and in how its output is
/// partitioned and ordered, where shuffle readers keep theirs.
///
/// # Errors
/// As [`functions_in_expression`].
pub fn functions_in_node(node: &dyn ExecutionPlan) -> Result<Vec<Arc<ScalarUDF>>> {
    let mut found = Vec::new();
    node.apply_expressions(&mut |expression| {
        functions_in_expression(expression, &mut found)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    if let Partitioning::Hash(keys, _) = &node.properties().partitioning {
        for key in keys {
            functions_in_expression(key, &mut found)?;
        }
    }
    if let Some(ordering) = node.properties().output_ordering() {
        for key in ordering.iter() {
            functions_in_expression(&key.expr, &mut found)?;
        }
    }
    Ok(found)
}

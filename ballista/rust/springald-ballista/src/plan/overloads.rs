//! Puts the one function that a call means in the place of a name with several: executors
//! and the scheduler see no other.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, ScalarUDF};

use crate::udf::{PythonUdf, python_udf};

/// Returns an equal plan in which every call names one definition.
///
/// REQUIRES: the engine has converted the arguments of calls, as its analyzer does.
///
/// # Errors
/// No definition has the types of a call: a mistake of the engine or of this library.
pub fn choose_overloads(plan: LogicalPlan) -> Result<LogicalPlan> {
    let chosen = plan.transform_up_with_subqueries(|node| {
        if !node.expressions().iter().any(has_overloads) {
            return Ok(Transformed::no(node));
        }
        let schema = schema_of_expressions(&node)?;
        node.map_expressions(|expression| {
            expression.transform_up(|part| match part {
                Expr::ScalarFunction(call) => choose_in_call(call, &schema),
                other => Ok(Transformed::no(other)),
            })
        })
    })?;
    Ok(chosen.data)
}

fn has_overloads(expression: &Expr) -> bool {
    expression
        .exists(|part| {
            Ok(matches!(part, Expr::ScalarFunction(call) if is_overloaded(&call.func)))
        })
        .unwrap_or(false)
}

fn is_overloaded(function: &ScalarUDF) -> bool {
    python_udf(function).is_some_and(|function| function.definitions().len() > 1)
}

/// The columns that the expressions of a node refer to.
fn schema_of_expressions(node: &LogicalPlan) -> Result<DFSchema> {
    match node {
        LogicalPlan::TableScan(scan) => DFSchema::try_from_qualified_schema(
            scan.table_name.clone(),
            &scan.source.schema(),
        ),
        other => Ok(merge_schema(&other.inputs())),
    }
}

fn choose_in_call(call: ScalarFunction, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Some(function) =
        python_udf(&call.func).filter(|function| function.definitions().len() > 1)
    else {
        return Ok(Transformed::no(Expr::ScalarFunction(call)));
    };
    let types = call
        .args
        .iter()
        .map(|argument| argument.get_type(schema))
        .collect::<Result<Vec<_>>>()?;
    let definition = Arc::clone(function.definition_for(&types)?);
    let func = Arc::new(ScalarUDF::from(PythonUdf::planned(definition)));
    Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction {
        func,
        args: call.args,
    })))
}

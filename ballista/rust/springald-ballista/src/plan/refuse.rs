//! Finds what cannot run on a cluster, before anything is sent: later it would fail with an
//! error that only the scheduler's log explains.

use std::collections::HashSet;
use std::sync::LazyLock;

use ballista_core::extension::{
    ballista_aggregate_functions, ballista_scalar_functions, ballista_window_functions,
};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::WindowFunctionDefinition;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::error::{cluster_error, definition_error};
use crate::udf::python_udf;

/// The names that every process of a cluster knows.
struct Known {
    scalar: HashSet<String>,
    aggregate: HashSet<String>,
    window: HashSet<String>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| Known {
    scalar: ballista_scalar_functions()
        .iter()
        .flat_map(|f| names(f.name(), f.aliases()))
        .collect(),
    aggregate: ballista_aggregate_functions()
        .iter()
        .flat_map(|f| names(f.name(), f.aliases()))
        .collect(),
    window: ballista_window_functions()
        .iter()
        .flat_map(|f| names(f.name(), f.aliases()))
        .collect(),
});

fn names(name: &str, aliases: &[String]) -> Vec<String> {
    let mut all = vec![name.to_owned()];
    all.extend_from_slice(aliases);
    all
}

/// # Errors
/// The plan, or one of its subqueries, holds what cannot run on a cluster.
pub fn check(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        check_node(node)?;
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                check_expression(part)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

fn check_node(node: &LogicalPlan) -> Result<()> {
    match node {
        LogicalPlan::RecursiveQuery(query) => Err(cluster_error(format!(
            "Ballista cannot run a recursive query ('{}'). Run it embedded, or unroll it",
            query.name
        ))),
        LogicalPlan::Dml(statement) => Err(cluster_error(format!(
            "Ballista cannot run {} on the table '{}'",
            statement.name(),
            statement.table_name
        ))),
        LogicalPlan::Ddl(statement) => Err(cluster_error(format!(
            "{} runs in the session, not on the cluster",
            statement.name()
        ))),
        _ => Ok(()),
    }
}

fn check_expression(expression: &Expr) -> Result<()> {
    match expression {
        Expr::ScalarFunction(call) => {
            if python_udf(&call.func).is_some() || KNOWN.scalar.contains(call.name()) {
                return Ok(());
            }
            Err(unknown("function", call.name()))
        }
        Expr::AggregateFunction(call) => check_aggregate(call.func.name()),
        Expr::WindowFunction(call) => {
            if call.params.filter.is_some() {
                // The plan's wire format has no room for it, and drops it without a word.
                return Err(cluster_error(format!(
                    "Ballista loses the FILTER of a window function ('{}'). Use CASE",
                    call.fun.name()
                )));
            }
            match &call.fun {
                WindowFunctionDefinition::AggregateUDF(f) => check_aggregate(f.name()),
                WindowFunctionDefinition::WindowUDF(f)
                    if KNOWN.window.contains(f.name()) =>
                {
                    Ok(())
                }
                WindowFunctionDefinition::WindowUDF(f) => {
                    Err(unknown("window function", f.name()))
                }
            }
        }
        _ => Ok(()),
    }
}

fn check_aggregate(name: &str) -> Result<()> {
    match KNOWN.aggregate.contains(name) {
        true => Ok(()),
        false => Err(unknown("aggregate function", name)),
    }
}

fn unknown(kind: &str, name: &str) -> DataFusionError {
    definition_error(
        name,
        format!(
            "The {kind} '{name}' is known to this process only and cannot run on a cluster. \
             Python functions can: register them with BallistaSessionContext.register_udf"
        ),
    )
}

//! Moves calls of Python functions out of the keys of sorts, windows, repartitions and
//! ordered aggregates.
//!
//! The engine evaluates such keys several times per row: before and after an exchange, and
//! at every merge. For a slow function that is slow, and for a volatile one it is wrong,
//! because the keys differ. So the key is computed once, into a column, below the node.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{
    Aggregate, Expr, LogicalPlan, Partitioning, Projection, Repartition, Sort, Window,
};

use super::columns::{KeyNames, Keys, all_columns};
use crate::error::internal;

/// Returns an equal plan with the same columns.
///
/// # Errors
/// The plan would have other columns: a mistake of this function.
pub fn hoist_calls(plan: LogicalPlan) -> Result<LogicalPlan> {
    let before = Arc::clone(plan.schema());
    let mut names = KeyNames::default();
    let hoisted = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Sort(sort) => hoist_sort(sort, &mut names),
        LogicalPlan::Window(window) => hoist_window(window, &mut names),
        LogicalPlan::Repartition(repartition) => {
            hoist_repartition(repartition, &mut names)
        }
        LogicalPlan::Aggregate(aggregate) => hoist_aggregate(aggregate, &mut names),
        other => Ok(Transformed::no(other)),
    })?;
    check_columns(&before, hoisted.data.schema())?;
    Ok(hoisted.data)
}

fn hoist_sort(sort: Sort, names: &mut KeyNames) -> Result<Transformed<LogicalPlan>> {
    let mut keys = Keys::new(names);
    let expr = keys.replace_sort(sort.expr.clone());
    if keys.len() == 0 {
        return Ok(Transformed::no(LogicalPlan::Sort(sort)));
    }
    let columns = all_columns(sort.input.schema());
    let sorted = LogicalPlan::Sort(Sort {
        expr,
        input: keys.project(sort.input)?,
        fetch: sort.fetch,
    });
    project(columns, sorted)
}

fn hoist_repartition(
    repartition: Repartition,
    names: &mut KeyNames,
) -> Result<Transformed<LogicalPlan>> {
    let mut keys = Keys::new(names);
    let partitioning_scheme = match repartition.partitioning_scheme.clone() {
        Partitioning::Hash(expressions, count) => {
            Partitioning::Hash(keys.replace_all(expressions), count)
        }
        Partitioning::DistributeBy(expressions) => {
            Partitioning::DistributeBy(keys.replace_all(expressions))
        }
        other => other,
    };
    if keys.len() == 0 {
        return Ok(Transformed::no(LogicalPlan::Repartition(repartition)));
    }
    let columns = all_columns(repartition.input.schema());
    let repartitioned = LogicalPlan::Repartition(Repartition {
        input: keys.project(repartition.input)?,
        partitioning_scheme,
    });
    project(columns, repartitioned)
}

fn hoist_window(
    window: Window,
    names: &mut KeyNames,
) -> Result<Transformed<LogicalPlan>> {
    let mut keys = Keys::new(names);
    let window_expr = in_functions(window.window_expr.clone(), &mut |expression| {
        let Expr::WindowFunction(mut function) = expression else {
            return expression;
        };
        replace_in_window(&mut function, &mut keys);
        Expr::WindowFunction(function)
    })?;
    if keys.len() == 0 {
        return Ok(Transformed::no(LogicalPlan::Window(window)));
    }
    let num_inputs = window.input.schema().fields().len();
    let num_keys = keys.len();
    let hoisted = Window::try_new(window_expr, keys.project(window.input)?)?;
    let columns = original_columns(&window.schema, &hoisted.schema, num_inputs, num_keys);
    project(columns, LogicalPlan::Window(hoisted))
}

/// Arguments too: a window function with a bounded frame evaluates them for every batch
/// that it has seen so far.
fn replace_in_window(function: &mut WindowFunction, keys: &mut Keys) {
    let params = &mut function.params;
    params.args = keys.replace_all(std::mem::take(&mut params.args));
    params.partition_by = keys.replace_all(std::mem::take(&mut params.partition_by));
    params.order_by = keys.replace_sort(std::mem::take(&mut params.order_by));
    params.filter = params
        .filter
        .take()
        .map(|filter| Box::new(keys.replace(*filter)));
}

fn hoist_aggregate(
    aggregate: Aggregate,
    names: &mut KeyNames,
) -> Result<Transformed<LogicalPlan>> {
    let mut keys = Keys::new(names);
    let aggr_expr = in_functions(aggregate.aggr_expr.clone(), &mut |expression| {
        let Expr::AggregateFunction(mut function) = expression else {
            return expression;
        };
        replace_in_aggregate(&mut function, &mut keys);
        Expr::AggregateFunction(function)
    })?;
    if keys.len() == 0 {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    }
    let num_groups = aggregate.schema.fields().len() - aggregate.aggr_expr.len();
    let input = keys.project(aggregate.input)?;
    let hoisted = Aggregate::try_new(input, aggregate.group_expr, aggr_expr)?;
    let columns = original_columns(&aggregate.schema, &hoisted.schema, num_groups, 0);
    project(columns, LogicalPlan::Aggregate(hoisted))
}

/// With an order, the engine sorts by it and evaluates the arguments beside it.
fn replace_in_aggregate(function: &mut AggregateFunction, keys: &mut Keys) {
    let params = &mut function.params;
    if params.order_by.is_empty() {
        return;
    }
    params.order_by = keys.replace_sort(std::mem::take(&mut params.order_by));
    params.args = keys.replace_all(std::mem::take(&mut params.args));
}

/// Applies `change` to every part of each expression.
fn in_functions(
    expressions: Vec<Expr>,
    change: &mut dyn FnMut(Expr) -> Expr,
) -> Result<Vec<Expr>> {
    expressions
        .into_iter()
        .map(|expression| {
            let changed = expression.transform_up(|e| Ok(Transformed::yes(change(e))))?;
            Ok(changed.data)
        })
        .collect()
}

/// The columns of `original`, as they are found in `hoisted`: `num_first` are the same, then
/// come `num_keys` of ours, then those that are named after expressions which have changed.
fn original_columns(
    original: &DFSchema,
    hoisted: &DFSchema,
    num_first: usize,
    num_keys: usize,
) -> Vec<Expr> {
    (0..original.fields().len())
        .map(|index| {
            let (qualifier, field) = original.qualified_field(index);
            if index < num_first {
                return Expr::Column(Column::from((qualifier, field)));
            }
            let found = Column::from(hoisted.qualified_field(index + num_keys));
            if found.name == *field.name() {
                return Expr::Column(found);
            }
            Expr::Column(found).alias_qualified(qualifier.cloned(), field.name())
        })
        .collect()
}

fn project(columns: Vec<Expr>, input: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let projection = Projection::try_new(columns, Arc::new(input))?;
    Ok(Transformed::yes(LogicalPlan::Projection(projection)))
}

fn check_columns(before: &DFSchema, after: &DFSchema) -> Result<()> {
    let same = before.fields().len() == after.fields().len()
        && before.iter().zip(after.iter()).all(
            |((old_qualifier, old), (new_qualifier, new))| {
                old_qualifier == new_qualifier
                    && old.name() == new.name()
                    && old.data_type() == new.data_type()
            },
        );
    if same {
        return Ok(());
    }
    Err(internal(format!(
        "Moving Python functions out of keys changed the columns of a plan from {before:?} \
         to {after:?}"
    )))
}

#[cfg(test)]
#[path = "hoist_test.rs"]
mod tests;

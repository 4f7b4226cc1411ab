//! `VALUES (f(1))`: the engine evaluates the rows of a VALUES while planning, on the
//! scheduler, where no Python runs. So rows that call a function become one SELECT each.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{
    EmptyRelation, Expr, ExprSchemable, LogicalPlan, Projection, Union, Values,
};

use super::calls_python;

/// Returns an equal plan without calls of Python functions in VALUES.
///
/// # Errors
/// A value cannot be cast to its column's type.
pub fn rewrite_values(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Values(values)
            if values.values.iter().flatten().any(calls_python) =>
        {
            Ok(Transformed::new(
                rows_as_selects(values)?,
                true,
                TreeNodeRecursion::Continue,
            ))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(rewritten.data)
}

fn rows_as_selects(values: Values) -> Result<LogicalPlan> {
    let schema = values.schema;
    let mut selects = values
        .values
        .into_iter()
        .map(|row| row_as_select(row, &schema))
        .collect::<Result<Vec<_>>>()?;
    if selects.len() == 1 {
        return Ok(selects.remove(0));
    }
    let inputs = selects.into_iter().map(Arc::new).collect();
    Ok(LogicalPlan::Union(Union { inputs, schema }))
}

fn row_as_select(row: Vec<Expr>, schema: &DFSchema) -> Result<LogicalPlan> {
    let empty = DFSchema::empty();
    let columns = row
        .into_iter()
        .zip(schema.fields())
        .map(|(value, field)| {
            Ok(value
                .cast_to(field.data_type(), &empty)?
                .alias(field.name()))
        })
        .collect::<Result<Vec<_>>>()?;
    let one_row = LogicalPlan::EmptyRelation(EmptyRelation {
        produce_one_row: true,
        schema: Arc::new(empty),
    });
    let projection = Projection::try_new(columns, Arc::new(one_row))?;
    Ok(LogicalPlan::Projection(projection))
}

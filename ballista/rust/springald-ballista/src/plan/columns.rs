//! Columns that calls are computed into, and the way back to a plan's own columns.

use std::sync::Arc;

use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, SortExpr};

use super::calls_python;

/// Gives the columns of one node their names. Unique in a plan.
#[derive(Default)]
pub struct KeyNames {
    count: usize,
}

impl KeyNames {
    fn next(&mut self) -> String {
        self.count += 1;
        format!("__springald_key_{}", self.count)
    }
}

/// The expressions of one node that are computed below it.
pub struct Keys<'a> {
    names: &'a mut KeyNames,
    keys: Vec<(Expr, String)>,
}

impl<'a> Keys<'a> {
    /// No expressions yet.
    pub fn new(names: &'a mut KeyNames) -> Self {
        Self {
            names,
            keys: Vec::new(),
        }
    }

    /// Returns `expression`, or a column in its place if it calls a Python function. The
    /// same expression twice is computed once, unless it is to give another value.
    pub fn replace(&mut self, expression: Expr) -> Expr {
        if !calls_python(&expression) {
            return expression;
        }
        let known = self
            .keys
            .iter()
            .find(|(key, _)| *key == expression && !key.is_volatile());
        let name = match known {
            Some((_, name)) => name.clone(),
            None => {
                let name = self.names.next();
                self.keys.push((expression, name.clone()));
                name
            }
        };
        Expr::Column(Column::new_unqualified(name))
    }

    /// As `replace`, for each.
    pub fn replace_all(&mut self, expressions: Vec<Expr>) -> Vec<Expr> {
        expressions.into_iter().map(|e| self.replace(e)).collect()
    }

    /// As `replace`, for the keys of a sort.
    pub fn replace_sort(&mut self, keys: Vec<SortExpr>) -> Vec<SortExpr> {
        keys.into_iter()
            .map(|key| SortExpr {
                expr: self.replace(key.expr),
                ..key
            })
            .collect()
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns `input` with the columns after its own.
    pub fn project(self, input: Arc<LogicalPlan>) -> Result<Arc<LogicalPlan>> {
        let mut expressions = all_columns(input.schema());
        for (expression, name) in self.keys {
            expressions.push(expression.alias(name));
        }
        let projection = Projection::try_new(expressions, input)?;
        Ok(Arc::new(LogicalPlan::Projection(projection)))
    }
}

/// One expression for each column of `schema`.
pub fn all_columns(schema: &DFSchema) -> Vec<Expr> {
    (0..schema.fields().len())
        .map(|index| Expr::Column(Column::from(schema.qualified_field(index))))
        .collect()
}

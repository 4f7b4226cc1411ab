//! Plans before and after, over functions of the golden definitions.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{LogicalPlan, ScalarUDF};
use datafusion::prelude::SessionContext;

use super::super::{calls_python, prepare};
use crate::testing::golden;
use crate::udf::PythonUdf;

/// A context with a table `t(email, n)`, `f()` (immutable, bool) and the volatile
/// `domaine_é(email, n)`.
fn context() -> SessionContext {
    let context = SessionContext::new();
    let schema = Schema::new(vec![
        Field::new("email", DataType::Utf8, true),
        Field::new("n", DataType::Int64, true),
    ]);
    let table = MemTable::try_new(Arc::new(schema), vec![vec![]]).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    for name in ["definition_v1_tiny.bin", "definition_v1_full.bin"] {
        context.register_udf(ScalarUDF::from(PythonUdf::planned(golden(name))));
    }
    context
}

async fn prepared(sql: &str) -> LogicalPlan {
    let context = context();
    let plan = context
        .sql(sql)
        .await
        .unwrap()
        .into_optimized_plan()
        .unwrap();
    let prepared = prepare(plan.clone()).unwrap();
    assert_eq!(
        plan.schema().field_names(),
        prepared.schema().field_names(),
        "{sql}"
    );
    prepared
}

/// Whether a sort, window, repartition or VALUES of the plan calls a Python function.
fn has_call_in_a_key(plan: &LogicalPlan) -> bool {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        let is_keyed = matches!(
            node,
            LogicalPlan::Sort(_)
                | LogicalPlan::Window(_)
                | LogicalPlan::Repartition(_)
                | LogicalPlan::Values(_)
        );
        found |= is_keyed && node.expressions().iter().any(calls_python);
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    found
}

#[tokio::test]
async fn keys_are_columns() {
    for sql in [
        r#"SELECT n FROM t ORDER BY "domaine_é"(email, n)"#,
        r#"SELECT n FROM t ORDER BY "domaine_é"(email, n) || 'x' DESC LIMIT 3"#,
        r#"SELECT n, row_number() OVER (PARTITION BY "domaine_é"(email, n) ORDER BY n) FROM t"#,
        r#"SELECT rank() OVER (ORDER BY "domaine_é"(email, n)) AS r FROM t"#,
        r#"SELECT n, max("domaine_é"(email, n)) OVER (ORDER BY n ROWS 2 PRECEDING) FROM t"#,
        r#"SELECT * FROM t DISTRIBUTE BY "domaine_é"(email, n)"#,
        r#"SELECT n FROM t WHERE n IN (SELECT n FROM t ORDER BY "domaine_é"(email, n) LIMIT 2)"#,
        r#"SELECT first_value(n ORDER BY "domaine_é"(email, n)) FROM t GROUP BY email"#,
        "VALUES (f()), (true)",
    ] {
        let plan = prepared(sql).await;
        assert!(
            !has_call_in_a_key(&plan),
            "{sql}:\n{}",
            plan.display_indent()
        );
        let mut calls = 0;
        plan.apply_with_subqueries(|node| {
            calls += node
                .expressions()
                .iter()
                .filter(|e| calls_python(e))
                .count();
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
        assert_eq!(calls, 1, "{sql}:\n{}", plan.display_indent());
    }
}

#[tokio::test]
async fn a_volatile_key_that_is_written_twice_is_two_keys() {
    let call = r#""domaine_é"(email, n)"#;
    let sql = format!("SELECT n FROM t ORDER BY {call}, {call} || ''");
    let shown = prepared(&sql).await.display_indent().to_string();
    assert!(shown.contains("__springald_key_2"), "{shown}");
}

#[tokio::test]
async fn other_plans_stay_as_they_are() {
    let context = context();
    for sql in [
        r#"SELECT "domaine_é"(email, n) AS d, count(*) FROM t WHERE f() GROUP BY 1"#,
        "SELECT n, sum(n) OVER (PARTITION BY email) FROM t ORDER BY n",
        "VALUES (1), (2)",
    ] {
        let plan = context
            .sql(sql)
            .await
            .unwrap()
            .into_optimized_plan()
            .unwrap();
        assert_eq!(plan, prepare(plan.clone()).unwrap(), "{sql}");
    }
}

#[tokio::test]
async fn what_a_cluster_cannot_run_is_refused_by_name() {
    let context = context();
    let refused = [
        (
            "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 3) \
             SELECT * FROM r",
            "recursive query ('r')",
        ),
        (
            "SELECT sum(n) FILTER (WHERE n > 1) OVER (ORDER BY n) FROM t",
            "FILTER of a window function ('sum')",
        ),
    ];
    for (sql, message) in refused {
        let plan = context
            .sql(sql)
            .await
            .unwrap()
            .into_optimized_plan()
            .unwrap();
        let error = prepare(plan).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

//! Every decoder of this library over damaged input: an error or a value, never a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, ScalarUDF};
use datafusion::prelude::SessionContext;
use datafusion_proto::logical_plan::{AsLogicalPlan, LogicalExtensionCodec};

use super::inline_table::InlineTable;
use super::{PlanMessage, UdfLogicalCodec};
use crate::client::RemoteExec;
use crate::client::query::RemoteQuery;
use crate::testing::golden;
use crate::udf::PythonUdf;

/// Decodes every cut of `valid` and `rounds` copies with a few random bytes changed.
fn survives<T>(valid: &[u8], rounds: usize, decode: impl Fn(&[u8]) -> Result<T>) {
    assert!(decode(valid).is_ok());
    let check = |bytes: &[u8]| {
        let outcome = catch_unwind(AssertUnwindSafe(|| drop(decode(bytes))));
        assert!(outcome.is_ok(), "{bytes:?}");
    };
    for end in 0..valid.len() {
        check(&valid[..end]);
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    for _ in 0..rounds {
        let mut changed = valid.to_vec();
        for _ in 0..1 + random() % 4 {
            let index = random() % changed.len();
            changed[index] = random() as u8;
        }
        check(&changed);
    }
}

fn plan() -> LogicalPlan {
    let function = ScalarUDF::from(PythonUdf::planned(golden("definition_v1_tiny.bin")));
    LogicalPlanBuilder::empty(true)
        .project(vec![function.call(vec![])])
        .unwrap()
        .build()
        .unwrap()
}

fn codec() -> UdfLogicalCodec {
    UdfLogicalCodec::collecting(PlanMessage::definitions(), 1 << 20)
}

#[test]
fn a_plan_carries_each_definition_once_and_comes_back() {
    let plan = LogicalPlanBuilder::from(plan())
        .union(plan())
        .unwrap()
        .build()
        .unwrap();
    let encoded = PlanMessage::write(&plan, &codec()).unwrap();
    let definition = golden("definition_v1_tiny.bin");
    let copies = encoded
        .windows(definition.bytes().len())
        .filter(|window| *window == definition.bytes())
        .count();
    assert_eq!(copies, 1);
    let context = SessionContext::new().task_ctx();
    let decoded = PlanMessage::try_decode(&encoded)
        .unwrap()
        .try_into_logical_plan(&context, &codec())
        .unwrap();
    assert_eq!(decoded, plan);
}

#[test]
fn damaged_plans_are_refused() {
    let encoded = PlanMessage::write(&plan(), &codec()).unwrap();
    let context = SessionContext::new().task_ctx();
    survives(&encoded, 3_000, |bytes| {
        PlanMessage::try_decode(bytes)?.try_into_logical_plan(&context, &codec())
    });
}

#[test]
fn damaged_queries_are_refused() {
    let options = serde_json::from_str(r#"{"address": "localhost:50050"}"#).unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
    let query = RemoteQuery {
        options,
        plan: b"a plan".to_vec().into(),
        plan_schema: schema,
        analyze: None,
    };
    let mut encoded = Vec::new();
    RemoteExec::new(query).encode(&mut encoded).unwrap();
    survives(&encoded, 2_000, RemoteExec::decode);
}

fn table(num_rows: i64) -> Arc<dyn TableProvider> {
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
    let column = Arc::new(Int64Array::from_iter_values(0..num_rows));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
    Arc::new(MemTable::try_new(schema, vec![vec![batch]]).unwrap())
}

#[test]
fn damaged_tables_are_refused() {
    let mut encoded = Vec::new();
    codec()
        .try_encode_table_provider(&TableReference::bare("t"), table(3), &mut encoded)
        .unwrap();
    survives(&encoded, 2_000, InlineTable::decode);
}

#[test]
fn a_table_above_the_limit_is_refused_with_both_sizes() {
    let error = codec()
        .try_encode_table_provider(
            &TableReference::bare("big"),
            table(200_000),
            &mut Vec::new(),
        )
        .unwrap_err()
        .to_string();
    assert!(error.contains("'big' has 1.5 MiB"), "{error}");
    assert!(error.contains("at most 1.0 MiB"), "{error}");
}

//! Tables that live in the client's memory and travel inside the plan, as an Arrow stream.
//!
//! ```text
//! table   "SPRGTABL" version:u8 Arrow IPC stream
//! ```

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::TableReference;
use datafusion::datasource::{MemTable, TableType};
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::inline_scan::InlineScanExec;
use super::ipc::{read_stream, write_stream};
use super::wire::Reader;
use crate::error::{cluster_error, internal};

const MAGIC: &[u8] = b"SPRGTABL";
const VERSION: u8 = 1;

/// A table that came inside a plan. Keeps the bytes, which the next plan gets unchanged.
#[derive(Debug)]
pub struct InlineTable {
    encoded: Bytes,
    table: MemTable,
}

impl InlineTable {
    /// Whether `buf` is a table of this kind.
    pub fn is_encoded(buf: &[u8]) -> bool {
        buf.starts_with(MAGIC)
    }

    /// # Errors
    /// The bytes are damaged.
    pub fn decode(buf: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(buf, "an in-memory table");
        reader.magic(MAGIC)?;
        reader.version(VERSION)?;
        let (schema, batches) = read_stream(reader.rest())?;
        Ok(Self {
            encoded: Bytes::copy_from_slice(buf),
            table: MemTable::try_new(schema, vec![batches])?,
        })
    }
}

#[async_trait]
impl TableProvider for InlineTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.table.scan(state, projection, filters, limit).await?;
        Ok(Arc::new(InlineScanExec::new(rows)))
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }
}

/// Writes a table of any kind: its rows, if they are few enough. Returns how many bytes.
///
/// # Errors
/// With the `before` bytes of other tables it makes more than `max_bytes`; or it describes
/// the session and stays there.
pub fn encode(
    table_ref: &TableReference,
    provider: Arc<dyn TableProvider>,
    before: usize,
    max_bytes: usize,
    buf: &mut Vec<u8>,
) -> Result<usize> {
    let too_large = |size: usize| {
        let others = match before {
            0 => String::new(),
            _ => format!(" (after {} of tables before it)", mebibytes(before)),
        };
        cluster_error(format!(
            "The in-memory table '{table_ref}' has {}{others} and travels inside the plan, \
             which takes at most {}. Write it to a Parquet file that the executors can \
             read, and register that",
            mebibytes(size),
            mebibytes(max_bytes)
        ))
    };
    if let Some(table) = provider.downcast_ref::<InlineTable>() {
        let size = table.encoded.len();
        if before.saturating_add(size) > max_bytes {
            return Err(too_large(size));
        }
        buf.extend_from_slice(&table.encoded);
        return Ok(size);
    }
    if table_ref.schema() == Some("information_schema") {
        return Err(cluster_error(format!(
            "'{table_ref}' describes the tables of this session and cannot be joined with \
             data on the cluster. Query it on its own"
        )));
    }
    let schema = provider.schema();
    let mut batches = read_all(provider)?;
    // arrow 59 writes an empty run-end-encoded column such that nobody can read it.
    batches.retain(|batch| batch.num_rows() > 0);
    // What is too large by far need not be written to know it.
    let estimate: usize = batches.iter().map(size_of_rows).sum();
    if estimate / 2 > max_bytes {
        return Err(too_large(estimate));
    }
    let mut encoded = Vec::with_capacity(estimate + estimate / 8);
    encoded.extend_from_slice(MAGIC);
    encoded.push(VERSION);
    write_stream(&schema, &batches, &mut encoded)?;
    let size = encoded.len();
    if before.saturating_add(size) > max_bytes {
        return Err(too_large(size));
    }
    buf.append(&mut encoded);
    Ok(size)
}

/// The bytes of a batch's own rows: slices share their buffers with others.
fn size_of_rows(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter();
    columns
        .map(|column| column.to_data().get_slice_memory_size().unwrap_or(0))
        .sum()
}

fn mebibytes(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Reads the whole table, on a thread of its own: this one may be driving a runtime, and
/// the table may be another library's.
fn read_all(provider: Arc<dyn TableProvider>) -> Result<Vec<RecordBatch>> {
    let reader = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async move {
            SessionContext::new().read_table(provider)?.collect().await
        })
    });
    reader
        .join()
        .map_err(|_| internal("Reading an in-memory table panicked"))?
}

//! Arrow streams inside plans.

use std::panic::{AssertUnwindSafe, catch_unwind};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::ipc::reader::StreamDecoder;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::error::{DataFusionError, Result};

/// Appends the stream of `batches`; of none, to write a schema alone.
///
/// # Errors
/// A type has no form in the format.
pub fn write_stream(
    schema: &Schema,
    batches: &[RecordBatch],
    buf: &mut Vec<u8>,
) -> Result<()> {
    let mut writer = StreamWriter::try_new(buf, schema)?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok(writer.finish()?)
}

/// Reads what [`write_stream`] wrote. Never allocates more than there are bytes.
///
/// # Errors
/// The bytes are damaged.
pub fn read_stream(bytes: &[u8]) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    // The format's reader trusts some numbers of a damaged stream, and panics over them.
    let read = catch_unwind(AssertUnwindSafe(|| decode(bytes)));
    read.unwrap_or_else(|_| Err(damaged("a number in it is out of range")))
}

fn decode(bytes: &[u8]) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let mut decoder = StreamDecoder::new();
    let mut rest = Buffer::from(bytes);
    let mut batches = Vec::new();
    while let Some(batch) = decoder.decode(&mut rest)? {
        batches.push(batch);
    }
    decoder.finish()?;
    let schema = decoder
        .schema()
        .ok_or_else(|| damaged("it has no schema"))?;
    Ok((schema, batches))
}

fn damaged(why: &str) -> DataFusionError {
    DataFusionError::Plan(format!(
        "A plan is damaged, at an Arrow stream inside it: {why}"
    ))
}

//! The functions that an executor has loaded, each once for all tasks.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use datafusion::arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use lru::LruCache;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::stream::Stream;
use crate::abi::{Call, CancelToken, Definition, Failure, Function, Hash, Runtime};
use crate::error::failed;

/// How many functions stay loaded, and how many bytes their definitions may have together.
/// The least recently used one makes room.
const CAPACITY_BYTES: usize = 256 << 20;
const CAPACITY: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Bytes of what functions have printed that are told of: of one function, and of all
/// together. Those that were called last come first.
const MAX_OUTPUT_BYTES: usize = 16 << 10;
const MAX_TOTAL_OUTPUT_BYTES: usize = 256 << 10;

/// Gets the bytes of a definition from wherever they are; may block.
pub trait FetchDefinition: Send + Sync {
    /// # Errors
    /// The bytes cannot be had.
    fn fetch(&self, hash: Hash) -> Result<Vec<u8>, Failure>;
}

/// An executor's functions, by hash. Any thread may call.
pub struct LoadedFunctions {
    runtime: Arc<Runtime>,
    source: Arc<dyn FetchDefinition>,
    functions: Mutex<LruCache<Hash, Arc<LoadedFunction>>>,
}

impl LoadedFunctions {
    /// Functions are fetched from `source` and run in `runtime`.
    pub fn new(runtime: Arc<Runtime>, source: Arc<dyn FetchDefinition>) -> Self {
        Self {
            runtime,
            source,
            functions: Mutex::new(LruCache::new(CAPACITY)),
        }
    }

    /// Returns the function, which is fetched and loaded when it is called first.
    pub fn get(&self, hash: Hash) -> Arc<LoadedFunction> {
        let mut functions = self.functions.lock();
        if let Some(function) = functions.get(&hash) {
            return Arc::clone(function);
        }
        let mut size: usize = functions.iter().map(|(_, function)| function.size()).sum();
        while size > CAPACITY_BYTES
            && let Some((_, oldest)) = functions.pop_lru()
        {
            size -= oldest.size();
        }
        let function = Arc::new(LoadedFunction {
            hash,
            runtime: Arc::clone(&self.runtime),
            source: Arc::clone(&self.source),
            definition: OnceLock::new(),
            function: OnceLock::new(),
            loading: Mutex::new(()),
            definitions_received: AtomicI64::new(0),
        });
        functions.put(hash, Arc::clone(&function));
        function
    }

    /// The runtime that functions run in.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Figures of every function that was called here, and what it has printed lately.
    pub fn counters(&self) -> Vec<FunctionCounters> {
        let functions: Vec<_> = {
            let functions = self.functions.lock();
            functions.iter().map(|(_, f)| Arc::clone(f)).collect()
        };
        let mut output_left = MAX_TOTAL_OUTPUT_BYTES;
        functions
            .iter()
            .map(|function| {
                let counters = function.counters(output_left.min(MAX_OUTPUT_BYTES));
                output_left = output_left.saturating_sub(counters.output.len());
                counters
            })
            .collect()
    }
}

impl fmt::Debug for LoadedFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoadedFunctions({})", self.functions.lock().len())
    }
}

/// What one function did on one executor since it was loaded there.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionCounters {
    hash: String,
    name: String,
    definitions_received: i64,
    loads: i64,
    calls: i64,
    rows: i64,
    python_ns: i64,
    errors: i64,
    output: String,
}

/// One function of an executor.
pub struct LoadedFunction {
    hash: Hash,
    runtime: Arc<Runtime>,
    source: Arc<dyn FetchDefinition>,
    definition: OnceLock<Arc<Definition>>,
    function: OnceLock<Function>,
    loading: Mutex<()>,
    definitions_received: AtomicI64,
}

impl LoadedFunction {
    /// Runs one batch, of `stream`: from a tokio worker this hands the worker's other tasks over first,
    /// because the call takes as long as the user's code.
    ///
    /// # Errors
    /// The function cannot be loaded, or failed.
    pub fn call(
        &self,
        arguments: ScalarFunctionArgs,
        is_volatile: bool,
        stream: &Stream,
        cancel: Option<&CancelToken>,
    ) -> Result<ColumnarValue> {
        blocking(|| {
            let function = self.function().map_err(failed)?;
            let once =
                !is_volatile && !function.keeps_streams() && has_one_value(&arguments);
            let num_rows = if once { 1 } else { arguments.number_rows };
            let (columns, is_constant) = columns_of(arguments)?;
            let mut call = Call {
                arguments: &columns,
                is_constant: &is_constant,
                num_rows,
                stream_id: 0,
                cancel,
            };
            let turn = function.keeps_streams().then(|| stream.turn());
            if turn.is_some() {
                call.stream_id = stream.id();
            }
            let column = function.invoke(&call).map_err(|failure| {
                // Nobody waits for a task that was cancelled, unless its executor was
                // asked to end: then another one runs it again.
                let is_cancelled = failure.code == springald_sys::CANCELLED;
                failed(Failure {
                    retryable: failure.retryable || is_cancelled,
                    ..failure
                })
            })?;
            match once {
                true => {
                    ScalarValue::try_from_array(&column, 0).map(ColumnarValue::Scalar)
                }
                false => Ok(ColumnarValue::Array(column)),
            }
        })
    }

    /// Ends a stream of batches, if the function ever ran here. `failed`: there were to be
    /// more. Blocks while the user's code runs.
    ///
    /// # Errors
    /// The function raised.
    pub fn end_stream(&self, stream: &Stream, failed: bool) -> Result<(), Failure> {
        match self.function.get() {
            Some(function) if function.keeps_streams() => {
                let _turn = stream.turn();
                function.end_stream(stream.id(), failed)
            }
            _ => Ok(()),
        }
    }

    fn function(&self) -> Result<&Function, Failure> {
        if let Some(function) = self.function.get() {
            return Ok(function);
        }
        let _guard = self.loading.lock();
        if let Some(function) = self.function.get() {
            return Ok(function);
        }
        let loaded = self.runtime.load(self.definition()?)?;
        Ok(self.function.get_or_init(|| loaded))
    }

    /// Fetches the definition, once also where loading it fails. Under `loading`.
    fn definition(&self) -> Result<Arc<Definition>, Failure> {
        if let Some(definition) = self.definition.get() {
            return Ok(Arc::clone(definition));
        }
        let bytes = self.source.fetch(self.hash)?;
        self.definitions_received.fetch_add(1, Ordering::Relaxed);
        let definition = Arc::new(Definition::decode(&bytes)?);
        if definition.hash() != self.hash {
            return Err(Failure::new(
                springald_sys::INVALID_DEFINITION,
                format!(
                    "The definition has the hash {}, not {}",
                    definition.hash(),
                    self.hash
                ),
            ));
        }
        Ok(Arc::clone(self.definition.get_or_init(|| definition)))
    }

    /// Of the definition, in bytes, once it is here.
    fn size(&self) -> usize {
        self.definition
            .get()
            .map_or(0, |definition| definition.bytes().len())
    }

    fn counters(&self, max_output_bytes: usize) -> FunctionCounters {
        let function = self.function.get();
        let metrics = function.map(Function::metrics).unwrap_or_default();
        FunctionCounters {
            hash: self.hash.to_string(),
            name: self
                .definition
                .get()
                .map(|definition| definition.name().to_owned())
                .unwrap_or_default(),
            definitions_received: self.definitions_received.load(Ordering::Relaxed),
            loads: metrics.num_loads,
            calls: metrics.num_calls,
            rows: metrics.num_rows,
            python_ns: metrics.python_ns,
            errors: metrics.num_errors,
            output: function
                .map(|function| function.output(max_output_bytes))
                .unwrap_or_default(),
        }
    }
}

impl fmt::Debug for LoadedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoadedFunction({})", self.hash)
    }
}

/// Whether one call can answer for all rows: the arguments are constants. Not for a batch
/// without rows, where nobody would see its error.
fn has_one_value(arguments: &ScalarFunctionArgs) -> bool {
    arguments.number_rows > 0
        && arguments.args.iter().all(is_constant)
        && ScalarValue::try_from(arguments.return_type()).is_ok()
}

fn is_constant(argument: &ColumnarValue) -> bool {
    matches!(argument, ColumnarValue::Scalar(_))
}

/// The columns, and for each whether it is a constant, which has one row.
fn columns_of(arguments: ScalarFunctionArgs) -> Result<(Vec<ArrayRef>, Vec<bool>)> {
    let constants = arguments.args.iter().map(is_constant).collect();
    let columns = arguments
        .args
        .into_iter()
        .map(|argument| match argument {
            ColumnarValue::Array(column) => Ok(column),
            ColumnarValue::Scalar(value) => value.to_array_of_size(1),
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((columns, constants))
}

/// Runs what blocks. Without this, functions that wait would hold all workers of an
/// executor, and nobody would be left to see that a task was cancelled.
fn blocking<T>(body: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(body),
        _ => body(),
    }
}

//! A loaded function, and the token that stops its calls.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayData, ArrayRef, make_array};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use springald_sys as sys;

use super::definition::Definition;
use super::failure::Failure;
use super::table;
use super::types::fits;

/// One batch for a function.
pub struct Call<'a> {
    /// One column for each argument.
    pub arguments: &'a [ArrayRef],
    /// For each whether it is a constant: one row that stands for all.
    pub is_constant: &'a [bool],
    /// Of the batch.
    pub num_rows: usize,
    /// Of the stream that the batch goes on with, or 0.
    pub stream_id: i64,
    /// Ends the call when it is fired.
    pub cancel: Option<&'a CancelToken>,
}

/// A function that is ready to run. Any thread may call it.
pub struct Function {
    handle: NonNull<sys::Function>,
    definition: Arc<Definition>,
}

// SAFETY: the ABI lets many threads use a function at once.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

impl Function {
    /// The function that a runtime has loaded from `definition`. It owns `handle`.
    pub(super) fn new(
        handle: NonNull<sys::Function>,
        definition: Arc<Definition>,
    ) -> Self {
        Self { handle, definition }
    }

    /// Runs one batch. Blocks for as long as the user's code runs.
    ///
    /// # Errors
    /// What the runtime reports; or an argument that has not the definition's type.
    pub fn invoke(&self, call: &Call) -> Result<ArrayRef, Failure> {
        let abi = table()?;
        let invoke = needed(abi.function_invoke_batch)?;
        self.check_types(call.arguments)?;
        let mut exported: Vec<FFI_ArrowArray> = call
            .arguments
            .iter()
            .map(|array| FFI_ArrowArray::new(&array.to_data()))
            .collect();
        let is_constant: Vec<u8> = call.is_constant.iter().map(|&c| c.into()).collect();
        let batch = sys::Batch {
            struct_size: size_of::<sys::Batch>(),
            arguments: exported.as_mut_ptr().cast(),
            num_arguments: exported.len(),
            is_constant: is_constant.as_ptr(),
            num_rows: call.num_rows as i64,
            stream_id: call.stream_id,
            cancel: call
                .cancel
                .map_or(std::ptr::null_mut(), |token| token.0.as_ptr()),
        };
        let mut out = FFI_ArrowArray::empty();
        Failure::check(|error| {
            // SAFETY: FFI_ArrowArray is the C struct ArrowArray. The runtime moves out of
            // the arguments (their `release` is then null, so that dropping them does
            // nothing) and fills `out` on success. All that `batch` points to is alive.
            unsafe { invoke(self.handle.as_ptr(), &batch, (&raw mut out).cast(), error) }
        })?;
        self.import(out)
    }

    /// Whether the function goes on where the batch before it in its stream ended.
    pub fn keeps_streams(&self) -> bool {
        self.definition.mode() == sys::MODE_ITERATOR
    }

    /// Ends a stream of batches. `failed`: there were to be more.
    ///
    /// # Errors
    /// The function raised. The stream has ended all the same.
    pub fn end_stream(&self, stream_id: i64, failed: bool) -> Result<(), Failure> {
        let end = needed(table()?.function_end_stream)?;
        Failure::check(|error| {
            // SAFETY: the handle is alive; `error` is ours.
            unsafe { end(self.handle.as_ptr(), stream_id, failed.into(), error) }
        })
    }

    /// Figures since the function was loaded.
    pub fn metrics(&self) -> sys::Metrics {
        let mut metrics = sys::Metrics {
            struct_size: size_of::<sys::Metrics>(),
            ..sys::Metrics::default()
        };
        if let Ok(abi) = table()
            && let Some(read) = abi.function_metrics
        {
            // SAFETY: the handle is alive; the struct says its size.
            unsafe { read(self.handle.as_ptr(), &mut metrics) };
        }
        metrics
    }

    /// The end of what the function has printed lately in worker processes, in lines: at
    /// most `capacity` bytes.
    pub fn output(&self, capacity: usize) -> String {
        let Ok(abi) = table() else {
            return String::new();
        };
        let Some(read) = abi.function_output else {
            return String::new();
        };
        let mut buffer = vec![0_u8; capacity];
        // SAFETY: the handle is alive; the buffer has `capacity` bytes.
        let size =
            unsafe { read(self.handle.as_ptr(), buffer.as_mut_ptr().cast(), capacity) };
        buffer.truncate(size);
        String::from_utf8_lossy(&buffer).into_owned()
    }

    /// A C array does not carry its type, so a wrong one must not get through.
    fn check_types(&self, arguments: &[ArrayRef]) -> Result<(), Failure> {
        let expected = self.definition.arguments();
        let right = expected.len() == arguments.len()
            && expected
                .iter()
                .zip(arguments)
                .all(|(field, array)| fits(field.data_type(), array.data_type()));
        if right {
            return Ok(());
        }
        let given: Vec<&DataType> = arguments.iter().map(|a| a.data_type()).collect();
        let wanted: Vec<&DataType> = expected.iter().map(|f| f.data_type()).collect();
        Err(Failure {
            udf_name: self.definition.name().to_owned(),
            ..Failure::new(
                sys::INTERNAL,
                format!("Called with columns of other types: {given:?}, not {wanted:?}"),
            )
        })
    }

    fn import(&self, out: FFI_ArrowArray) -> Result<ArrayRef, Failure> {
        let invalid = |error: datafusion::arrow::error::ArrowError| {
            Failure::new(
                sys::INTERNAL,
                format!("The result cannot be imported: {error}"),
            )
        };
        let field = Field::new("", self.definition.result().data_type().clone(), true);
        let schema = FFI_ArrowSchema::try_from(&field).map_err(invalid)?;
        // SAFETY: the runtime has checked the column against the definition's result type,
        // and its buffers come from Arrow C++.
        let mut data: ArrayData = unsafe { from_ffi(out, &schema) }.map_err(invalid)?;
        data.align_buffers();
        Ok(make_array(data))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        if let Ok(abi) = table()
            && let Some(release) = abi.function_release
        {
            // SAFETY: the handle is ours and is released once.
            unsafe { release(self.handle.as_ptr()) };
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({:?})", self.definition)
    }
}

/// Stops the calls that were given it. Any thread may fire it.
#[derive(Debug)]
pub struct CancelToken(NonNull<sys::CancelToken>);

// SAFETY: the ABI lets any thread use a token.
unsafe impl Send for CancelToken {}
// SAFETY: as above.
unsafe impl Sync for CancelToken {}

impl CancelToken {
    /// A token that is not fired.
    ///
    /// # Errors
    /// There is no runtime in this process, or no memory.
    pub fn new() -> Result<Self, Failure> {
        let create = needed(table()?.cancel_token_create)?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: `handle` and `error` are ours.
        Failure::check(|error| unsafe { create(&mut handle, error) })?;
        NonNull::new(handle).map(Self).ok_or_else(|| {
            Failure::new(sys::INTERNAL, "No token was returned".to_owned())
        })
    }

    /// Ends the calls that use the token, and those to come.
    pub fn fire(&self) {
        if let Ok(abi) = table()
            && let Some(fire) = abi.cancel_token_fire
        {
            // SAFETY: the handle is alive.
            unsafe { fire(self.0.as_ptr()) };
        }
    }
}

impl Drop for CancelToken {
    fn drop(&mut self) {
        if let Ok(abi) = table()
            && let Some(release) = abi.cancel_token_release
        {
            // SAFETY: the handle is ours; calls that use the token keep it alive.
            unsafe { release(self.0.as_ptr()) };
        }
    }
}

pub(super) fn needed<T>(function: Option<T>) -> Result<T, Failure> {
    function.ok_or_else(|| {
        Failure::new(
            sys::INTERNAL,
            "This process does not run Python functions".to_owned(),
        )
    })
}

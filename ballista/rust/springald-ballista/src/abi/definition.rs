//! A decoded definition: what a planner needs to know of a Python function.

use std::fmt;
use std::ptr::NonNull;

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::logical_expr::Volatility;
use springald_sys as sys;

use super::failure::{Failure, text};
use super::table;

/// SHA-256 of a definition's encoded bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads 64 hexadecimal digits.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let digits = digits.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16)?;
            let low = (pair[1] as char).to_digit(16)?;
            *byte = (high * 16 + low) as u8;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A definition, decoded by the runtime's codec. Immutable; safe from any thread.
pub struct Definition {
    handle: NonNull<sys::Definition>,
    name: String,
    hash: Hash,
    volatility: Volatility,
    mode: i32,
    arguments: Fields,
    result: Field,
}

// SAFETY: a definition is immutable, and the ABI lets any thread use a handle.
unsafe impl Send for Definition {}
// SAFETY: as above.
unsafe impl Sync for Definition {}

impl Definition {
    /// Decodes `bytes`, which are bounded and checked by the codec. Runs no Python.
    ///
    /// # Errors
    /// The bytes are no definition, or one that this version cannot read.
    pub fn decode(bytes: &[u8]) -> Result<Self, Failure> {
        let abi = table()?;
        let mut handle = std::ptr::null_mut();
        Failure::check(|error| {
            // SAFETY: the slice is valid for the call; `handle` and `error` are ours.
            unsafe {
                (abi.definition_decode)(bytes.as_ptr(), bytes.len(), &mut handle, error)
            }
        })?;
        let Some(handle) = NonNull::new(handle) else {
            return Err(Failure::new(
                sys::INTERNAL,
                "No definition was returned".to_owned(),
            ));
        };
        // Owned from here on: whatever fails below releases it.
        let mut definition = Self {
            handle,
            name: String::new(),
            hash: Hash([0; 32]),
            volatility: Volatility::Volatile,
            mode: 0,
            arguments: Fields::empty(),
            result: Field::new("result", DataType::Null, true),
        };
        definition.read_hash(abi);
        definition.read_fields(abi)?;
        definition.read_signature(abi)?;
        Ok(definition)
    }

    /// The function's name in SQL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The definition's identity.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// What the author promises about repeated calls.
    pub fn volatility(&self) -> Volatility {
        self.volatility
    }

    /// A `springald_mode`.
    pub fn mode(&self) -> i32 {
        self.mode
    }

    /// One field for each argument.
    pub fn arguments(&self) -> &Fields {
        &self.arguments
    }

    /// The result's field.
    pub fn result(&self) -> &Field {
        &self.result
    }

    /// The encoded bytes, of which `hash` is the hash.
    pub fn bytes(&self) -> &[u8] {
        let Ok(abi) = table() else { return &[] };
        let (mut data, mut size) = (std::ptr::null(), 0);
        // SAFETY: the handle is alive; null out pointers are allowed. The bytes that are
        // lent live as long as the handle, which `self` keeps.
        unsafe {
            (abi.definition_bytes)(
                self.handle.as_ptr(),
                &mut data,
                &mut size,
                std::ptr::null_mut(),
            );
            std::slice::from_raw_parts(data, size)
        }
    }

    pub(super) fn as_ptr(&self) -> *const sys::Definition {
        self.handle.as_ptr()
    }

    fn read_hash(&mut self, abi: &sys::Abi) {
        let mut hash = std::ptr::null();
        // SAFETY: as in `bytes`; the hash has 32 bytes.
        unsafe {
            (abi.definition_bytes)(
                self.handle.as_ptr(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                &mut hash,
            );
            self.hash
                .0
                .copy_from_slice(std::slice::from_raw_parts(hash, 32));
        }
    }

    fn read_fields(&mut self, abi: &sys::Abi) -> Result<(), Failure> {
        // SAFETY: the struct consists of integers and raw pointers, for which zero is valid.
        let mut fields: sys::DefinitionFields = unsafe { std::mem::zeroed() };
        fields.struct_size = size_of::<sys::DefinitionFields>();
        Failure::check(|error| {
            // SAFETY: the handle is alive; the struct says its size.
            unsafe { (abi.definition_describe)(self.handle.as_ptr(), &mut fields, error) }
        })?;
        // SAFETY: texts live as long as the handle.
        self.name = unsafe { text(fields.name) };
        self.mode = fields.mode;
        self.volatility = match fields.volatility {
            sys::IMMUTABLE => Volatility::Immutable,
            sys::STABLE => Volatility::Stable,
            _ => Volatility::Volatile,
        };
        Ok(())
    }

    fn read_signature(&mut self, abi: &sys::Abi) -> Result<(), Failure> {
        let mut arguments = FFI_ArrowSchema::empty();
        let mut result = FFI_ArrowSchema::empty();
        Failure::check(|error| {
            // SAFETY: FFI_ArrowSchema is the C struct ArrowSchema; both are empty.
            unsafe {
                (abi.definition_signature)(
                    self.handle.as_ptr(),
                    (&raw mut arguments).cast(),
                    (&raw mut result).cast(),
                    error,
                )
            }
        })?;
        let unreadable = |error: datafusion::arrow::error::ArrowError| {
            Failure::new(
                sys::INVALID_DEFINITION,
                format!("The types of '{}' cannot be used: {error}", self.name),
            )
        };
        let argument_type = DataType::try_from(&arguments).map_err(unreadable)?;
        self.result = Field::try_from(&result).map_err(unreadable)?;
        let DataType::Struct(fields) = argument_type else {
            return Err(Failure::new(
                sys::INTERNAL,
                format!("The arguments of '{}' are no struct", self.name),
            ));
        };
        self.arguments = fields;
        Ok(())
    }
}

impl Drop for Definition {
    fn drop(&mut self) {
        if let Ok(abi) = table() {
            // SAFETY: the handle is ours and is released once.
            unsafe { (abi.definition_release)(self.handle.as_ptr()) };
        }
    }
}

/// Says nothing of the payload: plans are logged.
impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Definition({} {})", self.name, self.hash)
    }
}

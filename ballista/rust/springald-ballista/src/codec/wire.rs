//! The bytes of a reference to a function, and a bounded reader for them.
//!
//! ```text
//! reference   "SPRGUDF" version:u8 hash:32 bytes volatility:u8
//! overloads   "SPRGOVER" version:u8 count:u32 reference*
//! ```
//! Overloads stand for a name of which no function was chosen yet. Integers are little-endian. A reader refuses other versions by name, and lengths that go
//! past the end before anything is allocated.

use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Volatility;

use crate::abi::Hash;
use crate::udf::Reference;

const MAGIC: &[u8] = b"SPRGUDF";
const OVERLOADS_MAGIC: &[u8] = b"SPRGOVER";
const VERSION: u8 = 1;

/// Appends a reference.
pub fn write_reference(reference: Reference, buf: &mut Vec<u8>) {
    buf.extend_from_slice(MAGIC);
    buf.push(VERSION);
    buf.extend_from_slice(&reference.hash.0);
    buf.push(match reference.volatility {
        Volatility::Immutable => 1,
        Volatility::Stable => 2,
        Volatility::Volatile => 3,
    });
}

/// Reads what `write_reference` wrote, and nothing after it.
///
/// # Errors
/// `name`'s bytes are none of ours, or damaged.
pub fn read_reference(name: &str, buf: &[u8]) -> Result<Reference> {
    let mut reader = Reader::new(buf, "the reference to a Python function");
    let reference = reader.reference(name)?;
    reader.end()?;
    Ok(reference)
}

/// Appends what stands for a function: its reference, or those of its overloads.
pub fn write_references(references: &[Reference], buf: &mut Vec<u8>) {
    if let [reference] = references {
        return write_reference(*reference, buf);
    }
    buf.extend_from_slice(OVERLOADS_MAGIC);
    buf.push(VERSION);
    buf.extend_from_slice(&(references.len() as u32).to_le_bytes());
    for reference in references {
        write_reference(*reference, buf);
    }
}

/// Reads what `write_references` wrote, and nothing after it.
///
/// # Errors
/// As [`read_reference`].
pub fn read_references(name: &str, buf: &[u8]) -> Result<Vec<Reference>> {
    if !buf.starts_with(OVERLOADS_MAGIC) {
        return Ok(vec![read_reference(name, buf)?]);
    }
    let mut reader = Reader::new(buf, "the overloads of a Python function");
    reader.magic(OVERLOADS_MAGIC)?;
    reader.version(VERSION)?;
    let count = reader.length()?;
    let mut references = Vec::new();
    for _ in 0..count {
        references.push(reader.reference(name)?);
    }
    reader.end()?;
    Ok(references)
}

/// Reads integers and bytes that came from another process.
pub struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// `what` is read, says each error.
    pub fn new(buf: &'a [u8], what: &'static str) -> Self {
        Self { rest: buf, what }
    }

    /// Takes `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8]> {
        if length > self.rest.len() {
            return Err(self.damaged(format!(
                "{length} bytes are needed and {} are left",
                self.rest.len()
            )));
        }
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(taken)
    }

    /// Takes `expected`, or fails.
    pub fn magic(&mut self, expected: &[u8]) -> Result<()> {
        if self.bytes(expected.len())? != expected {
            return Err(self.damaged("it does not begin as it should".to_owned()));
        }
        Ok(())
    }

    /// Takes the format's version, which has to be `known`.
    pub fn version(&mut self, known: u8) -> Result<()> {
        match self.u8()? {
            version if version == known => Ok(()),
            version => Err(self.damaged(format!(
                "its format is version {version}, and this is springald-ballista {} that \
                 reads version {known}: use the same version everywhere",
                crate::VERSION
            ))),
        }
    }

    /// Takes one byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.bytes(1)?[0])
    }

    /// Takes a 32-bit length.
    pub fn length(&mut self) -> Result<usize> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }

    /// Takes a length and as many bytes.
    pub fn prefixed(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        self.bytes(length)
    }

    /// Takes a length and as many bytes of UTF-8.
    pub fn text(&mut self) -> Result<&'a str> {
        let bytes = self.prefixed()?;
        std::str::from_utf8(bytes)
            .map_err(|_| self.damaged("a text is no UTF-8".to_owned()))
    }

    /// Takes the reference to the function `name`.
    pub fn reference(&mut self, name: &str) -> Result<Reference> {
        if !self.rest.starts_with(MAGIC) {
            return Err(DataFusionError::Plan(format!(
                "The function '{name}' was written by something else than Springald"
            )));
        }
        self.magic(MAGIC)?;
        self.version(VERSION)?;
        let mut hash = [0; 32];
        hash.copy_from_slice(self.bytes(32)?);
        let volatility = match self.u8()? {
            1 => Volatility::Immutable,
            2 => Volatility::Stable,
            3 => Volatility::Volatile,
            other => return Err(self.damaged(format!("there is no volatility {other}"))),
        };
        Ok(Reference {
            hash: Hash(hash),
            volatility,
        })
    }

    /// Gives all that is left.
    pub fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Fails unless everything was read.
    pub fn end(self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.damaged(format!("{} bytes are left over", self.rest.len())))
    }

    fn damaged(&self, why: String) -> DataFusionError {
        DataFusionError::Plan(format!("A plan is damaged, at {}: {why}", self.what))
    }
}

/// Appends a length and `bytes`.
///
/// # Errors
/// They are 4 GiB or longer.
pub fn write_prefixed(bytes: &[u8], buf: &mut Vec<u8>) -> Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| {
        DataFusionError::Plan(format!(
            "A part of a plan is too long: {} bytes",
            bytes.len()
        ))
    })?;
    buf.extend_from_slice(&length.to_le_bytes());
    buf.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        Reference {
            hash: Hash([7; 32]),
            volatility: Volatility::Volatile,
        }
    }

    #[test]
    fn a_reference_comes_back() {
        let mut buf = Vec::new();
        write_reference(reference(), &mut buf);
        assert_eq!(buf.len(), 41);
        assert_eq!(read_reference("f", &buf).unwrap(), reference());
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_refused_or_another_reference() {
        let mut buf = Vec::new();
        write_reference(reference(), &mut buf);
        for end in 0..buf.len() {
            assert!(read_reference("f", &buf[..end]).is_err(), "{end}");
        }
        for index in 0..buf.len() {
            let mut changed = buf.clone();
            changed[index] ^= 0xff;
            let read = read_reference("f", &changed);
            assert!(read.is_err() || read.unwrap() != reference(), "{index}");
        }
        buf.push(0);
        let error = read_reference("f", &buf).unwrap_err().to_string();
        assert!(error.contains("1 bytes are left over"), "{error}");
    }

    #[test]
    fn overloads_come_back_and_damaged_ones_are_refused() {
        let other = Reference {
            hash: Hash([7; 32]),
            volatility: Volatility::Volatile,
        };
        for references in [vec![reference()], vec![reference(), other]] {
            let mut buf = Vec::new();
            write_references(&references, &mut buf);
            assert_eq!(read_references("f", &buf).unwrap(), references);
            for end in 0..buf.len() {
                assert!(read_references("f", &buf[..end]).is_err(), "{end}");
            }
            buf.push(0);
            assert!(read_references("f", &buf).is_err());
        }
    }

    #[test]
    fn another_version_is_named() {
        let mut buf = Vec::new();
        write_reference(reference(), &mut buf);
        buf[MAGIC.len()] = 9;
        let error = read_reference("f", &buf).unwrap_err().to_string();
        assert!(error.contains("version 9"), "{error}");
    }

    #[test]
    fn a_length_past_the_end_is_refused() {
        let mut reader = Reader::new(&[255, 255, 255, 255, 1], "a test");
        let error = reader.prefixed().unwrap_err().to_string();
        assert!(
            error.contains("4294967295 bytes are needed and 1 are left"),
            "{error}"
        );
    }
}

//! How limits are written in flags: "300", "0.5", "2GiB", "none".

/// A limit in the unit that the runtime takes; None for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<i64>);

/// Multipliers of a size's units, of which the first that fits is taken.
const UNITS: [(&str, i64); 11] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("bytes", 1),
    ("byte", 1),
    ("b", 1),
];

/// Beyond this, a number is a mistake and not a limit.
const MAX: f64 = (1_i64 << 53) as f64;

/// Reads seconds, as milliseconds.
///
/// # Errors
/// The text is none; says what is accepted.
pub fn seconds(text: &str) -> Result<Limit, String> {
    limit(text, &[("s", 1_000)], 1_000)
        .ok_or_else(|| "expected seconds, such as 300 or 0.5, or none".to_owned())
}

/// Reads a size, as bytes.
///
/// # Errors
/// The text is none; says what is accepted.
pub fn size(text: &str) -> Result<Limit, String> {
    limit(text, &UNITS, 1).ok_or_else(|| {
        "expected a size, such as 512MiB, 2GB or 1000000 (bytes), with one of the units \
         KiB, MiB, GiB, TiB, KB, MB, GB and TB, or none"
            .to_owned()
    })
}

/// Reads a count.
///
/// # Errors
/// The text is none; says what is accepted.
pub fn count(text: &str) -> Result<Limit, String> {
    let digits_or_none = text.bytes().all(|b| b.is_ascii_digit()) || is_none(text);
    digits_or_none
        .then(|| limit(text, &[], 1))
        .flatten()
        .ok_or_else(|| "expected a whole number, or none".to_owned())
}

/// Reads a number of processes.
///
/// # Errors
/// The text is none; says what is accepted.
pub fn number(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(number) if (1..=1 << 16).contains(&number) => Ok(number),
        _ => {
            Err("expected a whole number that is at least 1 and at most 65536".to_owned())
        }
    }
}

/// Reads the name of a module.
///
/// # Errors
/// The text is none.
pub fn module(text: &str) -> Result<String, String> {
    let is_name = |part: &str| {
        !part.starts_with(|c: char| c.is_ascii_digit())
            && !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    match text.trim().split('.').all(is_name) {
        true => Ok(text.trim().to_owned()),
        false => Err("expected the names of modules, such as numpy,pandas".to_owned()),
    }
}

fn is_none(text: &str) -> bool {
    text.eq_ignore_ascii_case("none")
}

/// Reads "none", or a number with one of `units`, or in the unit that `bare` stands for.
fn limit(text: &str, units: &[(&str, i64)], bare: i64) -> Option<Limit> {
    let text = text.trim().to_ascii_lowercase();
    if is_none(&text) {
        return Some(Limit(None));
    }
    let with_unit = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (number, factor) = with_unit.unwrap_or((&text, bare));
    let number = number.trim_end();
    // Rust would also read "inf", "nan", "1e3" and "+1".
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let value = (number * factor as f64).ceil();
    (value <= MAX).then_some(Limit((value > 0.0).then_some(value as i64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("1000", 1_000),
            ("1000 B", 1_000),
            ("2KiB", 2_048),
            ("2kb", 2_000),
            ("3MiB", 3 << 20),
            ("3MB", 3_000_000),
            ("1.5GiB", 3 << 29),
            ("2 GB", 2_000_000_000),
            ("1TiB", 1 << 40),
        ] {
            assert_eq!(size(text), Ok(Limit(Some(bytes))), "{text}");
        }
    }

    #[test]
    fn seconds_are_milliseconds_and_never_less_than_one() {
        assert_eq!(seconds("300"), Ok(Limit(Some(300_000))));
        assert_eq!(seconds("0.5"), Ok(Limit(Some(500))));
        assert_eq!(seconds("2s"), Ok(Limit(Some(2_000))));
        assert_eq!(seconds("0.00001"), Ok(Limit(Some(1))));
    }

    #[test]
    fn none_and_zero_are_no_limit() {
        for text in ["none", "None", "0"] {
            assert_eq!(seconds(text), Ok(Limit(None)));
            assert_eq!(size(text), Ok(Limit(None)));
            assert_eq!(count(text), Ok(Limit(None)));
        }
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for text in [
            "",
            "-1",
            "nan",
            "inf",
            "1e3",
            "GiB",
            "2GiBB",
            "1.2.3",
            "9".repeat(30).as_str(),
        ] {
            assert!(size(text).is_err(), "{text}");
            assert!(seconds(text).is_err(), "{text}");
            assert!(count(text).is_err(), "{text}");
        }
        assert!(count("1.5").is_err());
        assert!(count("1KB").is_err());
    }

    #[test]
    fn numbers_of_processes() {
        assert_eq!(number("1"), Ok(1));
        for text in ["0", "-1", "none", "1.5", "65537", ""] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_of_modules() {
        assert_eq!(module(" numpy.linalg "), Ok("numpy.linalg".to_owned()));
        for text in ["", "a.", ".a", "a-b", "1a", "a b", "a\0"] {
            assert!(module(text).is_err(), "{text}");
        }
    }
}

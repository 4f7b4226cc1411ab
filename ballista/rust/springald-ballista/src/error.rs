//! How errors cross the engine, which keeps their text only.
//!
//! A message ends with `springald-error:<base64url of JSON>:end`. The alphabet of base64url
//! survives however often the engine escapes the text (once for what a UDF raises, twice
//! for what is retried), and the client makes the Python exception of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use datafusion::error::DataFusionError;
use serde_json::json;

use crate::abi::Failure;

/// Characters of each text of an error that travel. Tracebacks are bounded by the runtime;
/// the message of an exception may be anything.
const MAX_CHARS: usize = 16 << 10;

/// A mistake of this library.
pub fn internal(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Internal(message.into())
}

/// The engine's error for what the runtime reported.
///
/// An I/O error is what the engine runs again; every other kind fails the query at once.
/// What workers report has been tried again where that may help, and would take down the
/// workers of another executor next: it is final.
pub fn failed(failure: Failure) -> DataFusionError {
    let token = token(&json!({
        "kind": "udf",
        "code": failure.code,
        "message": cut(&failure.message),
        "udf_name": cut(&failure.udf_name),
        "exception_type": cut(&failure.exception_type),
        "traceback": cut(&failure.traceback),
        "arguments": cut(&failure.arguments),
        "row": failure.row,
        "retryable": failure.retryable,
    }));
    let shown = cut(&failure.to_string());
    let text = format!("{shown} {token}");
    if failure.retryable && !is_of_workers(failure.code) {
        DataFusionError::IoError(std::io::Error::other(text))
    } else {
        DataFusionError::Execution(text)
    }
}

/// Whether only worker processes bring this code: one ended, or went over a limit.
fn is_of_workers(code: i32) -> bool {
    (springald_sys::WORKER_LOST..=springald_sys::RESULT_SIZE).contains(&code)
}

/// The engine's error for a cluster that cannot be reached or used.
pub fn cluster_error(message: impl AsRef<str>) -> DataFusionError {
    let message = cut(message.as_ref());
    let token = token(&json!({"kind": "cluster", "message": message}));
    DataFusionError::Execution(format!("{message} {token}"))
}

/// The engine's error for a definition that cannot be used as it is.
pub fn definition_error(udf_name: &str, message: impl Into<String>) -> DataFusionError {
    failed(Failure {
        udf_name: udf_name.to_owned(),
        ..Failure::new(springald_sys::INVALID_DEFINITION, message.into())
    })
}

/// Whether an error of the engine carries one of ours.
pub fn has_token(text: &str) -> bool {
    text.contains("springald-error:")
}

fn token(value: &serde_json::Value) -> String {
    let encoded = URL_SAFE_NO_PAD.encode(value.to_string());
    format!("springald-error:{encoded}:end")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(error: &DataFusionError) -> serde_json::Value {
        // As the engine does it: Debug-escaped, twice.
        let text = format!("{:?}", format!("{:?}", error.to_string()));
        let start = text.rfind("springald-error:").unwrap() + "springald-error:".len();
        let end = start + text[start..].find(":end").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&text[start..end]).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn raised() -> Failure {
        Failure {
            code: 2,
            message: "is \"not\"\na number: \\ é".to_owned(),
            udf_name: "f".to_owned(),
            exception_type: "ValueError".to_owned(),
            row: Some(3),
            ..Failure::default()
        }
    }

    #[test]
    fn a_failure_survives_being_escaped_twice() {
        let value = decoded(&failed(raised()));
        assert_eq!(value["message"], "is \"not\"\na number: \\ é");
        assert_eq!(value["exception_type"], "ValueError");
        assert_eq!(value["row"], 3);
        assert_eq!(value["kind"], "udf");
    }

    #[test]
    fn only_what_may_succeed_later_is_retried() {
        assert!(matches!(failed(raised()), DataFusionError::Execution(_)));
        let lost = Failure {
            retryable: true,
            ..raised()
        };
        assert!(matches!(failed(lost), DataFusionError::IoError(_)));
    }

    #[test]
    fn what_workers_report_is_final() {
        for code in springald_sys::WORKER_LOST..=springald_sys::RESULT_SIZE {
            let lost = Failure {
                code,
                retryable: true,
                ..raised()
            };
            let error = failed(lost);
            assert!(matches!(error, DataFusionError::Execution(_)), "{code}");
            let value = decoded(&error);
            assert_eq!(
                (&value["code"], &value["retryable"]),
                (&json!(code), &json!(true))
            );
        }
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let value = decoded(&cluster_error("é".repeat(MAX_CHARS + 1)));
        let message = value["message"].as_str().unwrap();
        assert_eq!(message.chars().count(), MAX_CHARS + 3);
        assert!(message.ends_with("..."));
    }
}

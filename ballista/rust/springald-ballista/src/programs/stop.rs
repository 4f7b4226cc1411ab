//! The signals that end a program.

use tokio::signal::unix::{SignalKind, signal};

/// Returns the name of the signal that asks this process to end, when it comes.
///
/// # Errors
/// The system refuses to install the handlers.
pub async fn stop_signal() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}

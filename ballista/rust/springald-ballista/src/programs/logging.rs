//! Logs of the programs: to stderr, or to files of a folder.

use ballista_core::config::LogRotationPolicy;
use tracing_subscriber::EnvFilter;

/// Where logs go and what is in them.
pub struct Logging<'a> {
    /// As in `RUST_LOG`, which wins: "INFO,datafusion=WARN".
    pub level: &'a str,
    /// A folder; None for stderr.
    pub folder: Option<&'a str>,
    /// What files are called.
    pub file_prefix: String,
    /// When a new file is begun.
    pub rotation: &'a LogRotationPolicy,
    /// Whether lines name their thread.
    pub threads: bool,
}

impl Logging<'_> {
    /// Starts logging in this process. A second call changes nothing.
    pub fn start(&self) {
        let level = std::env::var(EnvFilter::DEFAULT_ENV);
        let filter = EnvFilter::new(level.unwrap_or_else(|_| self.level.to_owned()));
        let builder = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_thread_names(self.threads)
            .with_thread_ids(self.threads)
            .with_env_filter(filter);
        let prefix = &self.file_prefix;
        let started = match self.folder {
            None => builder.with_writer(std::io::stderr).try_init(),
            Some(folder) => {
                let file = match self.rotation {
                    LogRotationPolicy::Minutely => {
                        tracing_appender::rolling::minutely(folder, prefix)
                    }
                    LogRotationPolicy::Hourly => {
                        tracing_appender::rolling::hourly(folder, prefix)
                    }
                    LogRotationPolicy::Daily => {
                        tracing_appender::rolling::daily(folder, prefix)
                    }
                    LogRotationPolicy::Never => {
                        tracing_appender::rolling::never(folder, prefix)
                    }
                };
                builder.with_writer(file).try_init()
            }
        };
        if let Err(error) = started {
            log::debug!("Logging was started before: {error}");
        }
    }
}

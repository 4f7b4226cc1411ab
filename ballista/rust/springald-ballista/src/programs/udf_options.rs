//! The flags that say where an executor's Python functions run, and what they may use.

use clap::error::{Error, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};

use super::udf_limits::{Limit, count, module, number, seconds, size};
use crate::abi::{Backend, WorkerOptions};

/// Where functions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Place {
    Sidecar,
    Embedded,
}

/// The flags. Those after the first are of worker processes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Python functions")]
pub struct UdfOptions {
    /// Where Python functions run: "sidecar", in worker processes that use this interpreter's
    /// packages, where they run side by side and have limits; "embedded", in this process
    /// and under its GIL, where one that crashes ends the executor.
    #[arg(long, value_enum, default_value_t = Place::Sidecar)]
    udf_backend: Place,

    /// Worker processes at one time. Without it, as many as --vcores.
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    udf_workers: Option<i64>,

    /// Seconds that one batch of a function may take, such as 300 or 0.5; "none" for any
    /// time. A function's own limits hold where they are tighter, here and below.
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    udf_timeout: Limit,

    /// Memory that one batch may need, above what a worker has before it runs functions,
    /// such as 512MiB, 2GB or bytes; "none" for any amount.
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = size)]
    udf_memory_limit: Limit,

    /// Seconds of processor time that one batch may use, all its threads together; "none"
    /// for any number.
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds)]
    udf_cpu_limit: Limit,

    /// Files, sockets and pipes that a worker may have open; "none" for any number.
    #[arg(long, value_name = "NUMBER", default_value = "1024", value_parser = count)]
    udf_max_open_files: Limit,

    /// Size that the result of one batch may have, such as 1GiB or bytes; "none" for any
    /// size.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    udf_max_result_size: Limit,

    /// Batches after which a worker is replaced by a new one; "none" for never.
    #[arg(long, value_name = "NUMBER", default_value = "100000", value_parser = count)]
    udf_max_batches: Limit,

    /// Seconds after which a worker that nobody uses is ended; "none" for never.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    udf_idle_timeout: Limit,

    /// Modules that are imported once, before workers are forked, so that their memory and
    /// the time to import them are shared. One that starts threads is refused.
    #[arg(long, value_name = "MODULE", value_delimiter = ',', value_parser = module)]
    udf_preload: Vec<String>,
}

/// The id of the first flag, in clap's words.
const BACKEND: &str = "udf_backend";

impl UdfOptions {
    /// Refuses flags that have no effect where the flags say that functions run.
    ///
    /// # Errors
    /// There is one; it is named.
    pub fn check(matches: &ArgMatches) -> Result<(), Error> {
        if matches.get_one::<Place>(BACKEND) != Some(&Place::Embedded) {
            return Ok(());
        }
        let given = matches.ids().map(|id| id.as_str()).find(|id| {
            id.starts_with("udf_")
                && *id != BACKEND
                && matches.value_source(id) == Some(ValueSource::CommandLine)
        });
        match given {
            None => Ok(()),
            Some(id) => Err(Error::raw(
                ErrorKind::ArgumentConflict,
                format!(
                    "--{} is for worker processes, and with --udf-backend embedded there \
                     are none: limits need --udf-backend sidecar\n",
                    id.replace('_', "-")
                ),
            )),
        }
    }

    /// The backend, of an executor that runs `task_slots` tasks at a time.
    pub fn backend(&self, task_slots: usize) -> Backend {
        match self.udf_backend {
            Place::Embedded => Backend::Embedded,
            Place::Sidecar => Backend::Sidecar(WorkerOptions {
                max_workers: self.udf_workers.unwrap_or(task_slots.max(1) as i64),
                preload: self.udf_preload.clone(),
                timeout_ms: self.udf_timeout.0,
                memory_limit_bytes: self.udf_memory_limit.0,
                cpu_limit_ms: self.udf_cpu_limit.0,
                max_open_files: self.udf_max_open_files.0,
                max_result_bytes: self.udf_max_result_size.0,
                max_batches: self.udf_max_batches.0,
                idle_timeout_ms: self.udf_idle_timeout.0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn parsed(flags: &[&str]) -> Result<UdfOptions, String> {
        let command = UdfOptions::augment_args(Command::new("executor"));
        let arguments = ["executor"].iter().chain(flags);
        command
            .try_get_matches_from(arguments)
            .and_then(|matches| {
                UdfOptions::check(&matches)?;
                UdfOptions::from_arg_matches(&matches)
            })
            .map_err(|error| error.to_string())
    }

    fn workers(flags: &[&str]) -> WorkerOptions {
        match parsed(flags).unwrap().backend(4) {
            Backend::Sidecar(options) => options,
            Backend::Embedded => panic!("embedded"),
        }
    }

    #[test]
    fn without_flags_there_are_workers_with_limits() {
        let expected = WorkerOptions {
            max_workers: 4,
            preload: Vec::new(),
            timeout_ms: Some(300_000),
            memory_limit_bytes: Some(2 << 30),
            cpu_limit_ms: Some(600_000),
            max_open_files: Some(1024),
            max_result_bytes: Some(1 << 30),
            max_batches: Some(100_000),
            idle_timeout_ms: Some(60_000),
        };
        assert_eq!(workers(&[]), expected);
        assert_eq!(workers(&["--udf-backend", "sidecar"]), expected);
    }

    #[test]
    fn each_flag_sets_its_own() {
        let given = workers(&[
            "--udf-workers=3",
            "--udf-timeout=0.5",
            "--udf-memory-limit=512MiB",
            "--udf-cpu-limit=7",
            "--udf-max-open-files=64",
            "--udf-max-result-size=1MB",
            "--udf-max-batches=10",
            "--udf-idle-timeout=5",
            "--udf-preload=numpy,a.b",
        ]);
        let expected = WorkerOptions {
            max_workers: 3,
            preload: vec!["numpy".to_owned(), "a.b".to_owned()],
            timeout_ms: Some(500),
            memory_limit_bytes: Some(512 << 20),
            cpu_limit_ms: Some(7_000),
            max_open_files: Some(64),
            max_result_bytes: Some(1_000_000),
            max_batches: Some(10),
            idle_timeout_ms: Some(5_000),
        };
        assert_eq!(given, expected);
    }

    #[test]
    fn limits_can_be_turned_off() {
        let off = workers(&["--udf-timeout=none", "--udf-memory-limit=0"]);
        assert_eq!((off.timeout_ms, off.memory_limit_bytes), (None, None));
        assert_eq!(off.cpu_limit_ms, Some(600_000));
    }

    #[test]
    fn mistakes_name_the_flag_the_value_and_what_is_accepted() {
        for (flags, parts) in [
            (
                ["--udf-timeout", "soon"],
                ["'soon'", "--udf-timeout", "none"],
            ),
            (
                ["--udf-memory-limit", "2GX"],
                ["'2GX'", "--udf-memory-limit", "512MiB"],
            ),
            (
                ["--udf-workers", "0"],
                ["'0'", "--udf-workers", "at least 1"],
            ),
            (
                ["--udf-preload", "a..b"],
                ["'a..b'", "--udf-preload", "module"],
            ),
            (
                ["--udf-backend", "flight"],
                ["'flight'", "--udf-backend", "sidecar"],
            ),
        ] {
            let error = parsed(&flags).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{part} is not in: {error}");
            }
        }
    }

    #[test]
    fn embedded_functions_have_no_limits() {
        let backend = parsed(&["--udf-backend", "embedded"]).unwrap().backend(4);
        assert_eq!(backend, Backend::Embedded);
        for flag in ["--udf-timeout=3", "--udf-workers=2", "--udf-preload=numpy"] {
            let error = parsed(&["--udf-backend=embedded", flag]).unwrap_err();
            let name = flag.split('=').next().unwrap();
            assert!(error.contains(name), "{error}");
            assert!(error.contains("need --udf-backend sidecar"), "{error}");
        }
    }
}

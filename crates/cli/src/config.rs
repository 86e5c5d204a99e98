//! What the flags, the `HOLDFAST_*` variables and `holdfast.toml` say, merged in this order.
//!
//! Clap reads flags and variables; this adds the file below them and the defaults below that. Paths
//! in the file are relative to the file, so that it means the same from every directory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use holdfast_engine::{EngineOptions, Settings};
use holdfast_lake::{LakeLocation, StepHook};
use serde::Deserialize;

use crate::duration::parse_duration;
use crate::environment;
use crate::failure::CommandError;

pub(crate) const FILE_NAME: &str = "holdfast.toml";
pub(crate) const DEFAULT_DATA_DIR: &str = "holdfast-data";

/// Where help shows what every command takes.
pub(crate) const COMMON_HEADING: &str = "Options of every command";

/// What every command takes.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = COMMON_HEADING)]
pub(crate) struct GlobalArgs {
    /// Answer in JSON on standard output, errors in JSON on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Data directory: catalog, secret key, and the lake unless it lies elsewhere [default: ./holdfast-data]
    #[arg(long, global = true, value_name = "DIR", env = environment::DATA_DIR, hide_env_values = true)]
    data_dir: Option<PathBuf>,

    #[arg(
        help = "Catalog database, such as postgres://user:password@host/name [default: catalog.db in the data directory]",
        long, global = true, value_name = "URL", env = environment::DATABASE_URL, hide_env_values = true, hide_short_help = true)]
    database_url: Option<String>,

    /// Where the lake lies: a path, s3://…, az://… or gs://… [default: lake in the data directory]
    #[arg(long, global = true, value_name = "URL", env = environment::LAKE_URL, hide_env_values = true, hide_short_help = true)]
    lake_url: Option<String>,

    /// Configuration file [default: holdfast.toml in the current directory, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = environment::CONFIG, hide_env_values = true, hide_short_help = true)]
    config: Option<PathBuf>,

    #[arg(
        help = "What is logged to standard error: error, warn, info, debug, trace, or a filter as in RUST_LOG",
        long, global = true, value_name = "LEVEL", env = environment::LOG_LEVEL, hide_env_values = true, hide_short_help = true)]
    log_level: Option<String>,

    /// How it is logged
    #[arg(long, global = true, value_name = "FORMAT", env = environment::LOG_FORMAT, hide_env_values = true, hide_short_help = true)]
    log_format: Option<LogFormat>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// What commands that capture take.
#[derive(Args, Clone, Default)]
pub(crate) struct CaptureArgs {
    /// Objects that are read at the same time [default: 4]
    #[arg(long, value_name = "N", env = environment::PARALLEL, hide_env_values = true,
          value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: Option<u8>,

    /// How long a failing object is tried again before the run goes on without it [default: 10m]
    #[arg(long, value_name = "TIME", env = environment::GIVE_UP_AFTER, hide_env_values = true,
          value_parser = parse_duration)]
    give_up_after: Option<Duration>,
}

/// `holdfast.toml`. An unknown key is an error: a misspelt one must not be ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    lake_url: Option<String>,
    log_level: Option<String>,
    log_format: Option<LogFormat>,
    #[serde(default)]
    serve: ServeSection,
    #[serde(default)]
    capture: CaptureSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServeSection {
    listen: Option<String>,
    public_url: Option<String>,
    behind_proxy: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureSection {
    parallel: Option<u8>,
    give_up_after: Option<String>,
    round_every: Option<String>,
    warn_after: Option<String>,
}

/// A file with every key, for the reference page and as a test.
pub(crate) const EXAMPLE_FILE: &str = r#"data_dir = "/var/lib/holdfast"
database_url = "postgres://holdfast@db.example/holdfast"   # default: catalog.db in the data directory
lake_url = "s3://backups/holdfast"                         # default: lake in the data directory
log_level = "info"
log_format = "json"

[serve]
listen = "127.0.0.1:8080"
public_url = "https://backup.acme.example"                 # default: the address that it listens on
behind_proxy = true                                        # default: false

[capture]
parallel = 4
give_up_after = "10m"
round_every = "60s"
warn_after = "1h"
"#;

/// The merged configuration of one invocation.
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    /// A flag, a variable or the file says where the data lies.
    pub(crate) is_data_dir_given: bool,
    database_url: Option<String>,
    lake_url: Option<String>,
    pub(crate) log_level: Option<String>,
    pub(crate) log_format: LogFormat,
    pub(crate) listen: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) behind_proxy: bool,
    parallel: Option<u8>,
    give_up_after: Option<Duration>,
    round_every: Option<Duration>,
    warn_after: Option<Duration>,
}

impl Config {
    /// Reads the file that the flags name, or `holdfast.toml` of the current directory if there is one.
    pub(crate) fn load(args: &GlobalArgs) -> Result<Self, CommandError> {
        let (file, folder) = match &args.config {
            Some(path) => (read_file(path)?, path.parent().unwrap_or(Path::new("")).to_owned()),
            None if Path::new(FILE_NAME).exists() => (read_file(Path::new(FILE_NAME))?, PathBuf::new()),
            None => (ConfigFile::default(), PathBuf::new()),
        };
        Self::merge(args, file, &folder)
    }

    fn merge(args: &GlobalArgs, file: ConfigFile, folder: &Path) -> Result<Self, CommandError> {
        let given = args.data_dir.clone().or_else(|| file.data_dir.map(|dir| folder.join(dir)));
        let is_data_dir_given = given.is_some();
        let data_dir = given.unwrap_or_else(|| DEFAULT_DATA_DIR.into());
        if data_dir.as_os_str().is_empty() {
            return Err(CommandError::usage("--data-dir is empty"));
        }
        let in_file = |key: &str, text: Option<String>| {
            text.map(|text| {
                parse_duration(&text).map_err(|reason| file_error(FILE_NAME, &format!("`{key}`: {reason}")))
            })
            .transpose()
        };
        Ok(Self {
            data_dir,
            is_data_dir_given,
            database_url: args.database_url.clone().or(file.database_url),
            lake_url: args.lake_url.clone().or(file.lake_url),
            log_level: args
                .log_level
                .clone()
                .or_else(|| environment::get(environment::RUST_LOG))
                .or(file.log_level),
            log_format: args.log_format.or(file.log_format).unwrap_or_default(),
            listen: file.serve.listen,
            public_url: file.serve.public_url,
            behind_proxy: file.serve.behind_proxy.unwrap_or(false),
            parallel: file.capture.parallel.filter(|parallel| (1..=32).contains(parallel)),
            give_up_after: in_file("give_up_after", file.capture.give_up_after)?,
            round_every: in_file("round_every", file.capture.round_every)?,
            warn_after: in_file("warn_after", file.capture.warn_after)?,
        })
    }

    pub(crate) fn with_data_dir(mut self, data_dir: PathBuf) -> Self {
        self.data_dir = data_dir;
        self
    }

    pub(crate) fn with_capture(mut self, args: &CaptureArgs) -> Self {
        self.parallel = args.parallel.or(self.parallel);
        self.give_up_after = args.give_up_after.or(self.give_up_after);
        self
    }

    pub(crate) fn with_round_every(mut self, round_every: Option<Duration>) -> Self {
        self.round_every = round_every.or(self.round_every);
        self
    }

    pub(crate) fn with_warn_after(mut self, warn_after: Option<Duration>) -> Self {
        self.warn_after = warn_after.or(self.warn_after);
        self
    }

    pub(crate) fn engine_options(&self) -> Result<EngineOptions, CommandError> {
        let lake = self.lake_url.as_deref().map(parse_lake_url).transpose()?;
        let mut settings = Settings::default();
        if let Some(parallel) = self.parallel {
            settings.parallel = usize::from(parallel);
        }
        if let Some(give_up_after) = self.give_up_after {
            settings.give_up_after = give_up_after;
        }
        if let Some(round_every) = self.round_every {
            settings.round_every = round_every;
        }
        if let Some(warn_after) = self.warn_after {
            settings.patience = TimeDelta::from_std(warn_after).unwrap_or(TimeDelta::MAX);
        }
        let mut options = EngineOptions::new(&self.data_dir);
        if let Some(step) = environment::get(environment::TEST_CRASH_AT) {
            let hook = StepHook::at(&step, || std::process::abort());
            options.steps =
                hook.ok_or_else(|| CommandError::usage(format!("`{step}` is no durable step")))?;
        }
        Ok(EngineOptions { database_url: self.database_url.clone(), lake, settings, ..options })
    }
}

fn parse_lake_url(text: &str) -> Result<LakeLocation, CommandError> {
    text.parse().map_err(|error| {
        CommandError::usage_with_hint(
            format!("--lake-url: {error}"),
            "give a path, s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX",
        )
    })
}

fn read_file(path: &Path) -> Result<ConfigFile, CommandError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| CommandError::Unreadable { what: path.display().to_string(), source })?;
    toml::from_str(&text).map_err(|error| file_error(&path.display().to_string(), &located(&error, &text)))
}

/// The message with its line, without the line's text: it may hold a password.
fn located(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

fn file_error(path: &str, reason: &str) -> CommandError {
    CommandError::usage_with_hint(
        format!("`{path}` is not a configuration of Holdfast: {reason}"),
        "`holdfast reference` shows an example with every key",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ConfigFile {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = || parsed("data_dir = \"data\"\nlog_format = \"json\"");
        let flags = GlobalArgs { data_dir: Some("elsewhere".into()), ..GlobalArgs::default() };
        let with_flag = Config::merge(&flags, file(), Path::new("/etc")).unwrap();
        assert_eq!(with_flag.data_dir, Path::new("elsewhere"));
        let with_file = Config::merge(&GlobalArgs::default(), file(), Path::new("/etc")).unwrap();
        assert_eq!(with_file.data_dir, Path::new("/etc/data"));
        assert_eq!(with_file.log_format, LogFormat::Json);
        let bare = Config::merge(&GlobalArgs::default(), ConfigFile::default(), Path::new("")).unwrap();
        assert!(!bare.is_data_dir_given && with_file.is_data_dir_given);
    }

    #[test]
    fn the_example_file_is_a_valid_one() {
        let config = Config::merge(&GlobalArgs::default(), parsed(EXAMPLE_FILE), Path::new("")).unwrap();
        assert_eq!(config.give_up_after, Some(Duration::from_mins(10)));
        assert_eq!(config.listen.as_deref(), Some("127.0.0.1:8080"));
    }

    #[test]
    fn a_misspelt_key_is_refused_and_its_line_named() {
        let text = "data_dir = \"x\"\ndata_bas_url = \"postgres://u:secret@h/d\"\n";
        let error = toml::from_str::<ConfigFile>(text).unwrap_err();
        let reason = located(&error, text);
        assert!(reason.contains("line 2") && reason.contains("data_bas_url"), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }

    #[test]
    fn a_lake_address_of_no_known_kind_is_refused() {
        assert!(parse_lake_url("ftp://example.com/lake").is_err());
    }
}

//! Log lines on standard error, as text or JSON, without tearing the progress bars.

use std::io::{self, Write};

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Config, LogFormat};
use crate::failure::CommandError;

/// Starts logging. `default` applies where neither flag, variable nor file says anything.
pub(crate) fn start(config: &Config, default: &str, bars: &MultiProgress) -> Result<(), CommandError> {
    let wanted = config.log_level.as_deref().unwrap_or(default);
    let not_a_level = |reason: String| {
        CommandError::usage_with_hint(
            format!("`{wanted}` is not a log level{reason}"),
            "give error, warn, info, debug, trace, or a filter such as `holdfast_engine=debug`",
        )
    };
    // A filter takes any single word for the name of a module.
    let is_word = wanted.chars().all(char::is_alphanumeric);
    if is_word && wanted.parse::<LevelFilter>().is_err() {
        return Err(not_a_level(String::new()));
    }
    let filter = EnvFilter::builder().parse(wanted).map_err(|error| not_a_level(format!(": {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(AroundBars(bars.clone()));
    let started = match config.log_format {
        LogFormat::Text => {
            lines.with_target(false).with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init()
        }
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| CommandError::usage(format!("could not start logging: {error}")))
}

/// Takes the bars away while a line is written.
struct AroundBars(MultiProgress);

struct Line(MultiProgress);

impl<'a> MakeWriter<'a> for AroundBars {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.0.clone())
    }
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(text))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

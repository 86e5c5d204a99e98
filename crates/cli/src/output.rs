//! Where a command's answer goes: tables and sentences, or JSON, on standard output.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::CommandError;
use crate::render::Rows;

/// Standard output, as this command line asked for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) is_json: bool,
    is_terminal: bool,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        Self { is_json, is_terminal: io::stdout().is_terminal() }
    }

    /// The answer as JSON, or what `text` makes of it.
    pub(crate) fn answer<T: Serialize>(
        self,
        answer: &T,
        text: impl FnOnce(&T, Style) -> String,
    ) -> Result<(), CommandError> {
        if self.is_json {
            return Self::json(answer);
        }
        Self::print(&text(answer, self.style()))
    }

    fn json<T: Serialize>(answer: &T) -> Result<(), CommandError> {
        let mut text =
            serde_json::to_string_pretty(answer).map_err(|e| CommandError::OutputNotWritten(e.into()))?;
        text.push('\n');
        Self::print(&text)
    }

    /// Writes at once. A reader that has gone away (`| head`) is no failure.
    pub(crate) fn print(text: &str) -> Result<(), CommandError> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CommandError::OutputNotWritten(error))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn style(self) -> Style {
        let width = self.is_terminal.then(|| comfy_table::Table::new().width()).flatten();
        Style { width, is_terminal: self.is_terminal }
    }
}

/// How wide text may be, and whether the reader's screen understands styling.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) width: Option<u16>,
    pub(crate) is_terminal: bool,
}

impl Style {
    #[cfg(test)]
    pub(crate) const NARROW: Self = Self { width: Some(80), is_terminal: false };

    pub(crate) fn table(self, rows: Rows) -> String {
        rows.render(self.width, self.is_terminal)
    }

    /// The table, or a sentence where there is nothing to list.
    pub(crate) fn table_or(self, rows: Rows, nothing: &str) -> String {
        if rows.is_empty() { format!("{nothing}\n") } else { self.table(rows) }
    }
}

/// A list as JSON holds it.
#[derive(Debug, Serialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
}

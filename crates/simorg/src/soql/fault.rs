//! A refused statement: Salesforce's error code and text, with the place it points at.
//!
//! The answer echoes about thirty characters on either side of the place, cut at blanks and commas, a caret under
//! it, and row and column counted from one. A fault without a place is answered without the echo.

/// Why a statement was refused, still pointing into the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub code: &'static str,
    pub text: String,
    /// Byte offset into the statement.
    pub at: Option<usize>,
}

/// A refused statement as the API words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SoqlError {
    pub code: &'static str,
    pub message: String,
    /// What the simulated org cannot do answers 501, never something plausible.
    pub not_simulated: bool,
}

/// Code of a fault that says "the simulated org cannot do this".
pub(crate) const NOT_SIMULATED: &str = "NOT_IMPLEMENTED";

impl Fault {
    pub(crate) fn at(at: usize, code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), at: Some(at) }
    }

    pub(crate) fn plain(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), at: None }
    }

    pub(crate) fn malformed(at: usize, text: impl Into<String>) -> Self {
        Self::at(at, "MALFORMED_QUERY", text)
    }

    pub(crate) fn not_simulated(what: &str) -> Self {
        Self::plain(NOT_SIMULATED, format!("{what} is not simulated"))
    }

    /// Words the fault against the statement it came from.
    pub(crate) fn into_error(self, statement: &str) -> SoqlError {
        let not_simulated = self.code == NOT_SIMULATED;
        let message = match self.at {
            None => self.text,
            Some(at) => echo(statement, at, &self.text),
        };
        SoqlError { code: self.code, message, not_simulated }
    }
}

fn echo(statement: &str, at: usize, text: &str) -> String {
    let at = at.min(statement.len());
    let before = statement.get(..at).unwrap_or(statement);
    let row = before.matches('\n').count();
    let line = statement.lines().nth(row).unwrap_or("");
    let column = before.rsplit('\n').next().unwrap_or("").chars().count();
    let (excerpt, caret) = excerpt(line, column);
    format!("\n{excerpt}\n{:caret$}^\nERROR at Row:{}:Column:{}\n{text}", "", row + 1, column + 1)
}

/// How far the echo reaches to either side before it looks for a place to cut.
const REACH: usize = 31;

fn excerpt(line: &str, column: usize) -> (String, usize) {
    let chars: Vec<char> = line.chars().collect();
    let is_cut = |c: &char| *c == ' ' || *c == ',';
    let start = match column.checked_sub(REACH) {
        Some(last) => chars.iter().take(last + 1).rposition(is_cut).map_or(0, |cut| cut + 1),
        None => 0,
    };
    let end =
        chars.iter().skip(column + REACH).position(is_cut).map_or(chars.len(), |cut| column + REACH + cut);
    (chars.get(start..end).unwrap_or_default().iter().collect(), column - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_points_at_the_place_in_a_short_statement() {
        let fault = Fault::at(7, "INVALID_FIELD", "No such column 'Idd'");
        assert_eq!(
            fault.into_error("SELECT Idd FROM Account").message,
            "\nSELECT Idd FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Idd'"
        );
    }

    #[test]
    fn a_long_statement_is_cut_at_a_blank_or_comma_on_both_sides() {
        // The cut as recorded answers show it (apache/camel-quarkus#3022).
        let statement = "SELECT Id, LastReferencedDate, Jigsaw, JigsawCompanyId, CleanStatus, AccountSource, DunsNumber, Tradestyle FROM Account";
        let at = statement.find("CleanStatus").unwrap();
        let message = Fault::at(at, "INVALID_FIELD", "x").into_error(statement).message;
        let excerpt = "LastReferencedDate, Jigsaw, JigsawCompanyId, CleanStatus, AccountSource, DunsNumber";
        let caret = " ".repeat(45);
        assert_eq!(message, format!("\n{excerpt}\n{caret}^\nERROR at Row:1:Column:57\nx"));
    }

    #[test]
    fn rows_are_counted_over_line_ends() {
        let statement = "SELECT Id\nFROM Account\nWHERE Foo = 1";
        let message =
            Fault::at(statement.find("Foo").unwrap(), "INVALID_FIELD", "x").into_error(statement).message;
        assert_eq!(message, "\nWHERE Foo = 1\n      ^\nERROR at Row:3:Column:7\nx");
    }
}

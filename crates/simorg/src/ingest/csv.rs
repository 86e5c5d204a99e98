//! Reads CSV as the Bulk APIs do: no trimming, no guessing, and one wrong quote spoils all of it.
//!
//! Values are borrowed from the text unless a doubled quote forces a copy. Wholly empty lines are passed over.

use std::borrow::Cow;

/// How the lines of an upload must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnd {
    Lf,
    CrLf,
    /// Bulk 1.0 takes both.
    Either,
}

/// How an upload is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    pub line_end: LineEnd,
}

/// Why a text is not read as CSV, in Salesforce's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CsvError {
    #[error("ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {0}")]
    LineEnding(&'static str),
    #[error(
        "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"
    )]
    UnescapedQuote,
    #[error("InvalidBatch : Failed to parse CSV. EOF reached before closing an opened quote")]
    OpenQuote,
    #[error("InvalidBatch : Failed to parse CSV. Not expecting more text after end quote")]
    TextAfterQuote,
}

/// A place in a text of CSV.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self::at(text, dialect, 0)
    }

    /// A reader that goes on where `place` of another one was.
    pub(crate) fn at(text: &'a str, dialect: Dialect, place: usize) -> Self {
        Self { text, at: place, dialect }
    }

    /// Where the next record begins, in bytes.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// Reads the values of the next record into `values`; false at the end of the text.
    pub(crate) fn read(&mut self, values: &mut Vec<Cow<'a, str>>) -> Result<bool, CsvError> {
        values.clear();
        while self.is_at_line_end() {
            self.end_line()?;
        }
        if self.at >= self.text.len() {
            return Ok(false);
        }
        loop {
            values.push(self.value()?);
            match self.byte(self.at) {
                Some(byte) if byte == self.dialect.delimiter => self.at += 1,
                Some(_) => {
                    self.end_line()?;
                    return Ok(true);
                }
                None => return Ok(true),
            }
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn is_at_line_end(&self) -> bool {
        match self.byte(self.at) {
            Some(b'\n') => true,
            Some(b'\r') => self.byte(self.at + 1) == Some(b'\n'),
            _ => false,
        }
    }

    fn end_line(&mut self) -> Result<(), CsvError> {
        let is_crlf = self.byte(self.at) == Some(b'\r');
        match self.dialect.line_end {
            LineEnd::Lf if is_crlf => return Err(CsvError::LineEnding("LF")),
            LineEnd::CrLf if !is_crlf => return Err(CsvError::LineEnding("CRLF")),
            LineEnd::Lf | LineEnd::CrLf | LineEnd::Either => {}
        }
        self.at += if is_crlf { 2 } else { 1 };
        Ok(())
    }

    fn value(&mut self) -> Result<Cow<'a, str>, CsvError> {
        if self.byte(self.at) == Some(b'"') {
            return self.quoted();
        }
        let (start, bytes) = (self.at, self.text.as_bytes());
        loop {
            match bytes.get(self.at) {
                None | Some(b'\n') => break,
                Some(byte) if *byte == self.dialect.delimiter => break,
                Some(b'\r') if bytes.get(self.at + 1) == Some(&b'\n') => break,
                Some(b'"') => return Err(CsvError::UnescapedQuote),
                Some(_) => self.at += 1,
            }
        }
        Ok(Cow::Borrowed(&self.text[start..self.at]))
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>, CsvError> {
        let start = self.at + 1;
        let mut has_quotes = false;
        let mut at = start;
        loop {
            match self.byte(at) {
                None => return Err(CsvError::OpenQuote),
                Some(b'"') if self.byte(at + 1) == Some(b'"') => {
                    has_quotes = true;
                    at += 2;
                }
                Some(b'"') => break,
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        let ends = self.byte(self.at).is_none_or(|byte| byte == self.dialect.delimiter);
        if !ends && !self.is_at_line_end() {
            return Err(CsvError::TextAfterQuote);
        }
        let inner = &self.text[start..at];
        Ok(if has_quotes { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) })
    }
}

/// Writes one value in quotes, quotes in it doubled.
pub(crate) fn write_text(out: &mut String, value: &str) {
    out.push('"');
    for (at, piece) in value.split('"').enumerate() {
        if at > 0 {
            out.push_str("\"\"");
        }
        out.push_str(piece);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, line_end: LineEnd) -> Result<Vec<Vec<String>>, CsvError> {
        let mut reader = Reader::new(text, Dialect { delimiter: b',', line_end });
        let (mut all, mut values) = (Vec::new(), Vec::new());
        while reader.read(&mut values)? {
            all.push(values.iter().map(|value| value.clone().into_owned()).collect());
        }
        Ok(all)
    }

    #[test]
    fn values_are_read_as_they_stand() {
        let text = "Id,Name\n1, a b \n\"2\",\"x \"\"y\"\",\nz\"\n\n3,\n4";
        let expected: Vec<Vec<&str>> =
            vec![vec!["Id", "Name"], vec!["1", " a b "], vec!["2", "x \"y\",\nz"], vec!["3", ""], vec!["4"]];
        assert_eq!(records(text, LineEnd::Lf).unwrap(), expected);
        assert_eq!(records("a\r\nb\nc", LineEnd::Either).unwrap(), [["a"], ["b"], ["c"]]);
        assert_eq!(records("a,\"\"", LineEnd::Lf).unwrap(), [["a", ""]]);
        assert_eq!(records("", LineEnd::Lf).unwrap(), Vec::<Vec<String>>::new());
    }

    #[test]
    fn what_salesforce_refuses_is_refused_in_its_words() {
        let cases = [
            ("a\r\nb\n", LineEnd::Lf, CsvError::LineEnding("LF")),
            ("a\r\nb\n", LineEnd::CrLf, CsvError::LineEnding("CRLF")),
            ("a, \"b\"\n", LineEnd::Lf, CsvError::UnescapedQuote),
            ("\u{feff}\"a\"\n", LineEnd::Lf, CsvError::UnescapedQuote),
            ("a,\"b\n", LineEnd::Lf, CsvError::OpenQuote),
            ("\"a\" ,b\n", LineEnd::Lf, CsvError::TextAfterQuote),
        ];
        for (text, line_end, expected) in cases {
            assert_eq!(records(text, line_end), Err(expected), "{text:?}");
        }
        assert!(records("\"a\nb\"\r\n", LineEnd::CrLf).is_ok(), "line ends inside quotes are the value's");
    }

    #[test]
    fn a_reader_goes_on_from_any_record() {
        let dialect = Dialect { delimiter: b'|', line_end: LineEnd::CrLf };
        let text = "h|i\r\n\"1\"|2\r\n3|4\r\n";
        let (mut reader, mut values) = (Reader::new(text, dialect), Vec::new());
        reader.read(&mut values).unwrap();
        reader.read(&mut values).unwrap();
        let mut second = Reader::at(text, dialect, reader.place());
        assert_eq!((second.read(&mut values), values), (Ok(true), vec!["3".into(), "4".into()]));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut out = String::new();
        write_text(&mut out, "a \"b\", c");
        assert_eq!(records(&out, LineEnd::Lf).unwrap(), [["a \"b\", c"]]);
    }
}

//! CSV as RFC 4180 has it: a header line, quotes where they are needed, lines that end in CR LF.

use std::borrow::Cow;
use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::cell::Cells;
use super::{Renderer, unique_names};
use crate::{Error, Result};

pub(super) struct Csv;

impl Renderer for Csv {
    fn start(&mut self, schema: &Schema, out: &mut dyn Write) -> io::Result<()> {
        let names = unique_names(schema);
        line(names.iter().map(|name| Some(Cow::Borrowed(name.as_str()))), out)
    }

    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        let cells = Cells::of(batch)?;
        for row in 0..batch.num_rows() {
            let texts = (0..batch.num_columns()).map(|column| cells.text(row, column));
            line(texts, out).map_err(|source| Error::NotWritten { source })?;
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn line<'a>(cells: impl Iterator<Item = Option<Cow<'a, str>>>, out: &mut dyn Write) -> io::Result<()> {
    for (column, cell) in cells.enumerate() {
        if column > 0 {
            out.write_all(b",")?;
        }
        match cell {
            None => {}
            Some(text) if needs_quotes(&text) => write!(out, "\"{}\"", text.replace('"', "\"\""))?,
            Some(text) => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\r\n")
}

/// An empty text is quoted, so that it differs from NULL.
fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ')
}

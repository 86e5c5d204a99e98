//! Writes an answer for people (a table) and for programs (CSV, JSON lines), batch by batch.
//!
//! Cells have the lake's own forms: plain decimals without needless zeros, instants in UTC with `Z`.
//! NULL is nothing in a table and in CSV, and `null` in JSON.

mod cell;
mod csv;
mod json_lines;
mod table;
mod values;

use std::collections::HashSet;
use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use futures::StreamExt;

use crate::{Answer, Error, Result};

pub use values::json_rows;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Csv,
    JsonLines,
}

/// Writes one batch after the other in one format.
trait Renderer {
    fn start(&mut self, schema: &Schema, out: &mut dyn Write) -> io::Result<()>;
    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()>;
    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// Writes the whole answer and tells the number of rows. Holds a batch at a time.
pub async fn render(mut answer: Answer, format: Format, out: &mut (dyn Write + Send)) -> Result<u64> {
    let mut renderer: Box<dyn Renderer + Send> = match format {
        Format::Table => Box::new(table::Table::default()),
        Format::Csv => Box::new(csv::Csv),
        Format::JsonLines => Box::new(json_lines::JsonLines::default()),
    };
    let failed = |source| Error::NotWritten { source };
    renderer.start(&answer.schema(), out).map_err(failed)?;
    let mut rows = 0;
    while let Some(batch) = answer.next().await {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        renderer.batch(&batch, out)?;
    }
    renderer.finish(out).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(rows)
}

/// Column names, each once: a second `Id` is `Id_2`.
fn unique_names(schema: &Schema) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut names = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let candidates = (2..).map(|number| format!("{}_{number}", field.name()));
        let name = std::iter::once(field.name().clone())
            .chain(candidates)
            .find(|name| !taken.contains(name))
            .expect("there are endlessly many candidates");
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests;

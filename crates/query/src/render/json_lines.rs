//! One JSON object a line, its keys in the order of the columns. Numbers are written digit by digit.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};

use super::cell::Cells;
use super::{Renderer, unique_names};
use crate::{Error, Result};

#[derive(Default)]
pub(super) struct JsonLines {
    /// `"Name":`, already written as JSON.
    keys: Vec<String>,
}

impl Renderer for JsonLines {
    fn start(&mut self, schema: &Schema, _: &mut dyn Write) -> io::Result<()> {
        self.keys = unique_names(schema).into_iter().map(|name| format!("{}:", quoted(&name))).collect();
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        let cells = Cells::of(batch)?;
        let literals: Vec<_> =
            batch.schema().fields().iter().map(|field| is_literal(field.data_type())).collect();
        let mut line = String::new();
        for row in 0..batch.num_rows() {
            line.clear();
            for (column, key) in self.keys.iter().enumerate() {
                line.push(if column == 0 { '{' } else { ',' });
                line.push_str(key);
                match cells.text(row, column) {
                    None => line.push_str("null"),
                    Some(text) if literals[column] => line.push_str(literal(&text)),
                    Some(text) => line.push_str(&quoted(&text)),
                }
            }
            line.push_str(if self.keys.is_empty() { "{}\n" } else { "}\n" });
            out.write_all(line.as_bytes()).map_err(|source| Error::NotWritten { source })?;
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Types whose text is JSON as it stands.
fn is_literal(data_type: &DataType) -> bool {
    data_type.is_numeric() || *data_type == DataType::Boolean
}

/// JSON has no word for what is not finite.
fn literal(text: &str) -> &str {
    if matches!(text, "NaN" | "inf" | "-inf") { "null" } else { text }
}

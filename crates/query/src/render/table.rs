//! A table for people. Its columns are as wide as the first page of rows needs; each page repeats the header.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};

use super::Renderer;
use super::cell::Cells;
use crate::{Error, Result};

/// Rows that are laid out together, which bounds what is held.
const PAGE_ROWS: usize = 1_000;

#[derive(Default)]
pub(super) struct Table {
    header: Vec<String>,
    is_number: Vec<bool>,
    page: Vec<Vec<String>>,
    has_written: bool,
}

impl Renderer for Table {
    fn start(&mut self, schema: &Schema, _: &mut dyn Write) -> io::Result<()> {
        self.header = schema.fields().iter().map(|field| field.name().clone()).collect();
        self.is_number = schema.fields().iter().map(|field| is_number(field.data_type())).collect();
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        let cells = Cells::of(batch)?;
        for row in 0..batch.num_rows() {
            let texts = (0..batch.num_columns()).map(|column| cells.text(row, column));
            self.page.push(texts.map(|text| text.map(|text| visible(&text)).unwrap_or_default()).collect());
            if self.page.len() == PAGE_ROWS {
                self.write_page(out).map_err(|source| Error::NotWritten { source })?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.page.is_empty() && self.has_written { Ok(()) } else { self.write_page(out) }
    }
}

impl Table {
    fn write_page(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = comfy_table::Table::new();
        table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(&self.header).add_rows(self.page.drain(..));
        for (column, is_number) in table.column_iter_mut().zip(&self.is_number) {
            column.set_padding((0, 2));
            if *is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.has_written = true;
        writeln!(out, "{}", table.trim_fmt())
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// Escapes control characters: a record's value must not move the cursor or break the layout.
fn visible(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

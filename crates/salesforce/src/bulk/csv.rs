//! Reads the CSV of bulk results as it arrives, in chunks of any size.
//!
//! Strict, because what is lenient loses data: a quote out of place, a record with too few cells or an
//! end inside a record is an error (general CSV readers take all three for data). Cells may hold anything,
//! NUL and megabytes included; both line endings are read; blank lines are no records, since a record
//! has an Id.

use memchr::{memchr, memchr_iter, memchr3};

use crate::defect::AnswerDefect;
use crate::rows::{Columns, QueryField};

/// No record comes near this; without a bound an unclosed quote would fill the memory.
const LONGEST_RECORD: usize = 512 * 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) struct CsvDecoder {
    asked: Vec<String>,
    /// Per cell of a record, the column it goes to; none before the header was read.
    header: Option<Vec<usize>>,
    buffer: Vec<u8>,
    scanner: Scanner,
    records: u64,
}

#[derive(Clone, Copy)]
struct Cell {
    start: usize,
    end: usize,
    has_doubled_quotes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quote within a quoted cell: its end, or half of a doubled one.
    Quote,
    /// Behind a quoted cell and a carriage return.
    Return,
}

/// Finds cells; its positions count from the start of the buffer.
struct Scanner {
    state: State,
    at: usize,
    cell_start: usize,
    has_doubled_quotes: bool,
    /// Of whole records, and of the one under way behind them.
    cells: Vec<Cell>,
    whole_cells: usize,
    whole_records: usize,
    records_end: usize,
}

impl CsvDecoder {
    pub(super) fn new(fields: &[QueryField]) -> Self {
        let scanner = Scanner {
            state: State::CellStart,
            at: 0,
            cell_start: 0,
            has_doubled_quotes: false,
            cells: Vec::new(),
            whole_cells: 0,
            whole_records: 0,
            records_end: 0,
        };
        let asked = fields.iter().map(|field| field.name.clone()).collect();
        Self { asked, header: None, buffer: Vec::new(), scanner, records: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Decodes whole records of what was pushed, as many as the batch has room for.
    pub(super) fn decode(&mut self, columns: &mut Columns) -> Result<(), AnswerDefect> {
        if self.header.is_none() {
            let is_start_of_mark = self.buffer.len() < 3 && BYTE_ORDER_MARK.starts_with(&self.buffer);
            if is_start_of_mark || !self.read_header()? {
                return Ok(());
            }
        }
        while columns.room() > 0 {
            self.scan(columns.room(), columns.len())?;
            if self.scanner.whole_records == 0 {
                break;
            }
            self.take_records(columns)?;
        }
        if self.buffer.len() > LONGEST_RECORD {
            return Err(AnswerDefect::TooLarge { limit_bytes: LONGEST_RECORD });
        }
        Ok(())
    }

    /// Decodes the last record. It may lack its line end only behind a closing quote: anywhere else
    /// nobody can tell a whole cell from half of one. The body must be at its end.
    pub(super) fn finish(&mut self, columns: &mut Columns) -> Result<(), AnswerDefect> {
        if self.scanner.state == State::Quote {
            self.push(b"\n");
        }
        self.decode(columns)?;
        if self.scanner.is_between_records(&self.buffer) {
            Ok(())
        } else {
            Err(AnswerDefect::CutShort { record: self.record_under_way() })
        }
    }

    fn record_under_way(&self) -> u64 {
        self.records + self.scanner.whole_records as u64 + 1
    }

    fn scan(&mut self, most_records: usize, cells_due: usize) -> Result<(), AnswerDefect> {
        while self.scanner.whole_records < most_records {
            match self.scanner.next_record(&self.buffer) {
                Err(StrayQuote) => return Err(AnswerDefect::StrayQuote { record: self.record_under_way() }),
                Ok(None) => break,
                Ok(Some(found)) if found == cells_due => self.scanner.accept_record(),
                Ok(Some(found)) => {
                    let record = self.record_under_way();
                    return Err(AnswerDefect::CellCount { record, found, expected: cells_due });
                }
            }
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<bool, AnswerDefect> {
        if self.buffer.starts_with(BYTE_ORDER_MARK) && self.scanner.at == 0 {
            self.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        match self.scanner.next_record(&self.buffer) {
            Err(StrayQuote) => return Err(AnswerDefect::StrayQuote { record: 0 }),
            Ok(None) => return Ok(false),
            Ok(Some(_)) => self.scanner.accept_record(),
        }
        let text = utf8(&self.buffer[..self.scanner.records_end], 0)?;
        let mut header = Vec::new();
        for cell in &self.scanner.cells[..self.scanner.whole_cells] {
            let name = &text[cell.start..cell.end];
            let Some(column) = self.asked.iter().position(|asked| asked.eq_ignore_ascii_case(name)) else {
                return Err(AnswerDefect::ColumnNotAsked { column: name.chars().take(120).collect() });
            };
            if header.contains(&column) {
                return Err(AnswerDefect::ColumnTwice { column: name.to_owned() });
            }
            header.push(column);
        }
        if let Some(missing) = (0..self.asked.len()).find(|column| !header.contains(column)) {
            return Err(AnswerDefect::ColumnMissing { column: self.asked[missing].clone() });
        }
        self.header = Some(header);
        self.forget_records();
        Ok(true)
    }

    fn take_records(&mut self, columns: &mut Columns) -> Result<(), AnswerDefect> {
        let header = self.header.as_deref().unwrap_or_default();
        let text = utf8(&self.buffer[..self.scanner.records_end], self.records + 1)?;
        let cells = &self.scanner.cells[..self.scanner.whole_cells];
        for (at, column) in header.iter().enumerate() {
            for cell in cells.iter().skip(at).step_by(header.len()) {
                let content = &text[cell.start..cell.end];
                if cell.has_doubled_quotes {
                    columns.append(*column, Some(&content.replace("\"\"", "\"")));
                } else {
                    columns.append(*column, Some(content));
                }
            }
        }
        columns.end_records(self.scanner.whole_records);
        self.records += self.scanner.whole_records as u64;
        self.forget_records();
        Ok(())
    }

    fn forget_records(&mut self) {
        self.buffer.drain(..self.scanner.records_end);
        self.scanner.forget_records();
    }
}

/// The record is named from the first one in `bytes`, counting line ends: close enough to find it.
fn utf8(bytes: &[u8], first_record: u64) -> Result<&str, AnswerDefect> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line_ends = memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
        AnswerDefect::NotUtf8 { record: first_record + line_ends as u64 }
    })
}

struct StrayQuote;

impl Scanner {
    /// Moves over one record and tells how many cells it has; none if its end has not arrived.
    fn next_record(&mut self, buffer: &[u8]) -> Result<Option<usize>, StrayQuote> {
        loop {
            let Some(&byte) = buffer.get(self.at) else {
                return Ok(None);
            };
            match (self.state, byte) {
                (State::CellStart, b'"') => {
                    self.at += 1;
                    self.begin_cell(State::Quoted);
                }
                (State::CellStart, b'\n' | b'\r') if self.is_record_start() => {
                    // A blank line.
                    self.at += 1;
                }
                (State::CellStart, _) => self.begin_cell(State::Plain),
                (State::Quoted, _) => match memchr(b'"', &buffer[self.at..]) {
                    None => self.at = buffer.len(),
                    Some(found) => {
                        self.at += found + 1;
                        self.state = State::Quote;
                    }
                },
                (State::Quote, b'"') => {
                    self.has_doubled_quotes = true;
                    self.at += 1;
                    self.state = State::Quoted;
                }
                (State::Quote, b'\r') => {
                    self.end_cell(self.at - 1);
                    self.at += 1;
                    self.state = State::Return;
                }
                (State::Quote, b',') => {
                    self.end_cell(self.at - 1);
                    self.at += 1;
                }
                (State::Quote, b'\n') => {
                    self.end_cell(self.at - 1);
                    return Ok(Some(self.end_record()));
                }
                (State::Return, b'\n') => return Ok(Some(self.end_record())),
                (State::Quote | State::Return, _) => return Err(StrayQuote),
                (State::Plain, _) => {
                    if let Some(cells) = self.plain_cell(buffer)? {
                        return Ok(Some(cells));
                    }
                }
            }
        }
    }

    fn plain_cell(&mut self, buffer: &[u8]) -> Result<Option<usize>, StrayQuote> {
        let Some(found) = memchr3(b',', b'\n', b'"', &buffer[self.at..]) else {
            self.at = buffer.len();
            return Ok(None);
        };
        self.at += found;
        match buffer[self.at] {
            b',' => {
                self.end_cell(self.at);
                self.at += 1;
                Ok(None)
            }
            b'\n' => {
                let has_return = self.at > self.cell_start && buffer[self.at - 1] == b'\r';
                self.end_cell(self.at - usize::from(has_return));
                Ok(Some(self.end_record()))
            }
            _ => Err(StrayQuote),
        }
    }

    fn is_record_start(&self) -> bool {
        self.cells.len() == self.whole_cells
    }

    /// True if and only if nothing but blank lines lies behind the last whole record.
    fn is_between_records(&self, buffer: &[u8]) -> bool {
        self.state == State::CellStart
            && self.is_record_start()
            && buffer[self.at..].iter().all(|byte| matches!(byte, b'\r' | b'\n'))
    }

    fn begin_cell(&mut self, state: State) {
        self.cell_start = self.at;
        self.has_doubled_quotes = false;
        self.state = state;
    }

    fn end_cell(&mut self, end: usize) {
        self.cells.push(Cell { start: self.cell_start, end, has_doubled_quotes: self.has_doubled_quotes });
        self.state = State::CellStart;
    }

    fn end_record(&mut self) -> usize {
        self.at += 1;
        self.state = State::CellStart;
        self.cells.len() - self.whole_cells
    }

    fn accept_record(&mut self) {
        self.whole_cells = self.cells.len();
        self.whole_records += 1;
        self.records_end = self.at;
    }

    /// Shifts positions, because the whole records leave the buffer.
    fn forget_records(&mut self) {
        self.cells.drain(..self.whole_cells);
        for cell in &mut self.cells {
            cell.start -= self.records_end;
            cell.end -= self.records_end;
        }
        self.at -= self.records_end;
        self.cell_start = self.cell_start.saturating_sub(self.records_end);
        (self.whole_cells, self.whole_records, self.records_end) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests;

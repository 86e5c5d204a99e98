//! Numbers, sizes, times and tables as they are shown on a terminal.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, presets};

/// `1234567` as `1,234,567`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in binary units, three digits at most before the unit.
pub(crate) fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if value < 1024 {
        return format!("{value} B");
    }
    let mut unit = 0;
    let mut tenths = value * 10 / 1024;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths >= 1000 {
        return format!("{} {}", tenths / 10, UNITS[unit]);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A stretch of time in its two largest units.
pub(crate) fn duration(delta: TimeDelta) -> String {
    let ms = delta.num_milliseconds().max(0);
    let (s, m, h, d) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match (d, h, m) {
        (0, 0, 0) if s < 10 => format!("{}.{} s", s, ms % 1000 / 100),
        (0, 0, 0) => format!("{s} s"),
        (0, 0, _) => format!("{m} min {} s", s % 60),
        (0, _, _) => format!("{h} h {} min", m % 60),
        _ => format!("{d} d {} h", h % 24),
    }
}

/// A moment in UTC, to the second.
pub(crate) fn time(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment as JSON holds it.
pub(crate) fn rfc3339(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// How long ago something was, for tables of what goes on now.
pub(crate) fn ago(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if now - moment < TimeDelta::seconds(1) {
        return "now".to_owned();
    }
    let whole_seconds = TimeDelta::seconds((now - moment).num_seconds());
    let text = duration(whole_seconds).replace(".0 ", " ");
    let largest = text.split(' ').take(2).collect::<Vec<_>>().join(" ");
    format!("{largest} ago")
}

/// A word of JSON as a person reads it: `needs_reauthorisation` as `needs reauthorisation`.
pub(crate) fn words(word: &str) -> String {
    word.replace('_', " ")
}

/// Cuts a text to what fits a cell, on one line; control characters are shown as blanks.
pub(crate) fn cell_text(text: &str, longest: usize) -> String {
    let mut cut: String = text.chars().take(longest).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(longest).is_some() {
        cut.pop();
        cut.push('…');
    }
    cut
}

/// Which side a column's text stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Text(&'static str),
    Number(&'static str),
}

/// A table with no lines, numbers to the right. `width` is that of the terminal; without one, lines
/// are as long as they need to be, so that other programs can read them.
pub(crate) struct Rows {
    table: Table,
    columns: Vec<Column>,
    is_empty: bool,
}

impl Rows {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(columns.iter().map(|column| match column {
            Column::Text(name) | Column::Number(name) => Cell::new(name).add_attribute(Attribute::Dim),
        }));
        for (i, column) in columns.iter().enumerate() {
            let Some(shown) = table.column_mut(i) else { continue };
            shown.set_padding((0, 2));
            if matches!(column, Column::Number(_)) {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { table, columns: columns.to_vec(), is_empty: true }
    }

    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.columns.len());
        self.table.add_row(cells);
        self.is_empty = false;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    pub(crate) fn render(mut self, width: Option<u16>, styled: bool) -> String {
        if let Some(width) = width {
            self.table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        if styled {
            self.table.enforce_styling();
        } else {
            self.table.force_no_tty();
        }
        let mut text = String::new();
        for line in self.table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sizes_and_times_are_short_and_exact() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(300 * 1024 * 1024), "300 MiB");
        assert_eq!(bytes(u64::MAX / 16), "1023 PiB");
        assert_eq!(duration(TimeDelta::milliseconds(1234)), "1.2 s");
        assert_eq!(duration(TimeDelta::seconds(83)), "1 min 23 s");
        assert_eq!(duration(TimeDelta::minutes(200)), "3 h 20 min");
        assert_eq!(duration(TimeDelta::hours(49)), "2 d 1 h");
    }

    #[test]
    fn the_past_is_told_in_its_largest_unit() {
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(ago(now, now), "now");
        assert_eq!(ago(now - TimeDelta::milliseconds(3200), now), "3 s ago");
        assert_eq!(ago(now - TimeDelta::seconds(83), now), "1 min ago");
    }

    #[test]
    fn text_in_a_cell_stays_on_one_line() {
        assert_eq!(cell_text("one\ntwo", 20), "one two");
        assert_eq!(cell_text("0123456789", 5), "0123…");
    }

    #[test]
    fn a_table_is_calm_and_numbers_stand_to_the_right() {
        let mut rows = Rows::new(&[Column::Text("object"), Column::Number("records")]);
        rows.push(["Account".to_owned(), number(12_345)]);
        rows.push(["Contact".to_owned(), number(7)]);
        insta::assert_snapshot!(rows.render(Some(80), false), @r"
        object   records
        Account   12,345
        Contact        7
        ");
    }

    #[test]
    fn a_table_wraps_within_a_narrow_terminal() {
        let mut rows = Rows::new(&[Column::Text("object"), Column::Text("error")]);
        rows.push([
            "Account".to_owned(),
            "Salesforce answered REQUEST_LIMIT_EXCEEDED: the org is over its limit".to_owned(),
        ]);
        let text = rows.render(Some(40), false);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }
}

//! The display format of an autonumber, such as `A-{YYYY}{MM}-{0000}` ("Auto Number Field Formats", Salesforce Help).

use chrono::{Datelike, NaiveDate};

use super::value::write_padded;

/// A format with its date filled in: what stands before and after the number, and how wide the number is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Display {
    pub(crate) before: String,
    pub(crate) width: usize,
    pub(crate) after: String,
}

impl Display {
    /// Without a part in braces that is made of zeros, the number stands at the end.
    pub(crate) fn on(day: NaiveDate, format: &str) -> Display {
        let mut display = Display { before: String::new(), width: 1, after: String::new() };
        let mut is_numbered = false;
        let mut rest = format;
        while let Some((text, (part, next))) =
            rest.split_once('{').and_then(|(text, rest)| Some((text, rest.split_once('}')?)))
        {
            let out = if is_numbered { &mut display.after } else { &mut display.before };
            out.push_str(text);
            match part {
                "YYYY" => write_padded(out, day.year().unsigned_abs().into(), 4),
                "YY" => write_padded(out, (day.year().unsigned_abs() % 100).into(), 2),
                "MM" => write_padded(out, day.month().into(), 2),
                "DD" => write_padded(out, day.day().into(), 2),
                zeros => (display.width, is_numbered) = (zeros.len(), true),
            }
            rest = next;
        }
        let end = if is_numbered { &mut display.after } else { &mut display.before };
        end.push_str(rest);
        display
    }

    pub(crate) fn number(&self, number: u64) -> String {
        format!("{}{number:0width$}{}", self.before, self.after, width = self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_stand_where_the_format_says_and_the_number_where_the_zeros_are() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        for (format, shown) in [
            ("INV-{0000}", "INV-0007"),
            ("A-{YYYY}{MM}-{0000}", "A-202603-0007"),
            ("{DD}/{MM}/{YY} {0} end", "09/03/26 7 end"),
            ("{000}-{YYYY}", "007-2026"),
            ("plain ", "plain 7"),
        ] {
            assert_eq!(Display::on(day, format).number(7), shown, "{format}");
        }
    }
}

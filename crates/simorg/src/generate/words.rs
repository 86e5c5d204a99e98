//! Words and texts for generated rows: plain ones, and the odd ones that break careless readers.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::model::value::{write_hex, write_padded};

use super::GeneratedRow;

const FIRST: [&str; 24] = [
    "Ava", "Noah", "Zoë", "José", "Łukasz", "Mei", "Søren", "Renée", "Omar", "Priya", "Jürgen", "Chloé",
    "Иван", "美咲", "Anaïs", "Siobhán", "Tariq", "Ingrid", "Björn", "Fatima", "Mateo", "Olivia", "Liam",
    "Ngọc",
];
const LAST: [&str; 24] = [
    "Smith",
    "García",
    "Müller",
    "O'Brien",
    "Nguyễn",
    "Kowalski",
    "Sørensen",
    "Dubois",
    "Петров",
    "田中",
    "Haddad",
    "van der Berg",
    "D'Angelo",
    "Okafor",
    "Null",
    "Johansson",
    "Lee",
    "Rossi",
    "Singh",
    "Fernández",
    "Åkesson",
    "Yılmaz",
    "Cohen",
    "Tester",
];
const COMPANY: [&str; 16] = [
    "Northwind",
    "Acme",
    "Größer & Söhne",
    "Blue Sky",
    "Café Zürich",
    "Umbrella",
    "Initech",
    "三井商事",
    "Vandelay",
    "Hooli",
    "Globex",
    "Soylent",
    "Sirius",
    "Tyrell",
    "Wayne",
    "Stark",
];
const FORM: [&str; 8] = ["Inc.", "LLC", "GmbH", "S.A.", "Ltd", "AG", "株式会社", "\"Partners\", Ltd"];
const NOUN: [&str; 16] = [
    "Proposal",
    "Invoice",
    "Contract",
    "Meeting notes",
    "Roadmap",
    "Budget",
    "Order",
    "Reklamation",
    "Übersicht",
    "Audit",
    "Renewal",
    "Demo",
    "Quote",
    "Survey",
    "Training",
    "Support call",
];
const VERB: [&str; 10] =
    ["Review", "Send", "Discuss", "Plan", "Cancel", "Follow up on", "Sign", "Prepare", "Check", "Re-open"];
const STREET: [&str; 8] =
    ["Main St", "Rue de la Paix", "Hauptstraße", "Av. Reforma", "Nygade", "Elm Street", "Via Roma", "桜通り"];
const PLACE: [(&str, &str, &str, &str); 8] = [
    ("Paris", "", "75001", "France"),
    ("San Francisco", "CA", "94105", "USA"),
    ("München", "Bayern", "80331", "Germany"),
    ("Kraków", "", "30-001", "Poland"),
    ("東京", "東京都", "100-0001", "Japan"),
    ("Cambridge", "MA", "02139", "USA"),
    ("São Paulo", "SP", "01000-000", "Brazil"),
    ("Reykjavík", "", "101", "Iceland"),
];

/// Texts that look like something else, or carry signs that need care.
const ODD: [&str; 20] = [
    "NA",
    "null",
    "#N/A",
    "=1+1",
    "0",
    "comma, separated, values",
    "say \"hello\"",
    "back\\slash \\n not a line end",
    // The platform takes away blanks at either end, but not this one.
    "\u{A0}leading no-break space",
    "emoji \u{1F600}\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
    "\u{645}\u{631}\u{62D}\u{628}\u{627} \u{5E9}\u{5DC}\u{5D5}\u{5DD}",
    "e\u{301} is not \u{e9}",
    "tab\there",
    "'; DROP TABLE x; --",
    "<b>bold</b> &amp; &lt;",
    "true",
    "-0",
    "1.0E7",
    "\u{FEFF}byte order mark",
    "trailing quote\"",
];

/// What lines begin with: every verb with every noun.
static PHRASES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let with =
        |verb: &'static str| NOUN.iter().map(move |noun| format!("{verb} {} for ", noun.to_lowercase()));
    VERB.into_iter().flat_map(with).collect()
});

fn place_in(row: &GeneratedRow<'_>, topic: u64, length: usize) -> usize {
    usize::try_from(row.below(topic, length as u64)).expect("an index")
}

fn choose<'a>(row: &GeneratedRow<'_>, topic: u64, list: &[&'a str]) -> &'a str {
    list[place_in(row, topic, list.len())]
}

pub fn first_name(row: &GeneratedRow<'_>) -> &'static str {
    choose(row, 1, &FIRST)
}

pub fn last_name(row: &GeneratedRow<'_>) -> &'static str {
    choose(row, 2, &LAST)
}

// What follows adds its text to `out`.

pub fn full_name(row: &GeneratedRow<'_>, topic: u64, out: &mut String) {
    add(out, &[choose(row, topic + 1, &FIRST), " ", choose(row, topic + 2, &LAST)]);
}

pub fn company(row: &GeneratedRow<'_>, out: &mut String) {
    if row.below(3, 40) == 0 {
        add(out, &[choose(row, 4, &ODD).trim(), " "]);
        return write_padded(out, row.index, 1);
    }
    add(out, &[choose(row, 4, &COMPANY), " ", choose(row, 5, &FORM), " "]);
    write_padded(out, row.index + 1, 1);
}

pub fn noun(row: &GeneratedRow<'_>, topic: u64) -> &'static str {
    choose(row, topic, &NOUN)
}

/// Unique within the object.
pub fn email(row: &GeneratedRow<'_>, out: &mut String) {
    let plain = |name: &'static str| {
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase())
    };
    let start = out.len();
    out.extend(plain(first_name(row)));
    if out.len() > start && plain(last_name(row)).next().is_some() {
        out.push('.');
    }
    out.extend(plain(last_name(row)));
    write_padded(out, row.index + 1, 1);
    out.push_str("@example.com");
}

pub fn phone(row: &GeneratedRow<'_>, topic: u64, out: &mut String) {
    let digits = row.hash(topic + 1) % 10_000_000_000;
    match row.below(topic + 2, 3) {
        0 => {
            out.push('(');
            write_padded(out, digits / 10_000_000, 3);
            out.push_str(") ");
            write_padded(out, digits / 10_000 % 1000, 3);
            out.push('-');
            write_padded(out, digits % 10_000, 4);
        }
        1 => {
            out.push_str("+49 ");
            write_padded(out, digits, 10);
        }
        _ => write_padded(out, digits, 10),
    }
}

pub fn url(row: &GeneratedRow<'_>, topic: u64, out: &mut String) {
    let page = row.hash(topic + 1) >> 40;
    out.push_str("https://www.example.com/");
    write_hex(out, page);
    out.push_str("?q=a%20b&n=");
    write_padded(out, row.index, 1);
}

pub fn street(row: &GeneratedRow<'_>, topic: u64, out: &mut String) {
    write_padded(out, row.below(topic + 1, 990) + 1, 1);
    add(out, &[" ", choose(row, topic + 2, &STREET)]);
    match row.below(topic + 3, 5) {
        0 => {
            out.push_str("\r\nFloor ");
            write_padded(out, row.below(topic + 4, 30), 1);
        }
        1 => add(out, &["\nc/o \"", last_name(row), "\""]),
        _ => {}
    }
}

/// A part of a place; parts made under one topic belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlacePart {
    City,
    State,
    PostalCode,
    Country,
}

pub fn place(row: &GeneratedRow<'_>, topic: u64, part: PlacePart) -> &'static str {
    let place = &PLACE[place_in(row, topic + 5, PLACE.len())];
    match part {
        PlacePart::City => place.0,
        PlacePart::State => place.1,
        PlacePart::PostalCode => place.2,
        PlacePart::Country => place.3,
    }
}

pub fn line(row: &GeneratedRow<'_>, topic: u64, out: &mut String) {
    if row.below(topic + 1, 12) == 0 {
        return out.push_str(choose(row, topic + 2, &ODD));
    }
    let phrase = place_in(row, topic + 3, VERB.len()) * NOUN.len() + place_in(row, topic + 4, NOUN.len());
    add(out, &[&PHRASES[phrase], choose(row, topic + 5, &COMPANY)]);
}

/// Paragraphs: most short, a few filling the field.
pub fn long(row: &GeneratedRow<'_>, topic: u64, length: usize, html: bool, out: &mut String) {
    let wanted = match row.below(topic + 1, 1000) {
        0 => length,
        1..=20 => length.min(4000),
        _ => length.min(40 + usize::try_from(row.below(topic + 2, 400)).expect("small")),
    };
    let line_end = ["\r\n", "\n", "\n\n", "; "][usize::try_from(row.below(topic + 3, 4)).expect("an index")];
    let start = out.len();
    if html {
        out.push_str("<p>Rich <b>text</b> with <img src=\"https://example.file.force.com/servlet/rtaImage?refid=0EM000000000001\"></img></p>");
    }
    let mut part = 0;
    while out.len() - start < wanted {
        line(row, topic + 10 + part * 7, out);
        out.push_str(line_end);
        part += 1;
    }
    keep(out, start, |text| text.trim_end_matches(['\r', '\n', ' ', ';']));
    cut(out, start, wanted.max(8));
}

#[inline]
fn add(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

/// Keeps a head of what was added from `start` on.
fn keep(out: &mut String, start: usize, head: impl Fn(&str) -> &str) {
    let kept = head(&out[start..]).len();
    out.truncate(start + kept);
}

/// Keeps at most `length` characters of what was added from `start` on, and no blank at the end of a part.
pub fn cut(out: &mut String, start: usize, length: usize) {
    if let Some(at) = place_of_character(&out[start..], length) {
        out.truncate(start + at);
        keep(out, start, str::trim_end);
    }
}

/// Where the character after so many begins; `None` if there are no more. Counts bytes that begin a character, many at once.
fn place_of_character(text: &str, number: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut seen) = (0_usize, 0_usize);
    while seen < number {
        let end = at.checked_add(number - seen).filter(|end| *end < bytes.len())?;
        // Pieces of this size can be counted in bytes.
        let pieces = bytes[at..end].chunks(128);
        let begun =
            pieces.map(|piece| piece.iter().fold(0, |begun: u8, byte| begun + u8::from(begins(*byte))));
        seen += begun.map(usize::from).sum::<usize>();
        at = end;
    }
    let rest = bytes[at..].iter().position(|byte| begins(*byte))?;
    Some(at + rest)
}

/// Whether a character begins with this byte of UTF-8.
fn begins(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Keeps at most `length` bytes of the ASCII text that was added from `start` on, those at its end.
pub fn keep_end(out: &mut String, start: usize, length: usize) {
    let excess = (out.len() - start).saturating_sub(length);
    out.replace_range(start..start + excess, "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        for text in [
            "",
            "a",
            "abcdef",
            "äöü",
            "a桜b通c",
            "\u{1F600}x\u{1F600}",
            &"桜".repeat(40),
            &"ab桜".repeat(100),
        ] {
            for length in (0..50).chain(250..310) {
                let mut out = format!("head{text}");
                cut(&mut out, 4, length);
                let expected: String = text.chars().take(length).collect();
                assert_eq!(out, format!("head{expected}"), "{length}");
            }
        }
    }
}

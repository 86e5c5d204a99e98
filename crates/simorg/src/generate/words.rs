//! Words and texts for generated rows: plain ones, and the odd ones that break careless readers.

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
    "  leading blanks",
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

fn choose<'a>(row: &GeneratedRow<'_>, topic: u64, list: &[&'a str]) -> &'a str {
    list[usize::try_from(row.below(topic, list.len() as u64)).expect("an index")]
}

pub fn first_name(row: &GeneratedRow<'_>) -> &'static str {
    choose(row, 1, &FIRST)
}

pub fn last_name(row: &GeneratedRow<'_>) -> &'static str {
    choose(row, 2, &LAST)
}

pub fn full_name(row: &GeneratedRow<'_>, topic: u64) -> String {
    format!("{} {}", choose(row, topic + 1, &FIRST), choose(row, topic + 2, &LAST))
}

pub fn company(row: &GeneratedRow<'_>) -> String {
    if row.below(3, 40) == 0 {
        return format!("{} {}", choose(row, 4, &ODD).trim(), row.index);
    }
    format!("{} {} {}", choose(row, 4, &COMPANY), choose(row, 5, &FORM), row.index + 1)
}

pub fn noun(row: &GeneratedRow<'_>, topic: u64) -> &'static str {
    choose(row, topic, &NOUN)
}

/// Unique within the object.
pub fn email(row: &GeneratedRow<'_>) -> String {
    let name: String = format!("{}.{}", first_name(row), last_name(row))
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect::<String>()
        .to_lowercase();
    format!("{}{}@example.com", name.trim_matches('.'), row.index + 1)
}

pub fn phone(row: &GeneratedRow<'_>, topic: u64) -> String {
    let digits = row.hash(topic + 1) % 10_000_000_000;
    match row.below(topic + 2, 3) {
        0 => format!("({:03}) {:03}-{:04}", digits / 10_000_000, digits / 10_000 % 1000, digits % 10_000),
        1 => format!("+49 {digits:010}"),
        _ => format!("{digits:010}"),
    }
}

pub fn url(row: &GeneratedRow<'_>, topic: u64) -> String {
    format!("https://www.example.com/{:x}?q=a%20b&n={}", row.hash(topic + 1) >> 40, row.index)
}

pub fn street(row: &GeneratedRow<'_>, topic: u64) -> String {
    let street = format!("{} {}", row.below(topic + 1, 990) + 1, choose(row, topic + 2, &STREET));
    match row.below(topic + 3, 5) {
        0 => format!("{street}\r\nFloor {}", row.below(topic + 4, 30)),
        1 => format!("{street}\nc/o \"{}\"", last_name(row)),
        _ => street,
    }
}

/// A part of a place; parts made under one topic belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacePart {
    City,
    State,
    PostalCode,
    Country,
}

pub fn place(row: &GeneratedRow<'_>, topic: u64, part: PlacePart) -> String {
    let place = PLACE[usize::try_from(row.below(topic + 5, PLACE.len() as u64)).expect("an index")];
    match part {
        PlacePart::City => place.0,
        PlacePart::State => place.1,
        PlacePart::PostalCode => place.2,
        PlacePart::Country => place.3,
    }
    .to_owned()
}

pub fn line(row: &GeneratedRow<'_>, topic: u64) -> String {
    if row.below(topic + 1, 12) == 0 {
        return choose(row, topic + 2, &ODD).to_owned();
    }
    format!(
        "{} {} for {}",
        choose(row, topic + 3, &VERB),
        choose(row, topic + 4, &NOUN).to_lowercase(),
        choose(row, topic + 5, &COMPANY)
    )
}

/// Paragraphs: most short, a few filling the field.
pub fn long(row: &GeneratedRow<'_>, topic: u64, length: usize, html: bool) -> String {
    let wanted = match row.below(topic + 1, 1000) {
        0 => length,
        1..=20 => length.min(4000),
        _ => length.min(40 + usize::try_from(row.below(topic + 2, 400)).expect("small")),
    };
    let line_end = ["\r\n", "\n", "\n\n", "; "][usize::try_from(row.below(topic + 3, 4)).expect("an index")];
    let mut text = String::new();
    if html {
        text.push_str("<p>Rich <b>text</b> with <img src=\"https://example.file.force.com/servlet/rtaImage?refid=0EM000000000001\"></img></p>");
    }
    let mut part = 0;
    while text.len() < wanted {
        text.push_str(&line(row, topic + 10 + part * 7));
        text.push_str(line_end);
        part += 1;
    }
    cut(text.trim_end_matches(['\r', '\n', ' ', ';']), wanted.max(8)).trim_end().to_owned()
}

/// At most `length` characters from the start.
pub fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// At most `length` characters from the end.
pub fn last_of(text: &str, length: usize) -> String {
    let skip = text.chars().count().saturating_sub(length);
    text.chars().skip(skip).collect()
}

//! PK chunking: a query over a whole object becomes one batch for each range of its ids.

use axum::http::HeaderMap;

use crate::model::ids;
use crate::soql::Plan;
use crate::state::View;

use super::error::BulkError;

const DEFAULT_SIZE: u64 = 100_000;
const MOST: u64 = 250_000;

/// What the header `Sforce-Enable-PKChunking` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunking {
    size: u64,
    start: Option<String>,
}

impl Chunking {
    /// `true`, or settings such as `chunkSize=50000; startRow=001300000000000`; `parent` needs no play of its own.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Chunking>, BulkError> {
        let value = headers.get("sforce-enable-pkchunking").and_then(|value| value.to_str().ok());
        let Some(value) = value.map(str::trim).filter(|value| !value.eq_ignore_ascii_case("false")) else {
            return Ok(None);
        };
        let mut chunking = Chunking { size: DEFAULT_SIZE, start: None };
        for setting in value.split([';', ',']) {
            let Some((name, held)) = setting.split_once('=') else { continue };
            match (name.trim().to_ascii_lowercase().as_str(), held.trim()) {
                ("chunksize", held) => {
                    let size = held.parse().ok().filter(|size| (1..=MOST).contains(size));
                    chunking.size = size.ok_or_else(|| {
                        BulkError::new(
                            "InvalidJob",
                            format!("Invalid chunkSize: {held}, the maximum is {MOST}"),
                        )
                    })?;
                }
                ("startrow", held) => chunking.start = Some(held.to_owned()),
                _ => {}
            }
        }
        Ok(Some(chunking))
    }
}

/// The statement once for each range of ids; made one by one, since there may be as many as rows.
pub(super) fn statements<'a>(
    chunking: &'a Chunking,
    plan: &'a Plan,
    view: &View,
    statement: &'a str,
) -> Result<impl Iterator<Item = String> + use<'a>, String> {
    if !plan.is_chunkable() {
        return Err("InvalidBatch : PK chunking takes no query with ORDER BY, LIMIT or OFFSET".to_owned());
    }
    let object = plan.object();
    let asked = chunking.start.as_deref().and_then(ids::counter_of);
    let first = asked.unwrap_or(object.first_counter).max(object.first_counter);
    let end = view.snapshot().table(&object.name).map_or(first, |table| table.next_counter());
    let boundary = move |counter: u64| ids::record_id(&object.id_prefix, counter)[..15].to_owned();
    let step = usize::try_from(chunking.size).unwrap_or(usize::MAX);
    let ranges = (first..end.max(first + 1)).step_by(step);
    Ok(ranges.map(move |from| {
        let until = from.saturating_add(chunking.size);
        narrowed(statement, &format!("Id >= '{}' AND Id < '{}'", boundary(from), boundary(until)))
    }))
}

/// The statement with one more condition.
fn narrowed(statement: &str, condition: &str) -> String {
    match where_of(statement) {
        Some(at) => {
            let (head, rest) = statement.split_at(at + "where".len());
            format!("{head} ({}) AND {condition}", rest.trim())
        }
        None => format!("{statement} WHERE {condition}"),
    }
}

/// Where the word WHERE of the statement itself stands, outside of texts and inner queries.
fn where_of(statement: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut is_escaped) = (0_i32, false, false);
    for (at, letter) in statement.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            '\'' => in_text = !in_text,
            _ if in_text => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && is_word(statement, at, "where") => return Some(at),
            _ => {}
        }
    }
    None
}

fn is_word(text: &str, at: usize, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|l| l.is_alphanumeric() || l == '_');
    text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word))
        && !is_part(text[..at].chars().next_back())
        && !is_part(text[at + word.len()..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<Chunking>, BulkError> {
        let mut headers = HeaderMap::new();
        headers.insert("sforce-enable-pkchunking", value.parse().unwrap());
        Chunking::read(&headers)
    }

    #[test]
    fn the_header_is_read() {
        assert_eq!(read("false"), Ok(None));
        assert_eq!(read("TRUE"), Ok(Some(Chunking { size: 100_000, start: None })));
        assert_eq!(
            read("chunkSize=50000; startRow=00130000000xEftMGH"),
            Ok(Some(Chunking { size: 50_000, start: Some("00130000000xEftMGH".to_owned()) }))
        );
        assert!(read("chunkSize=250001").is_err());
    }

    #[test]
    fn a_condition_is_added_whatever_the_statement_says() {
        let cases = [
            ("SELECT Id FROM A", "SELECT Id FROM A WHERE c"),
            (
                "SELECT Id FROM A where B = 'it\\'s where' OR C = 1",
                "SELECT Id FROM A where (B = 'it\\'s where' OR C = 1) AND c",
            ),
            (
                "SELECT (SELECT Id FROM B WHERE X = 1) FROM A",
                "SELECT (SELECT Id FROM B WHERE X = 1) FROM A WHERE c",
            ),
            ("SELECT Somewhere__c FROM A", "SELECT Somewhere__c FROM A WHERE c"),
        ];
        for (statement, expected) in cases {
            assert_eq!(narrowed(statement, "c"), expected);
        }
    }
}

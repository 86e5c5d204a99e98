//! Lets people write Salesforce names as they do: in any case, quoted or not.
//!
//! Salesforce compares names without regard to case, and DataFusion with it. Before parsing, every
//! word of the SQL that equals a known name but for case is written in that name's spelling; of
//! words that are known to nobody (aliases), the first spelling stands. One spelling per name is the
//! same as comparing without case, also where a name is an alias here and a column there. Literals
//! and comments are not words.

use std::collections::HashMap;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};

use crate::{Error, Result};

/// One spelling per name; the first that was added stands.
#[derive(Debug, Default)]
pub(crate) struct Spellings(HashMap<String, String>);

impl Spellings {
    pub(crate) fn add(&mut self, name: &str) {
        self.0.entry(name.to_ascii_lowercase()).or_insert_with(|| name.to_owned());
    }

    /// The spelling in which `name` appears in this query.
    pub(crate) fn of<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(&name.to_ascii_lowercase()).map_or(name, String::as_str)
    }
}

/// The SQL cut into words and other tokens.
pub(crate) struct Words<'a> {
    sql: &'a str,
    tokens: Vec<TokenWithSpan>,
}

impl<'a> Words<'a> {
    pub(crate) fn of(sql: &'a str) -> Result<Self> {
        let tokens = Tokenizer::new(&GenericDialect {}, sql)
            .tokenize_with_location()
            .map_err(|error| Error::NotSql { source: ParserError::TokenizerError(error.to_string()) })?;
        Ok(Self { sql, tokens })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Word> {
        self.tokens.iter().filter_map(|token| match &token.token {
            Token::Word(word) => Some(word),
            _ => None,
        })
    }

    /// The first token that says something, as text.
    pub(crate) fn first(&self) -> Option<String> {
        let says_something = |token: &&TokenWithSpan| {
            !matches!(token.token, Token::Whitespace(_) | Token::SemiColon | Token::EOF)
        };
        self.tokens.iter().find(says_something).map(|token| token.token.to_string())
    }

    /// The same SQL with each word in its spelling. An Object's name is quoted where only a name can
    /// stand, because some of them are words of SQL: `Account`, `Case`, `Group`, `Order`, `User`.
    pub(crate) fn spelled(&self, spellings: &mut Spellings, is_object: impl Fn(&str) -> bool) -> String {
        let mut text = String::with_capacity(self.sql.len());
        let mut place = Place::start(self.sql);
        let saying: Vec<_> =
            self.tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
        for (index, token) in saying.iter().enumerate() {
            let Token::Word(word) = &token.token else { continue };
            text.push_str(place.advance_to(token.span.start));
            let written = place.advance_to(token.span.end);
            spellings.add(&word.value);
            let spelling = spellings.of(&word.value);
            let before = index.checked_sub(1).map(|index| &saying[index].token);
            let is_name = names_follow(before)
                || matches!(saying.get(index + 1), Some(next) if next.token == Token::Period);
            match word.quote_style {
                None if is_name && is_object(&word.value) => text.extend(["\"", spelling, "\""]),
                None => text.push_str(spelling),
                Some(_) => text.push_str(&written.replacen(&word.value, spelling, 1)),
            }
        }
        text.push_str(place.rest);
        text
    }
}

fn names_follow(token: Option<&Token>) -> bool {
    match token {
        Some(Token::Period) => true,
        Some(Token::Word(word)) => matches!(word.keyword, Keyword::FROM | Keyword::JOIN),
        _ => false,
    }
}

/// Walks through a text by the tokenizer's lines and columns, which count characters from 1.
struct Place<'a> {
    rest: &'a str,
    line: u64,
    column: u64,
}

impl<'a> Place<'a> {
    fn start(text: &'a str) -> Self {
        Self { rest: text, line: 1, column: 1 }
    }

    /// The text from here to `goal`, which becomes the new place.
    fn advance_to(&mut self, goal: Location) -> &'a str {
        let mut passed = 0;
        for character in self.rest.chars() {
            if (self.line, self.column) >= (goal.line, goal.column) {
                break;
            }
            passed += character.len_utf8();
            if character == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        let (before, after) = self.rest.split_at(passed);
        self.rest = after;
        before
    }
}

/// The name that differs least, if it differs by little.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let (found, edits) = known
        .map(|known| (known, edits(&name, &known.to_ascii_lowercase())))
        .min_by_key(|(_, edits)| *edits)?;
    (edits <= 3 && edits < name.len()).then(|| found.to_owned())
}

/// How many characters must be added, taken or replaced to make `right` of `left` (Levenshtein).
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(sql: &str) -> String {
        let mut spellings = Spellings::default();
        for name in ["Account", "Id", "Name", "AnnualRevenue", "Straße__c"] {
            spellings.add(name);
        }
        Words::of(sql).unwrap().spelled(&mut spellings, |word| word.eq_ignore_ascii_case("account"))
    }

    #[test]
    fn words_take_the_known_spelling_and_all_else_stays() {
        for (sql, expected) in [
            ("select NAME from account", r#"select Name from "Account""#),
            (r#"SELECT "name" FROM "ACCOUNT""#, r#"SELECT "Name" FROM "Account""#),
            (
                "SELECT name -- name\nFROM account /* ACCOUNT\n */ WHERE\r\n\tname = 'name'",
                "SELECT Name -- name\nFROM \"Account\" /* ACCOUNT\n */ WHERE\r\n\tName = 'name'",
            ),
            ("SELECT 'it''s ünï', annualrevenue", "SELECT 'it''s ünï', AnnualRevenue"),
            (
                "SELECT sum(annualrevenue) AS Total FROM account ORDER BY total",
                r#"SELECT sum(AnnualRevenue) AS Total FROM "Account" ORDER BY Total"#,
            ),
            ("SELECT a.id FROM account A", r#"SELECT a.Id FROM "Account" a"#),
            (
                "SELECT account . name, account FROM raw.account",
                r#"SELECT "Account" . Name, Account FROM raw."Account""#,
            ),
            ("", ""),
        ] {
            assert_eq!(spelled(sql), expected);
        }
    }

    #[test]
    fn the_first_word_is_found_behind_comments() {
        assert_eq!(Words::of(" -- no\n ; drop table x").unwrap().first().as_deref(), Some("drop"));
        assert_eq!(Words::of(" /* */ ; ").unwrap().first(), None);
    }

    #[test]
    fn an_open_quote_is_no_sql() {
        assert!(matches!(Words::of("SELECT 'abc"), Err(Error::NotSql { .. })));
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_name() {
        let known = ["Account", "Contact", "Property__c"];

        assert_eq!(nearest("Acount", known.into_iter()).as_deref(), Some("Account"));
        assert_eq!(nearest("property", known.into_iter()).as_deref(), Some("Property__c"));
        assert_eq!(nearest("sqlite_master", known.into_iter()), None);
    }
}

//! Reads a SOSL statement: what is looked for, in which fields, and what is answered of each object.

use crate::errors::ApiError;
use crate::soql::{SoqlError, Spanned, Token, tokens};

use super::malformed;
use super::term::{Term, TermError};

/// The greatest LIMIT ("LIMIT n", SOQL and SOSL Reference), and how much is answered without one.
pub(super) const MAX_ROWS: u64 = 2000;

/// A statement whose objects and fields are not looked up yet.
#[derive(Debug)]
pub(super) struct Statement {
    pub term: Term,
    pub group: Group,
    /// Empty: ids of whatever is found in any object.
    pub returning: Vec<Returning>,
    pub limit: u64,
}

/// Which fields are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    All,
    Name,
    Email,
    Phone,
    Sidebar,
}

impl Group {
    pub(super) fn named(name: &str) -> Result<Group, ApiError> {
        Ok(match name.to_ascii_uppercase().as_str() {
            "ALL" => Group::All,
            "NAME" => Group::Name,
            "EMAIL" => Group::Email,
            "PHONE" => Group::Phone,
            "SIDEBAR" => Group::Sidebar,
            _ => {
                let text = format!("Invalid IN fields group: {name}");
                return Err(ApiError::bad_request("INVALID_SEARCH", text));
            }
        })
    }
}

/// What is answered of one object, as the SOQL that selects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Returning {
    pub object: String,
    pub soql: String,
}

impl Returning {
    /// `rest` is WHERE and what follows it.
    pub(super) fn new(object: &str, fields: &str, rest: &str) -> Returning {
        let fields = if fields.trim().is_empty() { "Id" } else { fields.trim() };
        Returning {
            object: object.to_owned(),
            soql: format!("SELECT {fields} FROM {object} {}", rest.trim()),
        }
    }
}

/// The search expression of a text, or its refusal.
pub(super) fn term(text: &str) -> Result<Term, ApiError> {
    Term::parse(text).map_err(|error| match error {
        TermError::TooShort => ApiError::bad_request(
            "INVALID_SEARCH",
            format!("search term must be longer than one character: {text}"),
        ),
        TermError::Malformed => malformed(format!("unexpected token in search term: {text}")),
    })
}

pub(super) fn parse(source: &str) -> Result<Statement, ApiError> {
    let no_term = || malformed("No search term found. The search term must be enclosed in braces.");
    let trimmed = source.trim_start();
    let rest =
        trimmed.get(..4).filter(|word| word.eq_ignore_ascii_case("FIND")).map(|_| trimmed[4..].trim_start());
    let Some(rest) = rest else {
        return Err(malformed(format!("unexpected token: '{}'", first_word(trimmed))));
    };
    let inside = rest.strip_prefix('{').ok_or_else(no_term)?;
    let end = closing_brace(inside).ok_or_else(no_term)?;
    let tail = &inside[end + 1..];
    let spanned = tokens(tail).map_err(|fault| as_search(fault.into_error(tail)))?;
    let mut parser = Parser { tail, tokens: spanned, next: 0 };
    let (group, returning) = (parser.group()?, parser.returning()?);
    parser.with()?;
    let limit = parser.limit()?;
    parser.update()?;
    match parser.peek() {
        Token::End => Ok(Statement { term: term(&inside[..end])?, group, returning, limit }),
        _ => Err(parser.unexpected()),
    }
}

/// Errors of the clauses that SOSL shares with SOQL.
pub(super) fn as_search(error: SoqlError) -> ApiError {
    let mut refused = ApiError::from(error);
    if refused.code == "MALFORMED_QUERY" {
        "MALFORMED_SEARCH".clone_into(&mut refused.code);
    }
    refused
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or("<EOF>")
}

fn closing_brace(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '}' => return Some(at),
            _ => {}
        }
    }
    None
}

/// Words that end the field list of a RETURNING item.
const CLAUSES: [&str; 5] = ["WHERE", "USING", "ORDER", "LIMIT", "OFFSET"];

struct Parser<'a> {
    tail: &'a str,
    tokens: Vec<Spanned>,
    next: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)].token
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = match self.peek() {
            Token::Word(found) => found.eq_ignore_ascii_case(word),
            Token::Sign(sign) => *sign == word,
            _ => false,
        };
        self.next += usize::from(taken);
        taken
    }

    fn expect(&mut self, word: &str) -> Result<(), ApiError> {
        if self.take(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> ApiError {
        let spanned = &self.tokens[self.next.min(self.tokens.len() - 1)];
        malformed(format!("unexpected token: '{}'", spanned.token.shown(&self.tail[spanned.at..spanned.end])))
    }

    fn word(&mut self) -> Result<String, ApiError> {
        let Token::Word(word) = self.peek() else { return Err(self.unexpected()) };
        let word = word.clone();
        self.next += 1;
        Ok(word)
    }

    fn group(&mut self) -> Result<Group, ApiError> {
        if !self.take("IN") {
            return Ok(Group::All);
        }
        let name = self.word()?;
        self.expect("FIELDS")?;
        Group::named(&name)
    }

    fn returning(&mut self) -> Result<Vec<Returning>, ApiError> {
        let mut returning = Vec::new();
        if !self.take("RETURNING") {
            return Ok(returning);
        }
        loop {
            let object = self.word()?;
            let item = if self.take("(") { self.fields(&object)? } else { Returning::new(&object, "", "") };
            returning.push(item);
            if !self.take(",") {
                return Ok(returning);
            }
        }
    }

    /// What stands between the parentheses after an object.
    fn fields(&mut self, object: &str) -> Result<Returning, ApiError> {
        let first = self.next;
        let mut depth = 0_usize;
        let mut clause = None;
        loop {
            match self.peek() {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") if depth == 0 => break,
                Token::Sign(")") => depth -= 1,
                Token::End => return Err(self.unexpected()),
                Token::Word(word) if depth == 0 && clause.is_none() => {
                    let starts_clause = CLAUSES.iter().any(|known| word.eq_ignore_ascii_case(known));
                    clause = starts_clause.then_some(self.next);
                }
                _ => {}
            }
            self.next += 1;
        }
        let (start, end) = (self.tokens[first].at, self.tokens[self.next].at);
        let middle = clause.map_or(end, |clause| self.tokens[clause].at);
        let rest = &self.tail[middle..end];
        self.next += 1;
        if first_word(rest).eq_ignore_ascii_case("USING") {
            return Err(ApiError::not_simulated("SOSL: USING in RETURNING"));
        }
        Ok(Returning::new(object, &self.tail[start..middle], rest))
    }

    fn with(&mut self) -> Result<(), ApiError> {
        while self.take("WITH") {
            let what = self.word()?;
            if !what.eq_ignore_ascii_case("SPELL_CORRECTION") {
                return Err(ApiError::not_simulated(&format!("SOSL: WITH {}", what.to_uppercase())));
            }
            self.expect("=")?;
            if !self.take("true") && !self.take("false") {
                return Err(self.unexpected());
            }
        }
        Ok(())
    }

    fn limit(&mut self) -> Result<u64, ApiError> {
        if !self.take("LIMIT") {
            return Ok(MAX_ROWS);
        }
        let Token::Number { digits, whole: true } = self.peek() else { return Err(self.unexpected()) };
        let limit: u64 = digits.parse().map_err(|_| self.unexpected())?;
        self.next += 1;
        Ok(limit.min(MAX_ROWS))
    }

    fn update(&mut self) -> Result<(), ApiError> {
        if !self.take("UPDATE") {
            return Ok(());
        }
        let what = self.word()?.to_uppercase();
        let text = format!("Only KnowledgeArticle and KnowledgeArticleVersion support UPDATE {what}.");
        Err(malformed(text))
    }
}

//! Reads tokens into a [`Query`]: the SELECT list here, conditions in `condition`, what comes after them in `clauses`.
//!
//! AND and OR may not be mixed without parentheses, and the clauses come in one order only, as on the platform.

mod clauses;
mod condition;

use super::ast::{Expression, Name, Query, SelectItem, TypeOf};
use super::fault::Fault;
use super::lexer::{Spanned, Token, tokens};

/// The longest statement that is looked at (SOQL and SOSL Reference, "SOQL SELECT Syntax").
const MAX_STATEMENT: usize = 100_000;
/// Deeper nesting than any real statement has; keeps the parser's own stack bounded.
const MAX_DEPTH: usize = 100;

/// Words that end an alias position.
const CLAUSES: [&str; 13] = [
    "FROM", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL", "USING", "UPDATE",
    "AS",
];

pub(crate) fn parse(source: &str) -> Result<Query, Fault> {
    if source.chars().count() > MAX_STATEMENT {
        let text = format!("SOQL statements can not be longer than {MAX_STATEMENT} characters");
        return Err(Fault::plain("MALFORMED_QUERY", text));
    }
    let mut parser = Parser { source, tokens: tokens(source)?, next: 0, depth: 0 };
    if !parser.peek_word("SELECT") {
        return Err(Fault { at: None, ..parser.unexpected() });
    }
    let query = parser.query()?;
    match parser.peek().token {
        Token::End => Ok(query),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Spanned>,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn query(&mut self) -> Result<Query, Fault> {
        self.expect_word("SELECT")?;
        let select = self.select_list()?;
        self.expect_word("FROM")?;
        let from = self.name()?;
        let alias = self.alias()?;
        let mut joined = Vec::new();
        while self.take_sign(",") {
            joined.push((self.name()?, self.alias()?));
        }
        let scope = if self.take_word("USING") {
            self.expect_word("SCOPE")?;
            Some(self.name()?)
        } else {
            None
        };
        let filter = if self.take_word("WHERE") { Some(self.condition()?) } else { None };
        self.with_clause()?;
        let group_by = self.group_by()?;
        let having = if self.take_word("HAVING") { Some(self.condition()?) } else { None };
        let order_by = self.order_by()?;
        let limit = if self.take_word("LIMIT") { Some(self.count("Limit")?) } else { None };
        let offset = if self.take_word("OFFSET") { Some(self.count("SOQL offset")?) } else { None };
        let lock_at = self.for_clause()?;
        let statistics = self.update_clause()?;
        Ok(Query {
            select,
            from,
            alias,
            joined,
            scope,
            filter,
            group_by,
            having,
            order_by,
            limit,
            offset,
            lock_at,
            statistics,
        })
    }

    fn select_list(&mut self) -> Result<Vec<SelectItem>, Fault> {
        let mut items = vec![self.select_item()?];
        while self.take_sign(",") {
            items.push(self.select_item()?);
        }
        Ok(items)
    }

    fn select_item(&mut self) -> Result<SelectItem, Fault> {
        if self.take_sign("(") {
            let child = self.nested(Self::query)?;
            self.expect_sign(")")?;
            return Ok(SelectItem::Child(Box::new(child)));
        }
        if self.peek_word("TYPEOF") {
            return self.type_of().map(SelectItem::TypeOf);
        }
        let name = self.field_name()?;
        if !self.peek_sign("(") {
            let alias = self.alias()?;
            return Ok(SelectItem::Value { expression: Expression::Path(name), alias });
        }
        if name.is("DISTANCE") {
            let expression = self.distance(name.at)?;
            return Ok(SelectItem::Value { expression, alias: self.alias()? });
        }
        self.next += 1;
        if name.is("FIELDS") {
            let group = self.name()?;
            self.expect_sign(")")?;
            return Ok(SelectItem::Fields { group });
        }
        if name.is("COUNT") && self.take_sign(")") {
            let alias = self.alias()?;
            return Ok(SelectItem::CountAll { at: name.at, alias });
        }
        let argument = Box::new(self.nested(Self::expression)?);
        self.expect_sign(")")?;
        let alias = self.alias()?;
        Ok(SelectItem::Value { expression: Expression::Call { function: name, argument }, alias })
    }

    fn type_of(&mut self) -> Result<TypeOf, Fault> {
        self.expect_word("TYPEOF")?;
        let reference = self.name()?;
        let mut branches = Vec::new();
        while self.take_word("WHEN") {
            let object = self.name()?;
            self.expect_word("THEN")?;
            branches.push((object, self.name_list()?));
        }
        if branches.is_empty() {
            return Err(self.unexpected());
        }
        let otherwise = if self.take_word("ELSE") { Some(self.name_list()?) } else { None };
        self.expect_word("END")?;
        Ok(TypeOf { reference, branches, otherwise })
    }

    fn name_list(&mut self) -> Result<Vec<Name>, Fault> {
        let mut names = vec![self.name()?];
        while self.take_sign(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// A field path, or a function of one.
    fn expression(&mut self) -> Result<Expression, Fault> {
        let name = self.field_name()?;
        if !self.peek_sign("(") {
            return Ok(Expression::Path(name));
        }
        if name.is("DISTANCE") {
            return self.distance(name.at);
        }
        self.next += 1;
        let argument = Box::new(self.nested(Self::expression)?);
        self.expect_sign(")")?;
        Ok(Expression::Call { function: name, argument })
    }

    /// An optional alias: any word that does not begin a clause.
    fn alias(&mut self) -> Result<Option<Name>, Fault> {
        let explicit = self.take_word("AS");
        match &self.peek().token {
            Token::Word(word) if !CLAUSES.iter().any(|clause| word.eq_ignore_ascii_case(clause)) => {
                self.name().map(Some)
            }
            _ if explicit => Err(self.unexpected()),
            _ => Ok(None),
        }
    }

    fn name(&mut self) -> Result<Name, Fault> {
        let Token::Word(text) = &self.peek().token else { return Err(self.unexpected()) };
        let name = Name { text: text.clone(), at: self.peek().at };
        self.next += 1;
        Ok(name)
    }

    /// A name where FROM would mean that the list is not finished.
    fn field_name(&mut self) -> Result<Name, Fault> {
        if self.peek_word("FROM") { Err(self.unexpected()) } else { self.name() }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::plain(
                "QUERY_TOO_COMPLICATED",
                "Query is either selecting too many fields or the filter conditions are too complicated.",
            ));
        }
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn peek(&self) -> &Spanned {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn peek_word(&self, word: &str) -> bool {
        matches!(&self.peek().token, Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn peek_sign(&self, sign: &str) -> bool {
        matches!(&self.peek().token, Token::Sign(found) if *found == sign)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let taken = self.peek_word(word);
        self.next += usize::from(taken);
        taken
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let taken = self.peek_sign(sign);
        self.next += usize::from(taken);
        taken
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Fault> {
        if self.take_sign(sign) {
            return Ok(());
        }
        if sign == ")" {
            let found = self.shown();
            return Err(Fault::malformed(
                self.peek().at,
                format!("expecting a right parentheses, found '{found}'"),
            ));
        }
        Err(self.unexpected())
    }

    fn shown(&self) -> String {
        let spanned = self.peek();
        spanned.token.shown(&self.source[spanned.at..spanned.end])
    }

    fn unexpected(&self) -> Fault {
        let text = format!("unexpected token: '{}'", self.shown());
        match self.peek().token {
            Token::End => Fault::plain("MALFORMED_QUERY", text),
            _ => Fault::malformed(self.peek().at, text),
        }
    }
}

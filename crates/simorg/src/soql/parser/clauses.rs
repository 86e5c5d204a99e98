//! The clauses after WHERE, and the functions with arguments of their own.

use super::super::ast::{Expression, GroupBy, GroupMode, Name, Ordering};
use super::super::fault::Fault;
use super::super::lexer::{Token, unescape};
use super::Parser;

impl Parser<'_> {
    pub(super) fn group_by(&mut self) -> Result<Option<GroupBy>, Fault> {
        if !self.take_word("GROUP") {
            return Ok(None);
        }
        self.expect_word("BY")?;
        let at = self.peek().at;
        let mode = match (self.peek_word("ROLLUP"), self.peek_word("CUBE")) {
            (true, _) => GroupMode::Rollup,
            (_, true) => GroupMode::Cube,
            _ => GroupMode::Plain,
        };
        if mode != GroupMode::Plain {
            self.next += 1;
            self.expect_sign("(")?;
        }
        let mut keys = vec![self.expression()?];
        while self.take_sign(",") {
            keys.push(self.expression()?);
        }
        if mode != GroupMode::Plain {
            self.expect_sign(")")?;
        }
        Ok(Some(GroupBy { mode, at, keys }))
    }

    pub(super) fn order_by(&mut self) -> Result<Vec<Ordering>, Fault> {
        if !self.take_word("ORDER") {
            return Ok(Vec::new());
        }
        self.expect_word("BY")?;
        let mut orderings = vec![self.ordering()?];
        while self.take_sign(",") {
            orderings.push(self.ordering()?);
        }
        Ok(orderings)
    }

    fn ordering(&mut self) -> Result<Ordering, Fault> {
        let by = self.expression()?;
        let descending = self.take_word("DESC");
        if !descending {
            self.take_word("ASC");
        }
        let mut nulls_last = false;
        if self.take_word("NULLS") {
            nulls_last = self.take_word("LAST");
            if !nulls_last {
                self.expect_word("FIRST")?;
            }
        }
        Ok(Ordering { by, descending, nulls_last })
    }

    pub(super) fn with_clause(&mut self) -> Result<(), Fault> {
        let at = self.peek().at;
        if !self.take_word("WITH") {
            return Ok(());
        }
        for context in ["SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"] {
            if self.peek_word(context) {
                return Err(Fault::malformed(at, format!("{context} not allowed in this context")));
            }
        }
        Err(Fault::not_simulated("the WITH clause"))
    }

    /// Where `FOR UPDATE` stands; the other purposes need no place.
    pub(super) fn for_clause(&mut self) -> Result<Option<usize>, Fault> {
        let mut lock_at = None;
        loop {
            let at = self.peek().at;
            if !self.take_word("FOR") {
                break;
            }
            if self.peek_word("UPDATE") {
                lock_at = Some(at);
            }
            if !["VIEW", "REFERENCE", "UPDATE"].iter().any(|purpose| self.take_word(purpose)) {
                return Err(self.unexpected());
            }
            self.take_sign(",");
        }
        let at = self.peek().at;
        if self.take_word("ALL") {
            self.expect_word("ROWS")?;
            return Err(Fault::malformed(at, "ALL ROWS not allowed in this context"));
        }
        Ok(lock_at)
    }

    pub(super) fn update_clause(&mut self) -> Result<Option<Name>, Fault> {
        if !self.take_word("UPDATE") {
            return Ok(None);
        }
        let kind = self.name()?;
        if !kind.is("TRACKING") && !kind.is("VIEWSTAT") {
            self.next -= 1;
            return Err(self.unexpected());
        }
        if self.take_sign(",") {
            self.name()?;
        }
        Ok(Some(kind))
    }

    pub(super) fn count(&mut self, clause: &str) -> Result<u64, Fault> {
        let Token::Number { digits, whole: true } = &self.peek().token else {
            return Err(self.unexpected());
        };
        if digits.starts_with('-') {
            let text = format!("{clause} must be a non-negative value");
            return Err(Fault::malformed(self.peek().at, text));
        }
        let count = digits.parse().map_err(|_| self.unexpected())?;
        self.next += 1;
        Ok(count)
    }

    /// The arguments of `DISTANCE`, whose name has been read.
    pub(super) fn distance(&mut self, at: usize) -> Result<Expression, Fault> {
        self.expect_sign("(")?;
        let location = self.name()?;
        self.expect_sign(",")?;
        self.expect_word("GEOLOCATION")?;
        self.expect_sign("(")?;
        let latitude = self.coordinate()?;
        self.expect_sign(",")?;
        let longitude = self.coordinate()?;
        self.expect_sign(")")?;
        self.expect_sign(",")?;
        let Token::Text(raw) = &self.peek().token else { return Err(self.unexpected()) };
        let unit = unescape(raw, self.peek().at)?;
        self.next += 1;
        self.expect_sign(")")?;
        Ok(Expression::Distance { at, location, from: (latitude, longitude), unit })
    }

    fn coordinate(&mut self) -> Result<f64, Fault> {
        let Token::Number { digits, .. } = &self.peek().token else { return Err(self.unexpected()) };
        let coordinate = digits.parse().map_err(|_| self.unexpected())?;
        self.next += 1;
        Ok(coordinate)
    }
}

//! The conditions of WHERE and HAVING.

use super::super::ast::{Condition, Literal, LiteralKind, Operand, Operator};
use super::super::dates::{COUNTED_DATE_WORDS, DATE_WORDS, MOST_UNITS};
use super::super::fault::Fault;
use super::super::lexer::{Token, unescape};
use super::Parser;

impl Parser<'_> {
    /// Terms joined by AND only or by OR only.
    pub(super) fn condition(&mut self) -> Result<Condition, Fault> {
        let mut terms = vec![self.term()?];
        let joiner = ["AND", "OR"].into_iter().find(|joiner| self.peek_word(joiner));
        let Some(joiner) = joiner else { return Ok(terms.swap_remove(0)) };
        while self.take_word(joiner) {
            terms.push(self.term()?);
        }
        if self.peek_word("AND") || self.peek_word("OR") {
            return Err(self.unexpected());
        }
        Ok(if joiner == "AND" { Condition::And(terms) } else { Condition::Or(terms) })
    }

    fn term(&mut self) -> Result<Condition, Fault> {
        if self.take_word("NOT") {
            let inner = self.nested(Self::term)?;
            return Ok(Condition::Not(Box::new(inner)));
        }
        if self.take_sign("(") {
            let inner = self.nested(Self::condition)?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let left = self.nested(Self::expression)?;
        let operator = self.operator()?;
        let right = self.operand(operator)?;
        Ok(Condition::Compare { left, operator, right })
    }

    fn operator(&mut self) -> Result<Operator, Fault> {
        let operator = match &self.peek().token {
            Token::Sign("=") => Operator::Equal,
            Token::Sign("!=" | "<>") => Operator::NotEqual,
            Token::Sign("<") => Operator::Less,
            Token::Sign("<=") => Operator::LessOrEqual,
            Token::Sign(">") => Operator::Greater,
            Token::Sign(">=") => Operator::GreaterOrEqual,
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "LIKE" => Operator::Like,
                "IN" => Operator::In,
                "INCLUDES" => Operator::Includes,
                "EXCLUDES" => Operator::Excludes,
                "NOT" => {
                    self.next += 1;
                    if !self.peek_word("IN") {
                        return Err(self.unexpected());
                    }
                    Operator::NotIn
                }
                _ => return Err(self.unexpected()),
            },
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(operator)
    }

    fn operand(&mut self, operator: Operator) -> Result<Operand, Fault> {
        use Operator::{Excludes, In, Includes, NotIn};
        if !matches!(operator, In | NotIn | Includes | Excludes) {
            return self.literal().map(Operand::One);
        }
        if self.peek_sign(":") {
            return Err(self.bind_variable());
        }
        self.expect_sign("(")?;
        if self.peek_word("SELECT") {
            if matches!(operator, Includes | Excludes) {
                return Err(self.unexpected());
            }
            let inner = self.nested(Self::query)?;
            self.expect_sign(")")?;
            return Ok(Operand::Select(Box::new(inner)));
        }
        let mut literals = vec![self.literal()?];
        while self.take_sign(",") {
            literals.push(self.literal()?);
        }
        self.expect_sign(")")?;
        Ok(Operand::Many(literals))
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        let at = self.peek().at;
        let kind = match &self.peek().token {
            Token::Text(raw) => LiteralKind::Text(unescape(raw, at)?),
            Token::Number { digits, whole } => LiteralKind::Number { digits: digits.clone(), whole: *whole },
            Token::Date(date) => LiteralKind::Date(*date),
            Token::DateTime(ms) => LiteralKind::DateTime(*ms),
            Token::Time(ms) => LiteralKind::Time(*ms),
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "NULL" => LiteralKind::Null,
                "TRUE" => LiteralKind::Bool(true),
                "FALSE" => LiteralKind::Bool(false),
                upper if DATE_WORDS.contains(&upper) => {
                    LiteralKind::DateWord { word: upper.to_owned(), count: None }
                }
                upper if COUNTED_DATE_WORDS.contains(&upper) => {
                    let word = upper.to_owned();
                    return self.counted_date_word(word, at);
                }
                upper if is_money(upper) => LiteralKind::Money,
                _ => return Err(self.bind_variable()),
            },
            Token::Sign(":") => return Err(self.bind_variable()),
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(Literal { kind, at })
    }

    fn counted_date_word(&mut self, word: String, at: usize) -> Result<Literal, Fault> {
        self.next += 1;
        self.expect_sign(":")?;
        let Token::Number { digits, .. } = &self.peek().token else { return Err(self.unexpected()) };
        let count = digits.parse().ok().filter(|count| (0..=MOST_UNITS).contains(count));
        let count = count.ok_or_else(|| self.unexpected())?;
        self.next += 1;
        Ok(Literal { kind: LiteralKind::DateWord { word, count: Some(count) }, at })
    }

    fn bind_variable(&self) -> Fault {
        Fault::malformed(self.peek().at, "Bind variables only allowed in Apex code")
    }
}

/// Three letters of a currency and an amount: `USD5000`.
fn is_money(word: &str) -> bool {
    let Some((currency, amount)) = word.split_at_checked(3) else { return false };
    currency.bytes().all(|byte| byte.is_ascii_alphabetic())
        && amount.starts_with(|first: char| first.is_ascii_digit())
        && amount.parse::<f64>().is_ok()
}

//! Reads a formula into a tree of its syntax. Knows neither fields nor functions.

use super::FormulaError;
use super::lexer::{Token, tokens};

/// What a formula says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Number(String),
    Text(String),
    Boolean(bool),
    Null,
    Field(String),
    /// `+`, `-` or `NOT` before its operand.
    Unary(&'static str, Box<Node>),
    Binary(&'static str, Box<Node>, Box<Node>),
    Call(String, Vec<Node>),
}

/// How deep a formula may be nested here; each level takes a part of the stack.
const MOST_LEVELS: usize = 200;

/// From the weakest operators to the strongest.
const LEVELS: [&[&str]; 7] = [
    &["||"],
    &["&&"],
    &["=", "==", "<>", "!="],
    &["<", ">", "<=", ">="],
    &["+", "-", "&"],
    &["^"],
    &["*", "/"],
];

pub(super) fn parse(text: &str) -> Result<Node, FormulaError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, level: 0 };
    let node = parser.operators(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        Token::Word(word) => Err(syntax(&format!(" Extra {word}"))),
        other => Err(syntax(&format!(" Extra '{}'", other.shown()))),
    }
}

fn syntax(detail: &str) -> FormulaError {
    FormulaError::Invalid(format!("Syntax error.{detail}"))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    level: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(present) if *present == symbol);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), FormulaError> {
        if self.take(symbol) { Ok(()) } else { Err(syntax(&format!("  Missing '{symbol}'"))) }
    }

    fn deeper(&mut self) -> Result<(), FormulaError> {
        self.level += 1;
        if self.level > MOST_LEVELS {
            return Err(FormulaError::NotSimulated(format!("more than {MOST_LEVELS} nested operations")));
        }
        Ok(())
    }

    /// The operator that comes next and how strong it is.
    fn operator(&self) -> Option<(usize, &'static str)> {
        let Token::Symbol(symbol) = *self.peek() else { return None };
        LEVELS.iter().position(|level| level.contains(&symbol)).map(|level| (level, symbol))
    }

    /// Operands joined by operators that are at least so strong; all of them group from the left.
    fn operators(&mut self, least: usize) -> Result<Node, FormulaError> {
        let mut left = self.unary()?;
        let outer = self.level;
        while let Some((level, symbol)) = self.operator().filter(|(level, _)| *level >= least) {
            self.deeper()?;
            self.next();
            let right = Box::new(self.operators(level + 1)?);
            left = match symbol {
                "||" => Node::Call("OR".to_owned(), vec![left, *right]),
                "&&" => Node::Call("AND".to_owned(), vec![left, *right]),
                "==" => Node::Binary("=", Box::new(left), right),
                "!=" => Node::Binary("<>", Box::new(left), right),
                _ => Node::Binary(symbol, Box::new(left), right),
            };
        }
        self.level = outer;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, FormulaError> {
        let operator = match self.peek() {
            Token::Symbol(sign @ ("+" | "-")) => sign,
            Token::Symbol("!") => "NOT",
            Token::Word(word) if word.eq_ignore_ascii_case("NOT") => "NOT",
            _ => return self.primary(),
        };
        self.deeper()?;
        self.next();
        let operand = self.unary()?;
        self.level -= 1;
        Ok(Node::Unary(operator, Box::new(operand)))
    }

    fn primary(&mut self) -> Result<Node, FormulaError> {
        match self.next() {
            Token::Number(digits) => Ok(Node::Number(digits)),
            Token::Text(text) => Ok(Node::Text(text)),
            Token::Symbol("(") => {
                self.deeper()?;
                let inner = self.operators(0)?;
                self.expect(")")?;
                self.level -= 1;
                Ok(inner)
            }
            Token::Word(word) if self.take("(") => Ok(Node::Call(word, self.arguments()?)),
            Token::Word(word) => Ok(match word.to_ascii_uppercase().as_str() {
                "TRUE" => Node::Boolean(true),
                "FALSE" => Node::Boolean(false),
                "NULL" => Node::Null,
                _ => Node::Field(word),
            }),
            other => Err(syntax(&format!("  Found '{}'", other.shown()))),
        }
    }

    /// What follows the opening parenthesis of a function.
    fn arguments(&mut self) -> Result<Vec<Node>, FormulaError> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        self.deeper()?;
        loop {
            arguments.push(self.operators(0)?);
            if !self.take(",") {
                break;
            }
        }
        self.expect(")")?;
        self.level -= 1;
        Ok(arguments)
    }
}

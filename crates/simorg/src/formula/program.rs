//! A checked formula: fields and functions are known, types fit.

use super::datum::Datum;
use super::field_path::FieldPath;
use super::functions::Function;
use super::pattern::Pattern;

#[derive(Debug, Clone)]
pub(super) enum Expr {
    Constant(Datum),
    Field(FieldPath),
    /// A number that is zero when it is blank.
    ZeroIfBlank(Box<Expr>),
    Negate(Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// `&`, and `+` of texts.
    Concat(Box<Expr>, Box<Expr>),
    Equal(Equality, Box<Expr>, Box<Expr>),
    Order(Order, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
    /// `REGEX` with a pattern that is known beforehand.
    Matches(Box<Expr>, Pattern),
    IsChanged(FieldPath),
    IsNew,
}

impl Expr {
    /// Whether any reference leads to this field or over it.
    pub(super) fn names(&self, object: &str, field: &str) -> bool {
        let names = |inner: &Expr| inner.names(object, field);
        match self {
            Expr::Constant(_) | Expr::IsNew => false,
            Expr::Field(path) | Expr::IsChanged(path) => path.names(object, field),
            Expr::ZeroIfBlank(inner) | Expr::Negate(inner) | Expr::Matches(inner, _) => names(inner),
            Expr::Arithmetic(_, left, right)
            | Expr::Concat(left, right)
            | Expr::Equal(_, left, right)
            | Expr::Order(_, left, right) => names(left) || names(right),
            Expr::Call(_, arguments) => arguments.iter().any(names),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Equality {
    /// Texts: a blank equals "", and nothing is unknown.
    pub(super) text: bool,
    pub(super) negated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

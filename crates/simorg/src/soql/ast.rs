//! A SOQL statement as it was written: nothing is looked up yet, every name keeps its place.

use chrono::NaiveDate;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub text: String,
    pub at: usize,
}

impl Name {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub select: Vec<SelectItem>,
    pub from: Name,
    pub alias: Option<Name>,
    pub scope: Option<Name>,
    pub filter: Option<Condition>,
    pub group_by: Vec<Expression>,
    pub having: Option<Condition>,
    pub order_by: Vec<Ordering>,
    pub limit: Option<u64>,
    pub offset: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SelectItem {
    Value {
        expression: Expression,
        alias: Option<Name>,
    },
    /// `COUNT()`, with no argument.
    CountAll {
        at: usize,
        alias: Option<Name>,
    },
    /// `FIELDS(ALL)` and its kin.
    Fields {
        group: Name,
    },
    Child(Box<Query>),
    TypeOf(TypeOf),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TypeOf {
    pub reference: Name,
    pub branches: Vec<(Name, Vec<Name>)>,
    pub otherwise: Option<Vec<Name>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Path(Name),
    Call { function: Name, argument: Box<Expression> },
}

impl Expression {
    pub(crate) fn at(&self) -> usize {
        match self {
            Self::Path(name) | Self::Call { function: name, .. } => name.at,
        }
    }

    /// The innermost field path.
    pub(crate) fn path(&self) -> &Name {
        match self {
            Self::Path(name) => name,
            Self::Call { argument, .. } => argument.path(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare { left: Expression, operator: Operator, right: Operand },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    In,
    NotIn,
    Includes,
    Excludes,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    One(Literal),
    Many(Vec<Literal>),
    Select(Box<Query>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Literal {
    pub kind: LiteralKind,
    pub at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LiteralKind {
    Null,
    Bool(bool),
    /// Escapes resolved, except `\_` and `\%`, which only LIKE understands.
    Text(String),
    Number(String),
    Date(NaiveDate),
    /// Milliseconds since 1970.
    DateTime(i64),
    /// Milliseconds since midnight.
    Time(i64),
    /// `TODAY`, `LAST_N_DAYS:30`.
    DateWord {
        word: String,
        count: Option<i64>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ordering {
    pub by: Expression,
    pub descending: bool,
    pub nulls_last: bool,
}

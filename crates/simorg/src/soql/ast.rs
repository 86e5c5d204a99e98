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
    /// `, c.Account a`: names for paths to parents.
    pub joined: Vec<(Name, Option<Name>)>,
    pub scope: Option<Name>,
    pub filter: Option<Condition>,
    pub group_by: Option<GroupBy>,
    pub having: Option<Condition>,
    pub order_by: Vec<Ordering>,
    pub limit: Option<u64>,
    pub offset: Option<u64>,
    /// The words that may stand after `LIMIT` and `OFFSET`, where the first of them stands.
    pub lock_at: Option<usize>,
    /// `UPDATE TRACKING` or `UPDATE VIEWSTAT`.
    pub statistics: Option<Name>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupBy {
    pub mode: GroupMode,
    pub at: usize,
    pub keys: Vec<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupMode {
    Plain,
    Rollup,
    Cube,
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
    Call {
        function: Name,
        argument: Box<Expression>,
    },
    /// `DISTANCE(location, GEOLOCATION(latitude, longitude), 'km')`.
    Distance {
        at: usize,
        location: Name,
        from: (f64, f64),
        unit: String,
    },
}

impl Expression {
    pub(crate) fn at(&self) -> usize {
        match self {
            Self::Path(name) | Self::Call { function: name, .. } => name.at,
            Self::Distance { at, .. } => *at,
        }
    }

    /// The innermost field path.
    pub(crate) fn path(&self) -> &Name {
        match self {
            Self::Path(name) => name,
            Self::Call { argument, .. } => argument.path(),
            Self::Distance { location, .. } => location,
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
    /// Plain digits, and whether they were written as a whole number.
    Number {
        digits: String,
        whole: bool,
    },
    /// `USD5000`, which only orgs with several currencies take.
    Money,
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

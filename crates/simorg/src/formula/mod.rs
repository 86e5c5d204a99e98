//! Salesforce's formula language: formula fields, validation rules and default values.
//!
//! A text becomes a `Formula` once, checked against the objects that it names, with the platform's texts for what is wrong.
//! A function or global that is not played is `NotSimulated` then, so that evaluating never gives a made-up value.
//! Grammar, blanks and rounding follow Salesforce's own open formula engine (github.com/salesforce/formula-engine): blank
//! text equals "", a blank of any other kind makes a comparison neither true nor false, `^` binds weaker than `*`.

mod check;
mod datum;
mod evaluate;
mod field_path;
mod functions;
mod kind;
mod lexer;
mod parser;
mod pattern;
mod program;

#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::model::{FieldDef, ObjectDef, Value};
use crate::state::Row;
use crate::state::view::Snapshot;

pub use datum::Datum;
pub(crate) use datum::decimal_of;
pub use kind::Kind;

/// Why a text is no formula for its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormulaError {
    /// What the platform says too.
    #[error("{0}")]
    Invalid(String),
    /// Right for the platform, unknown here; holds the name of the function or global.
    #[error("simorg does not simulate {0} in formulas")]
    NotSimulated(String),
}

/// Why a formula has no value for one record; the platform shows `#Error!`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvaluationError(pub(crate) String);

/// What a formula is for: it decides which functions may be used and what a blank number is.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    Field(&'a FieldDef),
    Rule,
    Default(&'a FieldDef),
}

/// A formula that was read and checked.
#[derive(Debug, Clone)]
pub struct Formula {
    root: program::Expr,
    kind: Kind,
    extent: Extent,
}

/// How much there is to a formula, the formulas of the fields that it names included each time that it names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Extent {
    operations: usize,
    /// How deep operations lie in one another.
    levels: usize,
}

/// What is shared by a formula and those that it leads to, while they are read.
#[derive(Debug, Default)]
struct Reading {
    /// The formula fields that are being read, so that one that leads back to itself is found.
    trail: Vec<(String, String)>,
    /// Those that were read and are right, so that each is read once.
    read: HashMap<(String, String), Extent>,
    /// Operations that are being read within one another.
    level: usize,
    /// One was found that leads back to itself.
    is_circular: bool,
}

/// What a formula is evaluated on.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    pub(crate) snapshot: &'a Arc<Snapshot>,
    /// The record; none where a default value is made.
    pub(crate) row: Option<&'a Row>,
    /// The record before the save; none on insert.
    pub(crate) prior: Option<&'a Row>,
    /// The id of the running user.
    pub(crate) user: Option<&'a str>,
    /// Asked for once, so that `NOW()` is the same wherever a formula says it.
    pub(crate) now: OnceCell<DateTime<Utc>>,
}

impl<'a> Subject<'a> {
    /// No record yet, and nobody's.
    pub(crate) fn new(snapshot: &'a Arc<Snapshot>) -> Subject<'a> {
        Subject { snapshot, row: None, prior: None, user: None, now: OnceCell::new() }
    }

    fn now(&self) -> DateTime<Utc> {
        *self.now.get_or_init(|| self.snapshot.clock.now())
    }
}

/// The longest texts that may be saved (Salesforce: "Formula Field Limits and Restrictions").
const MOST_CHARACTERS: usize = 5_000;

impl Formula {
    /// Reads a formula of this object.
    pub(crate) fn new(
        text: &str,
        object: &ObjectDef,
        snapshot: &Snapshot,
        purpose: Purpose<'_>,
    ) -> Result<Formula, FormulaError> {
        let mut reading = Reading::default();
        if let Purpose::Field(field) = purpose {
            reading.trail.push((object.name.to_ascii_lowercase(), field.name.to_ascii_lowercase()));
        }
        Formula::within(text, object, snapshot, purpose, &mut reading)
    }

    fn within(
        text: &str,
        object: &ObjectDef,
        snapshot: &Snapshot,
        purpose: Purpose<'_>,
        reading: &mut Reading,
    ) -> Result<Formula, FormulaError> {
        let length = text.chars().count();
        if length > MOST_CHARACTERS {
            return Err(FormulaError::Invalid(format!(
                "Formula is too long ({length} characters).  Maximum length is {MOST_CHARACTERS} characters"
            )));
        }
        let node = parser::parse(text)?;
        let base = reading.level;
        let mut checker =
            check::Checker { snapshot, object, purpose, reading, base, extent: Extent::default() };
        let (root, kind) = checker.formula(&node)?;
        Ok(Formula { root, kind, extent: checker.extent })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the formula refers to this field, by its name or on the way to another.
    pub(crate) fn names(&self, object: &str, field: &str) -> bool {
        self.root.names(object, field)
    }

    pub fn evaluate(&self, subject: &Subject<'_>) -> Result<Datum, EvaluationError> {
        evaluate::evaluate(&self.root, subject)
    }

    /// The value as this field holds it: rounded to its scale, a percentage in hundredths.
    pub fn value_for(&self, field: &FieldDef, subject: &Subject<'_>) -> Result<Value, EvaluationError> {
        self.evaluate(subject)?.into_value(field)
    }
}

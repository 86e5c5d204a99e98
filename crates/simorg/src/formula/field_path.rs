//! References to fields: of the record itself, across relationships, and of the running user and the org.

use std::sync::Arc;

use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, Value};
use crate::state::Row;
use crate::state::view::Snapshot;

use super::check::Checker;
use super::kind::Kind;
use super::program::Expr;
use super::{Datum, Extent, Formula, FormulaError, Purpose, Subject};

/// A formula within another takes as much of the stack as these many operations.
const LEVELS_OF_FIELD: usize = 5;

/// Where a value is read.
#[derive(Debug, Clone)]
pub(super) struct FieldPath {
    root: Root,
    steps: Vec<Step>,
    /// In lower case, so that it is found at once.
    field: String,
    /// The fields on the way and the last one, each with its object.
    named: Vec<(String, String)>,
    /// A percentage is a hundredth of what the field holds.
    percent: bool,
}

/// One relationship to follow.
#[derive(Debug, Clone)]
struct Step {
    /// The reference field, in lower case.
    reference: String,
    /// The object that must be found there, where it may be one of several.
    target: Option<String>,
}

impl Step {
    fn from(&self, row: &Row) -> Option<Row> {
        let target = row.referenced_by(&self.reference)?;
        self.target.as_ref().is_none_or(|name| *name == target.object_name()).then_some(target)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Record,
    Prior,
    User,
    Organization,
}

impl FieldPath {
    /// The same field as it was before the save.
    pub(super) fn before(mut self) -> FieldPath {
        self.root = Root::Prior;
        self
    }

    /// A field of the record itself, not of one that it refers to.
    pub(super) fn is_own(&self) -> bool {
        self.root == Root::Record && self.steps.is_empty()
    }

    /// Whether the path leads to this field or over it.
    pub(super) fn names(&self, object: &str, field: &str) -> bool {
        self.named.iter().any(|(owner, name)| owner == object && name == field)
    }

    pub(super) fn read(&self, subject: &Subject<'_>) -> Datum {
        let value = self.value(subject);
        let datum = Datum::of(value);
        if let (true, Datum::Number(number)) = (self.percent, &datum) {
            return Datum::Number(number * rust_decimal::Decimal::new(1, 2));
        }
        datum
    }

    pub(super) fn value(&self, subject: &Subject<'_>) -> Value {
        match self.root {
            Root::Record => self.from(subject.row),
            Root::Prior => self.from(subject.prior),
            Root::User => {
                let row = subject.user.and_then(|id| Snapshot::find(subject.snapshot, id));
                self.from(row.as_ref())
            }
            Root::Organization => self.from(Snapshot::first_of(subject.snapshot, "organization").as_ref()),
        }
    }

    fn from(&self, row: Option<&Row>) -> Value {
        let Some(row) = row else { return Value::Null };
        let Some((first, others)) = self.steps.split_first() else { return row.value_of(&self.field) };
        let mut target = first.from(row);
        for step in others {
            target = target.and_then(|row| step.from(&row));
        }
        target.map_or(Value::Null, |row| row.value_of(&self.field))
    }
}

fn unknown(path: &str) -> FormulaError {
    FormulaError::Invalid(format!("Field {path} does not exist. Check spelling."))
}

impl Checker<'_> {
    /// A reference by its path, such as `Account.Owner:User.Name` or `$User.Id`.
    pub(super) fn field(&mut self, path: &str) -> Result<(Expr, Kind), FormulaError> {
        if path.starts_with('$') {
            return self.global(path);
        }
        if matches!(self.purpose, Purpose::Default(_)) {
            return Err(unknown(path));
        }
        let object = self.object;
        self.path(Root::Record, object, path, path)
    }

    fn global(&mut self, path: &str) -> Result<(Expr, Kind), FormulaError> {
        let (name, rest) = path.split_once('.').ok_or_else(|| unknown(path))?;
        let snapshot = self.snapshot;
        let object =
            |name: &str| snapshot.table(name).map(|table| table.def.clone()).ok_or_else(|| unknown(path));
        match name.to_ascii_lowercase().as_str() {
            "$user" => self.path(Root::User, &*object("User")?, rest, path),
            "$profile" => self.path(Root::User, &*object("User")?, &format!("Profile.{rest}"), path),
            "$userrole" => self.path(Root::User, &*object("User")?, &format!("UserRole.{rest}"), path),
            "$organization" => self.path(Root::Organization, &*object("Organization")?, rest, path),
            "$recordtype" if self.object.relationship("RecordType").is_some() => {
                let own = self.object;
                self.path(Root::Record, own, &format!("RecordType.{rest}"), path)
            }
            // An object without record types: the record has none.
            "$recordtype" => Ok((Expr::Constant(Datum::Blank), Kind::Text)),
            // No custom permission is held by anybody.
            "$permission" => Ok((Expr::Constant(Datum::Bool(false)), Kind::Boolean)),
            "$system" if rest.eq_ignore_ascii_case("OriginDateTime") => {
                Ok((Expr::Constant(Datum::DateTime(-2_208_988_800_000)), Kind::DateTime))
            }
            _ => Err(FormulaError::NotSimulated(name.to_owned())),
        }
    }

    fn path(
        &mut self,
        root: Root,
        object: &ObjectDef,
        path: &str,
        whole: &str,
    ) -> Result<(Expr, Kind), FormulaError> {
        let mut steps = Vec::new();
        let mut named = Vec::new();
        let mut current: Option<Arc<ObjectDef>> = None;
        let mut parts = path.split('.').peekable();
        loop {
            let part = parts.next().ok_or_else(|| unknown(whole))?;
            let at: &ObjectDef = current.as_deref().unwrap_or(object);
            if parts.peek().is_none() {
                let field = at.field(part).ok_or_else(|| unknown(whole))?;
                named.push((at.name.clone(), field.name.clone()));
                let percent = field.kind == FieldType::Percent;
                let path = FieldPath { root, steps, field: field.name.to_ascii_lowercase(), named, percent };
                return self.target(path, at, field, whole);
            }
            let (step, reference, target) = self.step(at, part).ok_or_else(|| unknown(whole))?;
            named.push((at.name.clone(), reference));
            steps.push(step);
            current = Some(target);
        }
    }

    /// The step over a relationship, the reference field that it belongs to, and the object that it leads to.
    fn step(&self, object: &ObjectDef, part: &str) -> Option<(Step, String, Arc<ObjectDef>)> {
        let (name, wanted) = part.split_once(':').map_or((part, None), |(name, target)| (name, Some(target)));
        let reference = object.relationship(name)?;
        let is = |target: &str| reference.reference_to.iter().any(|held| held.eq_ignore_ascii_case(target));
        let target = match wanted {
            Some(queue) if queue.eq_ignore_ascii_case("Queue") => "Group",
            Some(target) => target,
            None if reference.reference_to.len() > 1 && is("User") => "User",
            None => reference.reference_to.first()?,
        };
        let def = self.snapshot.table(target).filter(|_| is(target))?.def.clone();
        let several = reference.reference_to.len() > 1;
        let step = Step {
            reference: reference.name.to_ascii_lowercase(),
            target: several.then(|| def.name.clone()),
        };
        Some((step, reference.name.clone(), def))
    }

    fn target(
        &mut self,
        path: FieldPath,
        owner: &ObjectDef,
        field: &FieldDef,
        whole: &str,
    ) -> Result<(Expr, Kind), FormulaError> {
        let unsupported = |name: &str| {
            FormulaError::Invalid(format!(
                "You referenced an unsupported field type called \"{name}\" using the following field: {whole}"
            ))
        };
        let kind = Kind::of(field).map_err(unsupported)?;
        if field.is_long_text() && matches!(self.purpose, Purpose::Field(_)) {
            return Err(unsupported("Long Text Area"));
        }
        if let FieldSource::Formula(text) = &field.source {
            self.nested(owner, field, text, whole)?;
        }
        let zero = kind == Kind::Number
            && matches!(self.purpose, Purpose::Field(own) if own.formula_treat_null_number_as_zero);
        let field = Expr::Field(path);
        Ok((if zero { Expr::ZeroIfBlank(Box::new(field)) } else { field }, kind))
    }

    /// A formula field that is used in this formula must be right itself, and must not lead back here.
    fn nested(
        &mut self,
        owner: &ObjectDef,
        field: &FieldDef,
        text: &str,
        whole: &str,
    ) -> Result<(), FormulaError> {
        let key = (owner.name.to_ascii_lowercase(), field.name.to_ascii_lowercase());
        if self.reading.trail.contains(&key) {
            self.reading.is_circular = true;
            return Err(FormulaError::Invalid(format!(
                "Formula cannot use another formula field that directly or indirectly refers to itself. {whole}"
            )));
        }
        if let Some(known) = self.reading.read.get(&key) {
            return self.reaches(*known);
        }
        self.reading.trail.push(key.clone());
        self.reading.level += LEVELS_OF_FIELD;
        let read = Formula::within(text, owner, self.snapshot, Purpose::Field(field), self.reading);
        self.reading.level -= LEVELS_OF_FIELD;
        self.reading.trail.pop();
        match read {
            Ok(formula) => {
                let Extent { operations, levels } = formula.extent;
                let extent = Extent { operations, levels: levels + LEVELS_OF_FIELD };
                self.reading.read.insert(key, extent);
                self.reaches(extent)
            }
            Err(FormulaError::Invalid(message)) if self.reading.is_circular => {
                Err(FormulaError::Invalid(message))
            }
            Err(FormulaError::Invalid(message)) => {
                Err(FormulaError::Invalid(format!("Error in referenced formula {whole}, {message}")))
            }
            Err(unknown) => Err(unknown),
        }
    }
}

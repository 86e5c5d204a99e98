//! One row of one snapshot, read field by field.

use std::sync::{Arc, OnceLock};

use crate::formula::Subject;
use crate::generate::{GeneratedRow, Generator};
use crate::model::{Cell, FieldDef, FieldSource, Value, ids};

use super::roll_up;
use super::table::{Found, StoredRow, Table};
use super::users::User;
use super::view::Snapshot;

/// A record as it was when the snapshot was taken.
#[derive(Debug, Clone)]
pub struct Row {
    snapshot: Arc<Snapshot>,
    table: Arc<Table>,
    counter: u64,
    /// Made when it is first asked for.
    id: OnceLock<String>,
    found: Found,
    /// Whom formulas take for the running user.
    reader: Option<Arc<User>>,
}

impl Row {
    pub(crate) fn new(snapshot: Arc<Snapshot>, table: Arc<Table>, counter: u64, found: Found) -> Row {
        Row { snapshot, table, counter, id: OnceLock::new(), found, reader: None }
    }

    pub(crate) fn read_by(mut self, user: &Arc<User>) -> Row {
        self.reader = Some(user.clone());
        self
    }

    /// Makes this the row at another place of the same table; saves the clones in long scans.
    pub(crate) fn move_to(&mut self, counter: u64, found: Found) {
        self.id = OnceLock::new();
        self.counter = counter;
        self.found = found;
    }

    /// The generator and index of a row that was generated, whether or not it was written since.
    pub(crate) fn generated(&self) -> Option<(&Generator, u64)> {
        let index = self.counter.checked_sub(self.table.def.first_counter)?;
        let generator = self.table.generator.as_deref()?;
        (index < generator.count()).then_some((generator, index))
    }

    /// The generated row itself, if nothing was written over it.
    pub(crate) fn untouched(&self) -> Option<GeneratedRow<'_>> {
        match self.found {
            Found::Generated(index) => Some(self.table.generator.as_deref()?.row(index)),
            Found::Stored(_) => None,
        }
    }

    /// 18 characters.
    pub fn id(&self) -> &str {
        self.id.get_or_init(|| ids::record_id(&self.table.def.id_prefix, self.counter))
    }

    pub fn object_name(&self) -> &str {
        &self.table.def.name
    }

    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    pub(crate) fn counter(&self) -> u64 {
        self.counter
    }

    pub(crate) fn stored(&self) -> Option<&StoredRow> {
        match &self.found {
            Found::Stored(row) => Some(row),
            Found::Generated(_) => None,
        }
    }

    pub fn is_deleted(&self) -> bool {
        self.stored().is_some_and(|row| row.bin.is_some())
    }

    /// Archived activities and files are shown by queryAll only.
    pub fn is_archived(&self) -> bool {
        matches!(self.table.def.name.as_str(), "Task" | "Event" | "ContentDocument")
            && self.value_of("IsArchived") == Value::Bool(true)
    }

    /// `SystemModstamp`, or what the object has in its place; 0 if it has no such field.
    pub fn stamp_ms(&self) -> i64 {
        for name in ["systemmodstamp", "lastmodifieddate", "createddate", "logintime"] {
            if let Some(field) = self.table.def.field(name) {
                return self.value(field).as_ms().unwrap_or(0);
            }
        }
        0
    }

    /// The value of the field of this name; null if the object has none.
    pub fn value_of(&self, name: &str) -> Value {
        self.table.def.field(name).map_or(Value::Null, |field| self.value(field))
    }

    /// The value of a field of this row's object, taken from any user's form of the object.
    pub fn value(&self, field: &FieldDef) -> Value {
        match &field.source {
            FieldSource::Id => Value::Id(self.id().to_owned()),
            FieldSource::IsDeleted => Value::Bool(self.is_deleted()),
            FieldSource::Address(prefix) => self.address(prefix),
            FieldSource::Location(prefix) => self.location(prefix),
            FieldSource::PersonName => self.person_name(),
            FieldSource::OfParent(reference, name) => {
                self.referenced_by(reference).map_or(Value::Null, |parent| parent.value_of(name))
            }
            FieldSource::Formula(text) => self.formula(field, text),
            FieldSource::RollUp(sum) if let Found::Generated(index) = self.found => {
                roll_up::generated(&self.snapshot, &self.table, index, sum, field)
            }
            FieldSource::Masked => masked(&self.held(field.slot), field),
            FieldSource::Stored | FieldSource::RollUp(_) | FieldSource::AutoNumber(_) | FieldSource::Blob => {
                fit(self.held(field.slot), field)
            }
        }
    }

    /// What `value` would tell, with the text of it added to `text`; `None` where only `value` can tell. What was added for
    /// nothing is the caller's to take away.
    pub(crate) fn cell(&self, field: &FieldDef, text: &mut String) -> Option<Cell<'_>> {
        match &field.source {
            FieldSource::Id => return Some(Cell::Id(&self.table.def.id_prefix, self.counter)),
            FieldSource::IsDeleted => return Some(Cell::Bool(self.is_deleted())),
            FieldSource::Stored | FieldSource::AutoNumber(_) | FieldSource::Blob => {}
            _ => return None,
        }
        let cell = match &self.found {
            Found::Stored(row) => row.cell(field.slot, text)?,
            Found::Generated(index) => match &self.table.generator {
                Some(generator) => generator.cell(*index, field.slot, text),
                None => Cell::Null,
            },
        };
        cell.fits(field.kind).then_some(cell)
    }

    /// Null when the formula fails for this row, which the platform shows as `#Error!`.
    fn formula(&self, field: &FieldDef, text: &str) -> Value {
        let user = self.reader.as_ref().map(|user| user.id.as_str());
        let subject = Subject { row: Some(self), user, ..Subject::new(&self.snapshot) };
        let formula = self.table.formulas.of_field(&self.table.def, field, text, &self.snapshot);
        let value = formula.and_then(|read| read.as_ref().ok()?.value_for(field, &subject).ok());
        fit(value.unwrap_or(Value::Null), field)
    }

    fn held(&self, slot: usize) -> Value {
        match &self.found {
            Found::Stored(row) => row.get(slot),
            Found::Generated(index) => {
                self.table.generator.as_ref().map_or(Value::Null, |g| g.value(*index, slot))
            }
        }
    }

    /// The row that a reference field points to, in the same snapshot, also when it lies in the bin.
    pub fn referenced(&self, field: &FieldDef) -> Option<Row> {
        let Value::Id(id) = self.value(field) else { return None };
        let target = Snapshot::find(&self.snapshot, &id)?;
        Some(match &self.reader {
            Some(user) => target.read_by(user),
            None => target,
        })
    }

    /// The row that the reference field of this name points to.
    pub(crate) fn referenced_by(&self, field: &str) -> Option<Row> {
        self.referenced(self.table.def.field(field)?)
    }

    fn address(&self, prefix: &str) -> Value {
        const PARTS: [(&str, &str); 8] = [
            ("city", "City"),
            ("country", "Country"),
            ("geocodeAccuracy", "GeocodeAccuracy"),
            ("latitude", "Latitude"),
            ("longitude", "Longitude"),
            ("postalCode", "PostalCode"),
            ("state", "State"),
            ("street", "Street"),
        ];
        compound(PARTS.map(|(shown, part)| (shown, self.value_of(&format!("{prefix}{part}")))).into())
    }

    fn location(&self, prefix: &str) -> Value {
        compound(vec![
            ("latitude", self.value_of(&format!("{prefix}__Latitude__s"))),
            ("longitude", self.value_of(&format!("{prefix}__Longitude__s"))),
        ])
    }

    fn person_name(&self) -> Value {
        let parts = ["FirstName", "LastName"].map(|name| self.value_of(name).to_plain_text());
        Value::text(parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" "))
    }
}

/// Classic encrypted text as a user sees it who may not read it: one mask character for each of its own, but for what the
/// mask type leaves ("Classic Encryption for Custom Fields", Salesforce Help).
fn masked(value: &Value, field: &FieldDef) -> Value {
    let Value::Text(text) = value else { return Value::Null };
    let mask = if field.mask.as_deref() == Some("X") { 'X' } else { '*' };
    let shown = if field.mask_type.as_deref() == Some("lastFour") { 4 } else { 0 };
    let hidden = text.chars().count().saturating_sub(shown);
    Value::Text(
        text.chars().enumerate().map(|(at, letter)| if at < hidden { mask } else { letter }).collect(),
    )
}

/// A field that changed its type shows old values in the new one; an absent boolean is false.
fn fit(value: Value, field: &FieldDef) -> Value {
    if Cell::Held(&value).fits(field.kind) {
        return value;
    }
    if value.is_null() { Value::Bool(false) } else { value.retyped(field.kind) }
}

fn compound(parts: Vec<(&'static str, Value)>) -> Value {
    if parts.iter().all(|(_, value)| value.is_null()) { Value::Null } else { Value::Compound(parts) }
}

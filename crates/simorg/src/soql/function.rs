//! Functions of one field, in WHERE, ORDER BY and GROUP BY, and the forms that SELECT may ask a value to be shown in.

use crate::model::{FieldDef, FieldType, Value};

use super::dates::DateFunction;
use super::format;

/// What is computed from the value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Function {
    Date(DateFunction),
    Distance(Distance),
    /// `toLabel(…)`.
    Label,
}

impl Function {
    pub(crate) fn apply(self, value: &Value, field: &FieldDef) -> Value {
        match self {
            Self::Date(function) => function.apply(value),
            Self::Distance(distance) => distance.to(value),
            Self::Label => label_of(value, field),
        }
    }

    /// What kind of value it gives.
    pub(crate) fn kind(self) -> FieldType {
        match self {
            Self::Date(DateFunction::DayOnly) => FieldType::Date,
            Self::Date(_) => FieldType::Int,
            Self::Distance(_) => FieldType::Double,
            Self::Label => FieldType::String,
        }
    }
}

/// The way to a place from a fixed one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Distance {
    pub latitude: f64,
    pub longitude: f64,
    pub in_miles: bool,
}

/// The mean radius of the Earth.
const RADIUS_KM: f64 = 6371.009;
const KM_PER_MILE: f64 = 1.609_344;

impl Distance {
    fn to(self, place: &Value) -> Value {
        let Value::Compound(parts) = place else { return Value::Null };
        let part =
            |name| parts.iter().find(|(shown, _)| *shown == name).and_then(|(_, value)| value.as_f64());
        let (Some(latitude), Some(longitude)) = (part("latitude"), part("longitude")) else {
            return Value::Null;
        };
        let (from, to) = (self.latitude.to_radians(), latitude.to_radians());
        let (north, east) = ((to - from) / 2.0, (longitude - self.longitude).to_radians() / 2.0);
        let chord = north.sin().powi(2) + from.cos() * to.cos() * east.sin().powi(2);
        let km = 2.0 * RADIUS_KM * chord.sqrt().min(1.0).asin();
        let distance = if self.in_miles { km / KM_PER_MILE } else { km };
        Value::Number(format!("{distance:.6}"))
    }
}

/// In which form SELECT shows a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    /// `toLabel(…)`.
    Label,
    /// `FORMAT(…)`.
    Localized,
}

impl Form {
    pub(crate) fn of(self, value: Value, field: &FieldDef) -> Value {
        match self {
            Self::Plain => value,
            Self::Label => label_of(&value, field),
            Self::Localized => format::localized(&value, field.kind),
        }
    }
}

/// The label of each selected picklist value; anything else stays as it is.
fn label_of(value: &Value, field: &FieldDef) -> Value {
    let Some(held) = value.as_str() else { return value.clone() };
    let label = |part: &str| {
        let entry = field.picklist_values.iter().find(|entry| entry.value == part);
        entry.map_or_else(|| part.to_owned(), |entry| entry.label.clone())
    };
    match field.kind {
        FieldType::MultiPicklist => Value::Text(held.split(';').map(label).collect::<Vec<_>>().join(";")),
        FieldType::Picklist | FieldType::ComboBox => Value::Text(label(held)),
        _ => value.clone(),
    }
}

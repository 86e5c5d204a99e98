//! The types that the parts of a formula have.

use crate::model::{FieldDef, FieldType};

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    Boolean,
    Date,
    DateTime,
    Time,
    /// The word `null`, which fits everywhere.
    Null,
    /// A picklist field, which only some functions take.
    Picklist,
    MultiPicklist,
}

impl Kind {
    /// As the platform's messages call it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Kind::Number => "Number",
            Kind::Text => "Text",
            Kind::Boolean => "Boolean",
            Kind::Date => "Date",
            Kind::DateTime => "DateTime",
            Kind::Time => "Time",
            Kind::Null => "Null",
            Kind::Picklist => "Picklist",
            Kind::MultiPicklist => "Multi-Select Picklist",
        }
    }

    /// The type that a reference to this field has; `Err` names a type that formulas cannot use.
    pub(super) fn of(field: &FieldDef) -> Result<Kind, &'static str> {
        use FieldType as T;
        Ok(match field.kind {
            T::Picklist => Kind::Picklist,
            T::MultiPicklist => Kind::MultiPicklist,
            T::Boolean => Kind::Boolean,
            T::Int | T::Long | T::Double | T::Currency | T::Percent => Kind::Number,
            T::Date => Kind::Date,
            T::DateTime => Kind::DateTime,
            T::Time => Kind::Time,
            T::EncryptedString => return Err("Text (Encrypted)"),
            T::Address => return Err("Address"),
            T::Location => return Err("Geolocation"),
            T::Base64 => return Err("Base64"),
            T::AnyType => return Err("AnyType"),
            _ => Kind::Text,
        })
    }

    /// The type that a formula for this field must have, and its name in messages.
    pub(super) fn wanted(field: &FieldDef) -> (Kind, &'static str) {
        use FieldType as T;
        match field.kind {
            T::Boolean => (Kind::Boolean, "true or false"),
            T::Int | T::Long | T::Double => (Kind::Number, "Number"),
            T::Currency => (Kind::Number, "Currency"),
            T::Percent => (Kind::Number, "Percent"),
            T::Date => (Kind::Date, "Date"),
            T::DateTime => (Kind::DateTime, "Date/Time"),
            T::Time => (Kind::Time, "Time"),
            _ => (Kind::Text, "Text"),
        }
    }

    /// Fits where `wanted` is asked for.
    pub(super) fn fits(self, wanted: Kind) -> bool {
        self == Kind::Null || wanted == Kind::Null || self == wanted
    }
}

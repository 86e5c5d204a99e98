//! The words of a Salesforce org: ids, values, fields and objects. Holds no rows and knows no HTTP.

pub(crate) mod autonumber;
mod cell;
pub mod field;
pub(crate) mod forms;
pub mod ids;
pub mod json;
mod names;
pub mod object;
pub mod permissions;
mod roll_up;
pub(crate) mod stages;
pub mod value;

pub(crate) use cell::Cell;
pub use field::{FieldDef, FieldMetadata, FieldSource, FieldType, OnDelete, Picklist};
pub(crate) use names::Names;
pub use object::{
    ChildRelationship, ObjectDef, ObjectFlags, ObjectKind, ObjectMetadata, RecordTypeValues, ValidationRule,
};
pub use roll_up::{FilterOperator, RollUp, RollUpFilter, RollUpKind};
pub use value::Value;

/// The versions of the API that the org answers to.
pub const OLDEST_VERSION: u16 = 31;
pub const NEWEST_VERSION: u16 = 68;

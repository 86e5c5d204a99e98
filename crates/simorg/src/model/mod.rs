//! The words of a Salesforce org: ids, values, fields and objects. Holds no rows and knows no HTTP.

pub mod field;
pub mod ids;
pub mod json;
pub mod object;
pub mod value;

pub use field::{FieldDef, FieldMetadata, FieldSource, FieldType, OnDelete, Picklist, RollUp, RollUpKind};
pub use object::{ChildRelationship, ObjectDef, ObjectFlags, ObjectKind, ObjectMetadata, RecordTypeValues};
pub use value::Value;

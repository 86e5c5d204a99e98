//! The actions of a Delta log as they stand in its JSON, one per line.
//!
//! Names and shapes are the protocol's (`PROTOCOL.md`, Delta Lake project). Keys and actions that we
//! do not know are passed over, as the protocol demands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::{AddFile, Column, ColumnKind};

/// One line: exactly one of these is set, or none if the action is of a kind that we do not know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Action {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit_info: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<Protocol>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta_data: Option<MetaData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) txn: Option<Txn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remove: Option<Remove>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) add: Option<Add>,
}

/// Our key in `commitInfo`: the hash of the lines after it. The protocol itself has nothing by which a
/// commit that was cut off between two lines, or changed in one, could be told from a whole one.
pub(crate) const ACTIONS_HASH: &str = "actionsHash";

/// The value of [`ACTIONS_HASH`]: BLAKE3, 32 hexadecimal digits.
pub(crate) fn actions_hash(lines: &[u8]) -> String {
    blake3::hash(lines).to_hex()[..32].to_owned()
}

/// The actions of one commit; `Err(None)` if its lines parse and are not those that were written.
pub(crate) fn parse_commit(text: &[u8]) -> Result<Vec<Action>, Option<serde_json::Error>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let actions: Result<Vec<Action>, _> = lines.map(serde_json::from_slice).collect();
    let actions = actions.map_err(Some)?;
    let first = actions.first().ok_or(None)?;
    let told =
        first.commit_info.as_ref().and_then(|info| info.get(ACTIONS_HASH)).and_then(|hash| hash.as_str());
    let first_end = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
    let is_whole = told.is_none_or(|told| told == actions_hash(&text[first_end..]));
    if is_whole { Ok(actions) } else { Err(None) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(crate) min_reader_version: i32,
    pub(crate) min_writer_version: i32,
}

/// What our tables need of a reader and of a writer.
pub(crate) const PROTOCOL: Protocol = Protocol { min_reader_version: 1, min_writer_version: 2 };

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaData {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) format: Format,
    pub(crate) schema_string: String,
    #[serde(default)]
    pub(crate) partition_columns: Vec<String>,
    #[serde(default)]
    pub(crate) configuration: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_time: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) provider: String,
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

impl Default for Format {
    fn default() -> Self {
        Self { provider: "parquet".to_owned(), options: BTreeMap::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Txn {
    pub(crate) app_id: String,
    pub(crate) version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Add {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) partition_values: BTreeMap<String, Option<String>>,
    pub(crate) size: i64,
    pub(crate) modification_time: i64,
    pub(crate) data_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stats: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remove {
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_timestamp: Option<i64>,
    pub(crate) data_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<i64>,
}

/// The `stats` text of an `add`: only what repeats no field value but the Id.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    num_records: u64,
    min_values: Bounds,
    max_values: Bounds,
    null_count: NullCount,
}

#[derive(Debug, Serialize, Deserialize)]
struct Bounds {
    #[serde(rename = "Id")]
    id: String,
    #[serde(rename = "_seq")]
    seq: i64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct NullCount {
    #[serde(rename = "Id")]
    id: u64,
    #[serde(rename = "_seq")]
    seq: u64,
}

impl Add {
    pub(crate) fn of(file: &AddFile, is_data_change: bool) -> Self {
        let stats = Stats {
            num_records: file.rows,
            min_values: Bounds { id: file.min_id.clone(), seq: file.min_seq },
            max_values: Bounds { id: file.max_id.clone(), seq: file.max_seq },
            null_count: NullCount::default(),
        };
        Self {
            path: file.path.clone(),
            partition_values: BTreeMap::new(),
            size: file.size.cast_signed(),
            modification_time: file.modified_ms,
            data_change: is_data_change,
            stats: Some(serde_json::to_string(&stats).expect("plain numbers and text are JSON")),
        }
    }

    /// The file that this action adds; else why it cannot be one of ours.
    pub(crate) fn to_file(&self) -> Result<AddFile, String> {
        let Some(stats) = &self.stats else { return Err(format!("`{}` has no statistics", self.path)) };
        let stats: Stats =
            serde_json::from_str(stats).map_err(|e| format!("statistics of `{}`: {e}", self.path))?;
        Ok(AddFile {
            path: self.path.clone(),
            size: u64::try_from(self.size).map_err(|_| format!("`{}` has a negative size", self.path))?,
            rows: stats.num_records,
            min_id: stats.min_values.id,
            max_id: stats.max_values.id,
            min_seq: stats.min_values.seq,
            max_seq: stats.max_values.seq,
            modified_ms: self.modification_time,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct StructType {
    r#type: String,
    fields: Vec<StructField>,
}

#[derive(Serialize, Deserialize)]
struct StructField {
    name: String,
    r#type: serde_json::Value,
    nullable: bool,
    #[serde(default)]
    metadata: serde_json::Map<String, serde_json::Value>,
}

/// The `schemaString` of these columns.
pub(crate) fn schema_string(columns: &[Column]) -> String {
    let fields = columns.iter().map(|column| StructField {
        name: column.name.clone(),
        r#type: type_name(column.kind).into(),
        nullable: true,
        metadata: serde_json::Map::new(),
    });
    let schema = StructType { r#type: "struct".to_owned(), fields: fields.collect() };
    serde_json::to_string(&schema).expect("names and constants are JSON")
}

/// The columns of a `schemaString`; else why they cannot be ours.
pub(crate) fn columns(schema_string: &str) -> Result<Vec<Column>, String> {
    let schema: StructType = serde_json::from_str(schema_string).map_err(|e| format!("its schema: {e}"))?;
    let column = |field: StructField| {
        let kind = [ColumnKind::Text, ColumnKind::Long, ColumnKind::Timestamp]
            .into_iter()
            .find(|kind| field.r#type == type_name(*kind))
            .ok_or_else(|| format!("column `{}` has the type {}", field.name, field.r#type))?;
        Ok(Column { name: field.name, kind })
    };
    schema.fields.into_iter().map(column).collect()
}

fn type_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "string",
        ColumnKind::Long => "long",
        ColumnKind::Timestamp => "timestamp",
    }
}

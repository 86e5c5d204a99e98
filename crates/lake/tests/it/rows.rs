//! Builds the rows that capture would bring, and reads back what a table says, as plain maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::DataType;
use holdfast_domain::change::Occasion;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{RecordId, RunId, SchemaHash};
use holdfast_lake::delta::Marks;
use holdfast_lake::{BlockCommit, BlockContext, OrgLake, RowStream, StateQuery, Table, TableWriter};

use crate::tables::account;

/// Column to text; empty cells are left out.
pub(crate) type Row = BTreeMap<String, String>;

pub(crate) fn id(number: u32) -> RecordId {
    RecordId::parse(&format!("001P00000{number:06}AAA")).unwrap()
}

/// A stored describe of Account with these fields beside `Id`.
pub(crate) struct Described {
    pub(crate) hash: SchemaHash,
    pub(crate) schema: Arc<ObjectSchema>,
}

pub(crate) async fn describe(org: &OrgLake, fields: &[&str]) -> Described {
    let fields = std::iter::once("Id").chain(fields.iter().copied());
    let fields: Vec<_> = fields.map(|name| serde_json::json!({"name": name, "type": "string"})).collect();
    let describe = serde_json::json!({"name": "Account", "queryable": true, "fields": fields}).to_string();
    let hash = org.put_schema(&account(), describe.as_bytes()).await.unwrap();
    Described { hash, schema: Arc::new(ObjectSchema::from_describe(describe.as_bytes()).unwrap()) }
}

pub(crate) fn context(described: &Described) -> BlockContext {
    let has_stamp = described.schema.field("SystemModstamp").is_some();
    BlockContext {
        run: RunId::parse("01890a5d-ac96-774b-bcce-b302099a8057").unwrap(),
        captured_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        schema: described.hash.clone(),
        object_schema: described.schema.clone(),
        stamp_field: has_stamp.then(|| "SystemModstamp".to_owned()),
        occasion: Occasion::Changes,
    }
}

/// Rows of all fields of the describe; a cell of `""` is empty.
pub(crate) fn batch(described: &Described, rows: &[Vec<String>]) -> RecordBatch {
    let columns = described.schema.captured_fields().enumerate().map(|(index, field)| {
        let cell = |row: &Vec<String>| Some(row[index].clone()).filter(|cell| !cell.is_empty());
        let values: StringArray = rows.iter().map(cell).collect();
        (field.name.clone(), Arc::new(values) as ArrayRef, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// The canonical datetime of a second after 2026 began.
pub(crate) fn stamp(second: u32) -> String {
    format!("2026-01-01T00:{:02}:{:02}.000Z", second / 60, second % 60)
}

pub(crate) fn stamp_us(second: u32) -> i64 {
    holdfast_domain::value::timestamp_us(&stamp(second)).unwrap()
}

pub(crate) fn watermark(value: i64) -> Marks {
    Marks(BTreeMap::from([("watermark".to_owned(), value)]))
}

/// Describe with `Name` and `SystemModstamp`, which most tests need.
pub(crate) async fn plain(org: &OrgLake) -> Described {
    describe(org, &["Name", "SystemModstamp"]).await
}

/// Records with `Id`, `Name` and stamp.
pub(crate) fn plain_rows(rows: impl IntoIterator<Item = (u32, &'static str, u32)>) -> Vec<Vec<String>> {
    rows.into_iter()
        .map(|(number, name, second)| vec![id(number).to_string(), name.to_owned(), stamp(second)])
        .collect()
}

pub(crate) async fn commit_rows(
    writer: &mut TableWriter,
    described: &Described,
    rows: &[Vec<String>],
    mark: i64,
) -> BlockCommit {
    let mut block = writer.begin_block(context(described)).await.unwrap();
    block.push_page(vec![batch(described, rows)]).await.unwrap();
    block.finish(watermark(mark)).await.unwrap()
}

pub(crate) fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let schema = batch.schema();
    let cell = |index: usize, row: usize| {
        let column = batch.column(index);
        match column.data_type() {
            DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
            DataType::Int64 => column.as_primitive::<arrow_array::types::Int64Type>().value(row).to_string(),
            _ => column.as_primitive::<arrow_array::types::TimestampMicrosecondType>().value(row).to_string(),
        }
    };
    let row = |row: usize| {
        let filled = (0..batch.num_columns()).filter(|index| batch.column(*index).is_valid(row));
        filled.map(|index| (schema.field(index).name().clone(), cell(index, row))).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

pub(crate) async fn collect(mut stream: RowStream) -> Vec<Row> {
    let mut rows = Vec::new();
    while let Some(batch) = stream.next().await.unwrap() {
        rows.extend(rows_of(&batch));
    }
    rows
}

pub(crate) async fn state(table: &Table, as_of: Option<i64>) -> Vec<Row> {
    collect(table.state(StateQuery { as_of, ..StateQuery::default() }).unwrap()).await
}

/// `Id` and `Name` of the newest state.
pub(crate) async fn names(table: &Table) -> Vec<(String, String)> {
    let query = StateQuery { columns: Some(vec!["name".to_owned()]), ..StateQuery::default() };
    let rows = collect(table.state(query).unwrap()).await;
    rows.into_iter()
        .map(|mut row| (row.remove("Id").unwrap(), row.remove("Name").unwrap_or_default()))
        .collect()
}

//! A checkpoint: the actions of one state as a single Parquet file, one row each.
//!
//! The columns are those of the protocol's section "Checkpoint Schema": one nullable struct per kind
//! of action, of which each row sets one. Everything is nullable, as other writers have it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::actions::{Action, Add, Format, MetaData, Protocol, Remove, Txn};

type Texts = BTreeMap<String, Option<String>>;

/// The Parquet file that holds these actions.
pub(crate) fn encode(actions: &[Action]) -> Result<Vec<u8>, ParquetError> {
    let batch = batch(actions)?;
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(zstd).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(bytes)
}

/// The actions in such a file. One that cannot be read fails the whole: a data file that was passed over
/// would be lost to the table, and to the next vacuum.
pub(crate) fn decode(bytes: Bytes) -> Result<Vec<Action>, ParquetError> {
    // Other writers note Arrow types of their own; without the note, text is text.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, options)?.build()?;
    let mut actions = Vec::new();
    for batch in reader {
        let batch = StructArray::from(batch?);
        for row in 0..batch.len() {
            actions.push(action(&batch, row)?);
        }
    }
    Ok(actions)
}

fn batch(actions: &[Action]) -> Result<RecordBatch, ArrowError> {
    let txns: Vec<_> = actions.iter().map(|action| action.txn.as_ref()).collect();
    let adds: Vec<_> = actions.iter().map(|action| action.add.as_ref()).collect();
    let removes: Vec<_> = actions.iter().map(|action| action.remove.as_ref()).collect();
    let meta_datas: Vec<_> = actions.iter().map(|action| action.meta_data.as_ref()).collect();
    let protocols: Vec<_> = actions.iter().map(|action| action.protocol.as_ref()).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("txn", txn_column(&txns)?, true),
        ("add", add_column(&adds)?, true),
        ("remove", remove_column(&removes)?, true),
        ("metaData", meta_data_column(&meta_datas)?, true),
        ("protocol", protocol_column(&protocols)?, true),
    ])
}

fn txn_column(rows: &[Option<&Txn>]) -> Result<ArrayRef, ArrowError> {
    let children = [
        ("appId", texts(rows, |txn| Some(&txn.app_id))),
        ("version", longs(rows, |txn| Some(txn.version))),
        ("lastUpdated", longs(rows, |txn| txn.last_updated)),
    ];
    structs(rows, children)
}

fn add_column(rows: &[Option<&Add>]) -> Result<ArrayRef, ArrowError> {
    let children = [
        ("path", texts(rows, |add| Some(&add.path))),
        ("partitionValues", maps(rows, |add| add.partition_values.clone())?),
        ("size", longs(rows, |add| Some(add.size))),
        ("modificationTime", longs(rows, |add| Some(add.modification_time))),
        ("dataChange", booleans(rows, |add| add.data_change)),
        ("stats", texts(rows, |add| add.stats.as_ref())),
    ];
    structs(rows, children)
}

fn remove_column(rows: &[Option<&Remove>]) -> Result<ArrayRef, ArrowError> {
    let children = [
        ("path", texts(rows, |remove| Some(&remove.path))),
        ("deletionTimestamp", longs(rows, |remove| remove.deletion_timestamp)),
        ("dataChange", booleans(rows, |remove| remove.data_change)),
        ("size", longs(rows, |remove| remove.size)),
    ];
    structs(rows, children)
}

fn meta_data_column(rows: &[Option<&MetaData>]) -> Result<ArrayRef, ArrowError> {
    let formats: Vec<_> = rows.iter().map(|row| row.map(|meta_data| &meta_data.format)).collect();
    let format = [
        ("provider", texts(&formats, |format| Some(&format.provider))),
        ("options", maps(&formats, |format| all_set(&format.options))?),
    ];
    let children = [
        ("id", texts(rows, |meta_data| Some(&meta_data.id))),
        ("name", texts(rows, |meta_data| meta_data.name.as_ref())),
        ("format", structs(&formats, format)?),
        ("schemaString", texts(rows, |meta_data| Some(&meta_data.schema_string))),
        ("partitionColumns", lists(rows, |meta_data| &meta_data.partition_columns)),
        ("configuration", maps(rows, |meta_data| all_set(&meta_data.configuration))?),
        ("createdTime", longs(rows, |meta_data| meta_data.created_time)),
    ];
    structs(rows, children)
}

fn protocol_column(rows: &[Option<&Protocol>]) -> Result<ArrayRef, ArrowError> {
    let numbers = |pick: fn(&Protocol) -> i32| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.map(pick)).collect::<Int32Array>())
    };
    let children = [
        ("minReaderVersion", numbers(|protocol| protocol.min_reader_version)),
        ("minWriterVersion", numbers(|protocol| protocol.min_writer_version)),
    ];
    structs(rows, children)
}

fn structs<T, const N: usize>(
    rows: &[Option<&T>],
    children: [(&str, ArrayRef); N],
) -> Result<ArrayRef, ArrowError> {
    let is_set: NullBuffer = rows.iter().map(Option::is_some).collect();
    let fields: Fields =
        children.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = children.into_iter().map(|(_, array)| array).collect();
    Ok(Arc::new(StructArray::try_new(fields, arrays, Some(is_set))?))
}

fn texts<'a, T>(rows: &[Option<&'a T>], pick: impl Fn(&'a T) -> Option<&'a String>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| row.and_then(&pick)).collect::<StringArray>())
}

fn longs<T>(rows: &[Option<&T>], pick: impl Fn(&T) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| row.and_then(&pick)).collect::<Int64Array>())
}

fn booleans<T>(rows: &[Option<&T>], pick: impl Fn(&T) -> bool) -> ArrayRef {
    Arc::new(rows.iter().map(|row| row.map(&pick)).collect::<BooleanArray>())
}

fn maps<T>(rows: &[Option<&T>], pick: impl Fn(&T) -> Texts) -> Result<ArrayRef, ArrowError> {
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in rows {
        for (key, value) in row.map(&pick).into_iter().flatten() {
            builder.keys().append_value(key);
            builder.values().append_option(value);
        }
        builder.append(row.is_some())?;
    }
    Ok(Arc::new(builder.finish()))
}

fn lists<'a, T>(rows: &[Option<&'a T>], pick: impl Fn(&'a T) -> &'a Vec<String>) -> ArrayRef {
    let element = Field::new("element", DataType::Utf8, true);
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(element);
    for row in rows {
        builder.append_option(row.map(|row| pick(row).iter().map(Some)));
    }
    Arc::new(builder.finish())
}

fn all_set(texts: &BTreeMap<String, String>) -> Texts {
    texts.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect()
}

fn action(batch: &StructArray, row: usize) -> Result<Action, ParquetError> {
    Ok(Action {
        commit_info: None,
        protocol: kind(batch, "protocol", row, protocol)?,
        meta_data: kind(batch, "metaData", row, meta_data)?,
        txn: kind(batch, "txn", row, txn)?,
        remove: kind(batch, "remove", row, remove)?,
        add: kind(batch, "add", row, add)?,
    })
}

/// The action of one kind; none if and only if the row sets another kind.
fn kind<T>(
    batch: &StructArray,
    name: &str,
    row: usize,
    read: impl Fn(&StructArray, usize) -> Option<T>,
) -> Result<Option<T>, ParquetError> {
    let Some(column) = batch.column_by_name(name).filter(|column| column.is_valid(row)) else {
        return Ok(None);
    };
    let found = column.as_struct_opt().and_then(|column| read(column, row));
    found.map(Some).ok_or_else(|| ParquetError::General(format!("its `{name}` in row {row} cannot be read")))
}

fn protocol(column: &StructArray, row: usize) -> Option<Protocol> {
    let number = |name| Some(column.column_by_name(name)?.as_primitive_opt::<Int32Type>()?.value(row));
    Some(Protocol {
        min_reader_version: number("minReaderVersion")?,
        min_writer_version: number("minWriterVersion")?,
    })
}

fn meta_data(column: &StructArray, row: usize) -> Option<MetaData> {
    let format = column.column_by_name("format")?.as_struct_opt()?;
    let options = map(format, "options", row).unwrap_or_default();
    let configuration = map(column, "configuration", row).unwrap_or_default();
    Some(MetaData {
        id: text(column, "id", row)?,
        name: text(column, "name", row),
        format: Format { provider: text(format, "provider", row)?, options: only_set(options) },
        schema_string: text(column, "schemaString", row)?,
        partition_columns: list(column, "partitionColumns", row).unwrap_or_default(),
        configuration: only_set(configuration),
        created_time: long(column, "createdTime", row),
    })
}

fn txn(column: &StructArray, row: usize) -> Option<Txn> {
    Some(Txn {
        app_id: text(column, "appId", row)?,
        version: long(column, "version", row)?,
        last_updated: long(column, "lastUpdated", row),
    })
}

fn remove(column: &StructArray, row: usize) -> Option<Remove> {
    Some(Remove {
        path: text(column, "path", row)?,
        deletion_timestamp: long(column, "deletionTimestamp", row),
        data_change: boolean(column, "dataChange", row)?,
        size: long(column, "size", row),
    })
}

fn add(column: &StructArray, row: usize) -> Option<Add> {
    Some(Add {
        path: text(column, "path", row)?,
        partition_values: map(column, "partitionValues", row).unwrap_or_default(),
        size: long(column, "size", row)?,
        modification_time: long(column, "modificationTime", row)?,
        data_change: boolean(column, "dataChange", row)?,
        stats: text(column, "stats", row),
    })
}

fn text(column: &StructArray, name: &str, row: usize) -> Option<String> {
    let column = column.column_by_name(name)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn long(column: &StructArray, name: &str, row: usize) -> Option<i64> {
    let column = column.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
    column.is_valid(row).then(|| column.value(row))
}

fn boolean(column: &StructArray, name: &str, row: usize) -> Option<bool> {
    let column = column.column_by_name(name)?.as_boolean_opt()?;
    column.is_valid(row).then(|| column.value(row))
}

fn map(column: &StructArray, name: &str, row: usize) -> Option<Texts> {
    let column = column.column_by_name(name)?.as_map_opt()?;
    let entries = column.is_valid(row).then(|| column.value(row))?;
    let (keys, values) =
        (entries.column(0).as_string_opt::<i32>()?, entries.column(1).as_string_opt::<i32>()?);
    let pair = |(key, value): (Option<&str>, Option<&str>)| Some((key?.to_owned(), value.map(str::to_owned)));
    keys.iter().zip(values).map(pair).collect()
}

fn list(column: &StructArray, name: &str, row: usize) -> Option<Vec<String>> {
    let column = column.column_by_name(name)?.as_list_opt::<i32>()?;
    let values = column.is_valid(row).then(|| column.value(row))?;
    Some(values.as_string_opt::<i32>()?.iter().flatten().map(str::to_owned).collect())
}

fn only_set(texts: Texts) -> BTreeMap<String, String> {
    texts.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_comes_back_as_it_went_in() {
        let meta_data = MetaData {
            id: "a1".into(),
            name: Some("Account".into()),
            format: Format::default(),
            schema_string: "{}".into(),
            partition_columns: Vec::new(),
            configuration: BTreeMap::from([("holdfast.format".into(), "1".into())]),
            created_time: Some(7),
        };
        let remove =
            |size| Remove { path: "b".into(), deletion_timestamp: Some(5), data_change: false, size };
        let add = |stats: Option<&str>| Add {
            path: "c".into(),
            partition_values: BTreeMap::new(),
            size: 9,
            modification_time: 8,
            data_change: true,
            stats: stats.map(str::to_owned),
        };
        let txn = Txn { app_id: "holdfast.watermark".into(), version: -3, last_updated: None };
        let protocol = Protocol { min_reader_version: 1, min_writer_version: 2 };
        let actions = vec![
            Action { protocol: Some(protocol), ..Action::default() },
            Action { meta_data: Some(meta_data), ..Action::default() },
            Action { txn: Some(txn), ..Action::default() },
            Action { remove: Some(remove(Some(4))), ..Action::default() },
            Action { remove: Some(remove(None)), ..Action::default() },
            Action { add: Some(add(Some("{}"))), ..Action::default() },
            Action { add: Some(add(None)), ..Action::default() },
        ];

        let bytes = encode(&actions).unwrap();

        assert_eq!(decode(bytes.into()).unwrap(), actions);
    }

    fn file_of(add: ArrayRef) -> Bytes {
        let batch = RecordBatch::try_from_iter_with_nullable([("add", add, true)]).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes.into()
    }

    fn foreign_add(path: ArrayRef) -> ArrayRef {
        let children: [(&str, ArrayRef); 4] = [
            ("path", path),
            ("size", Arc::new(Int64Array::from(vec![9]))),
            ("modificationTime", Arc::new(Int64Array::from(vec![8]))),
            ("dataChange", Arc::new(BooleanArray::from(vec![true]))),
        ];
        structs(&[Some(&())], children).unwrap()
    }

    #[test]
    fn the_text_of_other_writers_is_read_whatever_its_arrow_type() {
        for path in [
            Arc::new(arrow_array::LargeStringArray::from(vec!["c"])) as ArrayRef,
            Arc::new(arrow_array::StringViewArray::from(vec!["c"])),
        ] {
            let actions = decode(file_of(foreign_add(path))).unwrap();
            assert_eq!(actions[0].add.as_ref().map(|add| add.path.as_str()), Some("c"));
        }
    }

    #[test]
    fn an_action_that_cannot_be_read_is_never_passed_over() {
        let without_path = foreign_add(Arc::new(StringArray::from(vec![None::<&str>])));

        let error = decode(file_of(without_path)).unwrap_err();

        assert!(error.to_string().contains("its `add` in row 0 cannot be read"), "{error}");
    }
}

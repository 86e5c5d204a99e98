//! What each format makes of every kind of cell.

use std::sync::Arc;

use arrow_array::builder::Decimal128Builder;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{Field, Schema};

use super::{Format, render, unique_names};
use crate::Answer;

fn every_kind() -> RecordBatch {
    let mut money = Decimal128Builder::new().with_precision_and_scale(24, 8).unwrap();
    money.append_option(Some(100_050_000_000));
    money.append_option(Some(-999_999_999_999_999_999_000_000));
    money.append_null();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("Id", Arc::new(Int64Array::from(vec![Some(1), Some(20), None]))),
        ("Name", Arc::new(StringArray::from(vec![Some("Ünï, \"Ltd\"\nsecond"), Some(""), None]))),
        ("Amount", Arc::new(money.finish())),
        ("Rate", Arc::new(Float64Array::from(vec![Some(0.1), Some(f64::NAN), None]))),
        ("IsWon", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("Day", Arc::new(Date32Array::from(vec![Some(19_723), Some(-1), None]))),
        (
            "At",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(1_500_000), Some(1), None]).with_timezone("UTC"),
            ),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .unwrap()
}

async fn rendered(batches: Vec<RecordBatch>, format: Format) -> String {
    let schema = batches[0].schema();
    let mut out = Vec::new();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let answer = Answer::new(schema, Box::pin(futures::stream::iter(batches.into_iter().map(Ok))));

    let written = render(answer, format, &mut out).await.unwrap();

    assert_eq!(written, rows as u64);
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn csv_tells_an_empty_text_from_null() {
    let csv = rendered(vec![every_kind()], Format::Csv).await;

    assert_eq!(
        csv,
        "Id,Name,Amount,Rate,IsWon,Day,At\r\n\
         1,\"Ünï, \"\"Ltd\"\"\nsecond\",1000.5,0.1,true,2024-01-01,1970-01-01T00:00:01.500Z\r\n\
         20,\"\",-9999999999999999.99,NaN,false,1969-12-31,1970-01-01T00:00:00.000001Z\r\n\
         ,,,,,,\r\n"
    );
}

#[tokio::test]
async fn json_keeps_every_digit_and_says_null() {
    let json = rendered(vec![every_kind()], Format::JsonLines).await;

    let lines: Vec<_> = json.lines().collect();
    assert_eq!(
        lines,
        [
            r#"{"Id":1,"Name":"Ünï, \"Ltd\"\nsecond","Amount":1000.5,"Rate":0.1,"IsWon":true,"Day":"2024-01-01","At":"1970-01-01T00:00:01.500Z"}"#,
            r#"{"Id":20,"Name":"","Amount":-9999999999999999.99,"Rate":null,"IsWon":false,"Day":"1969-12-31","At":"1970-01-01T00:00:00.000001Z"}"#,
            r#"{"Id":null,"Name":null,"Amount":null,"Rate":null,"IsWon":null,"Day":null,"At":null}"#,
        ]
    );
    for line in lines {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[tokio::test]
async fn a_table_keeps_each_record_on_its_line() {
    let escape = RecordBatch::try_from_iter([(
        "Name",
        Arc::new(StringArray::from(vec!["\u{1b}[2Jx\ny"])) as ArrayRef,
    )]);

    let table = rendered(vec![escape.unwrap()], Format::Table).await;

    assert_eq!(table, "Name\n\\u{1b}[2Jx\\ny\n");
}

#[tokio::test]
async fn a_table_without_rows_still_has_its_header() {
    let table = rendered(vec![every_kind().slice(0, 0)], Format::Table).await;

    assert!(table.starts_with("Id  Name  Amount"), "{table}");
}

#[tokio::test]
async fn a_long_table_is_written_in_pages_and_loses_no_row() {
    let numbers = |from: i64| {
        RecordBatch::try_from_iter([(
            "N",
            Arc::new(Int64Array::from_iter_values(from..from + 900)) as ArrayRef,
        )])
        .unwrap()
    };

    let table = rendered(vec![numbers(0), numbers(900)], Format::Table).await;

    let rows: Vec<i64> = table.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert_eq!(rows, (0..1_800).collect::<Vec<_>>());
    assert_eq!(table.lines().filter(|line| line.trim() == "N").count(), 2);
}

#[test]
fn a_name_that_comes_twice_gets_a_number() {
    let fields = ["Id", "Id_2", "Id", "Id"].map(|name| Field::new(name, arrow_schema::DataType::Utf8, true));

    assert_eq!(unique_names(&Schema::new(fields.to_vec())), ["Id", "Id_2", "Id_3", "Id_4"]);
}

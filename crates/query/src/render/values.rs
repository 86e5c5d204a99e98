//! Rows as JSON values, for an answer that is shown and not written as text.

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use serde_json::{Number, Value};

use super::cell::Cells;
use crate::Result;

/// The rows of one batch. A number that JSON readers would round comes as its text.
pub fn json_rows(batch: &RecordBatch) -> Result<Vec<Vec<Value>>> {
    let cells = Cells::of(batch)?;
    let schema = batch.schema();
    let row = |row: usize| {
        let value = |(column, field): (usize, &std::sync::Arc<arrow_schema::Field>)| {
            cells.text(row, column).map_or(Value::Null, |text| value(field.data_type(), &text))
        };
        schema.fields().iter().enumerate().map(value).collect()
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

fn value(data_type: &DataType, text: &str) -> Value {
    match data_type {
        DataType::Boolean => text.parse().map_or_else(|_| Value::from(text), Value::Bool),
        number if number.is_numeric() => exact_number(text).map_or_else(|| Value::from(text), Value::Number),
        _ => Value::from(text),
    }
}

/// JavaScript reads numbers as doubles.
fn exact_number(text: &str) -> Option<Number> {
    const EXACT: i64 = 1 << 53;
    if let Ok(whole) = text.parse::<i64>() {
        return (-EXACT..=EXACT).contains(&whole).then(|| Number::from(whole));
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    // Fifteen decimal digits survive the way into a double and back.
    (digits <= 15).then(|| Number::from_f64(text.parse().ok()?))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_be_rounded_come_as_text() {
        let decimal = DataType::Decimal128(38, 8);
        for (text, expected) in [
            ("1000.5", "1000.5"),
            ("-3", "-3"),
            ("12345678901234567890", "\"12345678901234567890\""),
            ("0.1234567890123456", "\"0.1234567890123456\""),
            ("9007199254740993", "\"9007199254740993\""),
        ] {
            assert_eq!(value(&decimal, text).to_string(), expected);
        }
        assert_eq!(value(&DataType::Boolean, "true"), Value::Bool(true));
        assert_eq!(value(&DataType::Utf8, "12"), Value::from("12"));
    }
}

//! What the CSV decoder reads, and what it refuses.

use arrow_array::{Array, StringArray};
use holdfast_domain::schema::FieldKind;
use proptest::prelude::*;

use super::*;

type Rows = Vec<Vec<Option<String>>>;

const ID: &str = "001000000000001AAA";

fn fields(names: &[&str]) -> Vec<QueryField> {
    names.iter().map(|name| QueryField::new(*name, FieldKind::String)).collect()
}

/// Decodes `body` in pieces that end at `cuts`.
fn decode(names: &[&str], body: &[u8], cuts: &[usize]) -> Result<Rows, AnswerDefect> {
    let fields = fields(names);
    let (mut csv, mut columns) = (CsvDecoder::new(&fields), Columns::new(&fields));
    let mut rows = Vec::new();
    let mut from = 0;
    for to in cuts.iter().map(|cut| (*cut).min(body.len())).chain([body.len()]) {
        csv.push(&body[from.min(to)..to]);
        from = from.max(to);
        loop {
            csv.decode(&mut columns)?;
            if columns.room() > 0 {
                break;
            }
            take(&mut columns, &mut rows)?;
        }
    }
    csv.finish(&mut columns)?;
    take(&mut columns, &mut rows)?;
    Ok(rows)
}

fn take(columns: &mut Columns, rows: &mut Rows) -> Result<(), AnswerDefect> {
    let Some(batch) = columns.take()? else { return Ok(()) };
    for row in 0..batch.num_rows() {
        let cell = |column: &dyn Array| {
            let column = column.as_any().downcast_ref::<StringArray>().unwrap();
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        rows.push(batch.columns().iter().map(|column| cell(column.as_ref())).collect());
    }
    Ok(())
}

fn row(cells: &[&str]) -> Vec<Option<String>> {
    cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect()
}

#[test]
fn both_line_ends_quoted_and_plain_cells_and_blank_lines_are_read() {
    for body in [
        "\"Id\",\"A\",\"B\"\n\"001000000000001AAA\",\"x\",\"\"\n",
        "\"Id\",\"A\",\"B\"\r\n\"001000000000001AAA\",\"x\",\"\"\r\n",
        "Id,A,B\n001000000000001AAA,x,\n",
        "Id,A,B\r\n001000000000001AAA,x,\r\n",
        "\"Id\",\"A\",\"B\"\n\"001000000000001AAA\",\"x\",\"\"",
        "\u{feff}\"Id\",\"A\",\"B\"\n\"001000000000001AAA\",\"x\",\"\"\n\n\r\n",
        "\"B\",\"id\",\"A\"\n,\"001000000000001AAA\",\"x\"\n",
    ] {
        for chunk in 1..=body.len() {
            let cuts: Vec<_> = (0..body.len()).step_by(chunk).collect();
            let rows = decode(&["Id", "A", "B"], body.as_bytes(), &cuts).unwrap();
            assert_eq!(rows, [row(&[ID, "x", ""])], "{body:?} in pieces of {chunk}");
        }
    }
}

#[test]
fn a_page_without_records_is_empty() {
    for body in ["", "\n", "\"Id\",\"A\"\n", "\"Id\",\"A\""] {
        assert!(decode(&["Id", "A"], body.as_bytes(), &[]).unwrap().is_empty(), "{body:?}");
    }
}

#[test]
fn garbled_csv_is_an_error_that_names_the_record() {
    let good = format!("\"{ID}\",\"x\"\n");
    for (tail, message) in [
        (format!("\"{ID}\",\"x\"y\"\n"), "a quote stands where none may stand, in record 2"),
        (format!("\"{ID}\",x\"y\n"), "a quote stands where none may stand, in record 2"),
        (format!("\"{ID}\",\"x\"\ry\n"), "a quote stands where none may stand, in record 2"),
        (format!("\"{ID}\"\n"), "record 2 has 1 cells where 2 were due"),
        (format!("\"{ID}\",\"x\",\"y\"\n"), "record 2 has 3 cells where 2 were due"),
        (format!("\"{ID}\",\"x"), "it ends in the middle of record 2"),
        (format!("\"{ID}\",\"x\nmore\n"), "it ends in the middle of record 2"),
        (format!("\"{ID}\","), "it ends in the middle of record 2"),
        (format!("\"{ID}\",x"), "it ends in the middle of record 2"),
        (format!("\"{ID}\",\"x\""), "ok"),
        (format!("\"{ID}\""), "record 2 has 1 cells where 2 were due"),
        ("\"001\",\"x\"\n".to_owned(), "record 2 has no 18-character Id"),
    ] {
        let body = format!("\"Id\",\"A\"\n{good}{tail}");
        let outcome = decode(&["Id", "A"], body.as_bytes(), &[7, 31]);
        let text = outcome.map_or_else(|defect| defect.to_string(), |_| "ok".to_owned());
        assert_eq!(text, message, "{tail:?}");
    }
}

#[test]
fn the_header_must_name_the_asked_columns_and_no_others() {
    for (header, message) in [
        ("\"Id\"", "the column `A` is missing"),
        ("\"Id\",\"A\",\"C\"", "there is a column `C` that was not asked for"),
        ("\"Id\",\"Id\"", "the column `Id` comes twice"),
        ("{\"error\":1}", "a quote stands where none may stand, in record 0"),
    ] {
        let body = format!("{header}\n");
        assert_eq!(decode(&["Id", "A"], body.as_bytes(), &[]).unwrap_err().to_string(), message);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_and_never_guessed() {
    let mut body = format!("\"Id\",\"A\"\n\"{ID}\",\"ok\"\n\"{ID}\",\"Andr").into_bytes();
    body.push(0xE9);
    body.extend_from_slice(b"\"\n");
    for cuts in [vec![], vec![20, 40]] {
        let defect = decode(&["Id", "A"], &body, &cuts).unwrap_err();
        assert!(matches!(defect, AnswerDefect::NotUtf8 { record: 2 }), "{defect}");
    }
}

#[test]
fn nul_bytes_and_cells_of_megabytes_survive() {
    let huge = "a,\"\"b\n\0é".repeat(200_000);
    let body = format!("\"Id\",\"A\"\n\"{ID}\",\"{huge}\"\n\"{ID}\",\"\0\"\n");
    let cuts: Vec<_> = (0..body.len()).step_by(16_384).collect();
    let rows = decode(&["Id", "A"], body.as_bytes(), &cuts).unwrap();
    assert_eq!(rows[0][1].as_deref(), Some(huge.replace("\"\"", "\"").as_str()));
    assert_eq!(rows[1][1].as_deref(), Some("\0"));
}

#[test]
fn numbers_and_times_become_canonical_and_text_stays() {
    let fields = [
        QueryField::new("Id", FieldKind::Id),
        QueryField::new("Number__c", FieldKind::Double),
        QueryField::new("CreatedDate", FieldKind::DateTime),
        QueryField::new("Name", FieldKind::String),
    ];
    let body = format!(
        "\"Id\",\"Number__c\",\"CreatedDate\",\"Name\"\n\"{ID}\",\"9.9213206E7\",\"2024-09-24T03:26:07.000+0000\",\"1.0E7\"\n"
    );
    let (mut csv, mut columns, mut rows) = (CsvDecoder::new(&fields), Columns::new(&fields), Vec::new());
    csv.push(body.as_bytes());
    csv.finish(&mut columns).unwrap();
    take(&mut columns, &mut rows).unwrap();
    assert_eq!(rows, [row(&[ID, "99213206", "2024-09-24T03:26:07.000Z", "1.0E7"])]);
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just(String::new()),
        "[\",\r\n a]{0,12}",
        Just("NA".to_owned()),
        Just("null".to_owned()),
        Just("𝒳😀\u{200f}".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_content_survives_at_any_chunk_boundaries(
        table in prop::collection::vec((cell(), cell()), 0..12),
        mut cuts in prop::collection::vec(0usize..2_000, 0..40),
        line_end in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        cuts.sort_unstable();
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut body = format!("\"Id\",\"A\",\"B\"{line_end}");
        for (a, b) in &table {
            body.extend(["\"", ID, "\",", &quoted(a), ",", &quoted(b), line_end]);
        }
        let expected: Rows = table.iter().map(|(a, b)| row(&[ID, a, b])).collect();
        prop_assert_eq!(decode(&["Id", "A", "B"], body.as_bytes(), &cuts).unwrap(), expected);
    }

    #[test]
    fn no_bytes_break_the_decoder(body in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
        let _ = decode(&["Id", "A"], &body, &[cut]);
    }

    #[test]
    fn a_page_cut_anywhere_never_passes_for_whole_with_other_content(
        table in prop::collection::vec((cell(), cell()), 1..6),
        share in 0.0f64..1.0,
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut body = "\"Id\",\"A\",\"B\"\n".to_owned();
        for (a, b) in &table {
            body.extend(["\"", ID, "\",", &quoted(a), ",", &quoted(b), "\n"]);
        }
        let expected: Rows = table.iter().map(|(a, b)| row(&[ID, a, b])).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a share of a short length")]
        let length = (body.len() as f64 * share) as usize;
        if let Ok(rows) = decode(&["Id", "A", "B"], &body.as_bytes()[..length], &[]) {
            let Some((last, whole)) = rows.split_last() else { return Ok(()) };
            prop_assert_eq!(whole, &expected[..whole.len()]);
            let sent = &expected[whole.len()];
            // A cut between the two halves of a doubled quote is all that no decoder can see.
            let looks_closed = sent[2].as_ref().is_some_and(|sent| {
                sent.starts_with(&format!("{}\"", last[2].as_deref().unwrap_or_default()))
            });
            prop_assert!(last == sent || (last[..2] == sent[..2] && looks_closed));
        }
    }
}

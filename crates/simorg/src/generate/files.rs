//! Generated files: their facts and their bodies follow from the row, so that sizes and checksums agree.

use crate::model::Value;
use crate::state::{Body, Row};

use super::{GeneratedRow, mix, words};

/// One fact about the file of a generated row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFacts {
    Title,
    /// The title with its extension.
    Path,
    Extension,
    /// As `ContentVersion.FileType` calls it.
    Kind,
    ContentType,
    Size,
    Checksum,
    Body,
}

const TOPIC: u64 = 500;
const KINDS: [(&str, &str, &str); 5] = [
    ("pdf", "PDF", "application/pdf"),
    ("txt", "TEXT", "text/plain"),
    ("png", "PNG", "image/png"),
    ("docx", "WORD_X", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("bin", "UNKNOWN", "application/octet-stream"),
];

impl FileFacts {
    pub(super) fn value(self, row: &GeneratedRow<'_>) -> Value {
        let (extension, kind, content_type) = KINDS[usize::try_from(row.below(TOPIC, 5)).expect("an index")];
        match self {
            FileFacts::Title => Value::Text(title(row)),
            FileFacts::Path => Value::Text(format!("{}.{extension}", title(row))),
            FileFacts::Extension => Value::Text(extension.to_owned()),
            FileFacts::Kind => Value::Text(kind.to_owned()),
            FileFacts::ContentType => Value::Text(content_type.to_owned()),
            FileFacts::Size => Value::Int(i64::try_from(size(row)).expect("files are small")),
            FileFacts::Checksum => Value::Text(body(row).md5()),
            FileFacts::Body => Value::Blob,
        }
    }
}

fn title(row: &GeneratedRow<'_>) -> String {
    format!("{} {}", words::noun(row, TOPIC + 1), row.index + 1)
}

/// Mostly some kilobytes, now and then a hundred times that, and once in a while nothing at all.
fn size(row: &GeneratedRow<'_>) -> u64 {
    match row.below(TOPIC + 2, 100) {
        0 => 0,
        1 => 200_000 + row.below(TOPIC + 3, 600_000),
        _ => 200 + row.below(TOPIC + 3, 9_000),
    }
}

pub(super) fn body(row: &GeneratedRow<'_>) -> Body {
    Body::Generated { seed: mix(row.hash(TOPIC + 4)), length: size(row) }
}

/// The body of a row that has one and for which none was written.
pub fn body_of(row: &Row) -> Body {
    row.generated().map_or(Body::Bytes(bytes::Bytes::new()), |(generator, index)| body(&generator.row(index)))
}

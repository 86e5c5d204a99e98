//! Generated files: their facts and their bodies follow from the row, so that sizes and checksums agree.

use serde::{Deserialize, Serialize};

use crate::model::Cell;
use crate::state::{Body, Row};

use super::{GeneratedRow, mix, words};

/// One fact about the file of a generated row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    pub(super) fn cell(self, row: &GeneratedRow<'_>, out: &mut String) -> Cell<'static> {
        let (extension, kind, content_type) = KINDS[usize::try_from(row.below(TOPIC, 5)).expect("an index")];
        match self {
            FileFacts::Title => out.push_str(&title(row)),
            FileFacts::Path => {
                out.push_str(&title(row));
                out.push('.');
                out.push_str(extension);
            }
            FileFacts::Extension => out.push_str(extension),
            FileFacts::Kind => out.push_str(kind),
            FileFacts::ContentType => out.push_str(content_type),
            FileFacts::Checksum => {
                out.push_str(&body(row).md5().expect("bytes that are computed cannot fail to be read"));
            }
            FileFacts::Size => return Cell::Int(i64::try_from(size(row)).expect("files are small")),
            FileFacts::Body => return Cell::Blob,
        }
        Cell::Text
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

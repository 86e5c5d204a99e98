//! What is wrong with an answer that arrived whole but does not say what it should.

#[derive(Debug, thiserror::Error)]
pub enum AnswerDefect {
    #[error("it is {what} where {expected} was due")]
    WrongShape { what: String, expected: &'static str },
    #[error("it is not the JSON that was due")]
    Json {
        #[source]
        source: serde_json::Error,
    },
    #[error("record {record} is not well-formed JSON")]
    Record {
        record: u64,
        #[source]
        source: serde_json::Error,
    },
    #[error("it ends in the middle of record {record}")]
    CutShort { record: u64 },
    #[error("the text in record {record} is not UTF-8")]
    NotUtf8 { record: u64 },
    #[error("a quote stands where none may stand, in record {record}")]
    StrayQuote { record: u64 },
    #[error("record {record} has {found} cells where {expected} were due")]
    CellCount { record: u64, found: usize, expected: usize },
    #[error("the column `{column}` is missing")]
    ColumnMissing { column: String },
    #[error("there is a column `{column}` that was not asked for")]
    ColumnNotAsked { column: String },
    #[error("the column `{column}` comes twice")]
    ColumnTwice { column: String },
    #[error("record {record} lacks `{column}`")]
    FieldMissing { record: u64, column: String },
    #[error("record {record} has no 18-character Id")]
    BadId { record: u64 },
    #[error("it holds {found} records and says that it holds {expected}")]
    RecordCount { expected: u64, found: u64 },
    #[error("it says that there are more records, but not where")]
    NoNextPage,
    #[error("`{0}` does not lie in this org")]
    ForeignAddress(String),
    #[error("it is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    #[error("it answers fewer requests than were made")]
    FewerAnswers,
    #[error("its time `{0}` cannot be read")]
    BadTime(String),
    #[error("it has no Date header")]
    NoDate,
}

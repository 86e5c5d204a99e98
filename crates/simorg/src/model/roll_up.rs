//! What a roll-up summary counts, and of which details.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A roll-up summary over the details of a master.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollUp {
    pub kind: RollUpKind,
    pub child: String,
    /// The master-detail field of the child.
    pub via: String,
    /// The field that is summed or compared; empty for a count.
    pub of: String,
    /// Details count only if they pass all of these.
    pub filters: Vec<RollUpFilter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RollUpKind {
    Count,
    Sum,
    Min,
    Max,
}

impl RollUpKind {
    /// The word of the Metadata API's `SummaryOperations`.
    pub fn word(self) -> &'static str {
        match self {
            RollUpKind::Count => "count",
            RollUpKind::Sum => "sum",
            RollUpKind::Min => "min",
            RollUpKind::Max => "max",
        }
    }
}

/// One condition on the details of a roll-up summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollUpFilter {
    pub field: String,
    pub operator: FilterOperator,
    /// As it is written in metadata: `10`, `True`, `2024-01-31`, or texts with commas between them.
    pub value: String,
}

/// The words of the Metadata API's `FilterOperation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilterOperator {
    Equals,
    NotEqual,
    LessThan,
    GreaterThan,
    LessOrEqual,
    GreaterOrEqual,
    Contains,
    NotContain,
    StartsWith,
    Includes,
    Excludes,
}

impl FilterOperator {
    /// The word of this operator.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(Json::String(word)) => word,
            _ => String::new(),
        }
    }

    /// The operator of this word, such as `greaterThan`.
    pub fn of(word: &str) -> Option<FilterOperator> {
        serde_json::from_value(Json::String(word.to_owned())).ok()
    }
}

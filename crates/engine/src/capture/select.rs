//! The SOQL that capture sends.

use holdfast_domain::capture::window::Window;
use holdfast_domain::schema::{FieldKind, ObjectSchema};
use holdfast_domain::{ObjectName, RecordId};
use holdfast_salesforce::QueryField;

/// Salesforce refuses a URI longer than 16,384 bytes, and there is no other way to send a query to
/// REST; what is left is for the host, the path and the locator.
const LONGEST_QUERY_IN_URL: usize = 15_000;
const MOST_IDS: usize = 400;

/// One query for whole records.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    pub(crate) object: ObjectName,
    pub(crate) fields: Vec<QueryField>,
    pub(crate) filter: Option<String>,
}

impl Select {
    /// All captured fields of the Object.
    pub(crate) fn records(schema: &ObjectSchema, filter: Option<String>) -> Self {
        let fields = schema
            .captured_fields()
            .map(|field| QueryField { name: field.name.clone(), kind: field.kind.clone() })
            .collect();
        Self { object: schema.name.clone(), fields, filter }
    }

    /// Nothing but the Ids of the records that are not deleted.
    pub(crate) fn live_ids(schema: &ObjectSchema) -> Self {
        let fields = vec![QueryField { name: "Id".to_owned(), kind: FieldKind::Id }];
        Self { object: schema.name.clone(), fields, filter: live_filter(schema).map(str::to_owned) }
    }

    pub(crate) fn soql(&self) -> String {
        let names: Vec<_> = self.fields.iter().map(|field| field.name.as_str()).collect();
        let query = format!("SELECT {} FROM {}", names.join(","), self.object);
        match &self.filter {
            Some(filter) => format!("{query} WHERE {filter}"),
            None => query,
        }
    }

    /// Spaces, commas and quotes take three bytes each in a URL.
    pub(crate) fn fits_url(&self) -> bool {
        let soql = self.soql();
        let escaped = soql.bytes().filter(|b| !b.is_ascii_alphanumeric() && *b != b'_').count();
        soql.len() + 2 * escaped <= LONGEST_QUERY_IN_URL
    }
}

/// `None` for Objects whose records cannot be in the recycle bin.
pub(crate) fn live_filter(schema: &ObjectSchema) -> Option<&'static str> {
    schema.field("IsDeleted").map(|_| "IsDeleted = false")
}

pub(crate) fn window_filter(stamp: &str, window: Window) -> String {
    let from = format!("{stamp} >= {}", window.from.literal());
    match window.until {
        Some(until) => format!("{from} AND {stamp} < {}", until.literal()),
        None => from,
    }
}

/// How many Ids fit one filter within the URL limit, beside the fields. A query whose fields alone do
/// not fit goes through Bulk, where there is room.
pub(crate) fn ids_per_query(select: &Select) -> usize {
    let used = select.soql().len() * 2;
    let per_id = "%27001000000000000AAA%27%2C".len();
    let fitting = LONGEST_QUERY_IN_URL.saturating_sub(used) / per_id;
    if select.fits_url() { fitting.clamp(1, MOST_IDS) } else { MOST_IDS }
}

pub(crate) fn ids_filter(field: &str, ids: &[RecordId]) -> String {
    let quoted: Vec<_> = ids.iter().map(|id| format!("'{id}'")).collect();
    format!("{field} IN ({})", quoted.join(","))
}

/// Live records, deleted records and the newest stamp of each, in one aggregate query.
pub(crate) fn probe(schema: &ObjectSchema, stamp: Option<&str>) -> String {
    let newest = stamp
        .filter(|stamp| schema.field(stamp).is_some_and(|field| field.aggregatable))
        .map_or_else(String::new, |stamp| format!(", MAX({stamp}) newest"));
    let can_group = schema.field("IsDeleted").is_some_and(|field| field.groupable);
    if can_group {
        format!("SELECT IsDeleted, COUNT(Id) records{newest} FROM {} GROUP BY IsDeleted", schema.name)
    } else {
        format!("SELECT COUNT(Id) records{newest} FROM {}", schema.name)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_domain::capture::window::OrgSecond;

    use super::*;

    fn schema(fields: usize) -> ObjectSchema {
        let mut all = vec![
            serde_json::json!({"name": "Id", "type": "id"}),
            serde_json::json!({"name": "IsDeleted", "type": "boolean"}),
            serde_json::json!({"name": "SystemModstamp", "type": "datetime"}),
        ];
        all.extend(
            (0..fields).map(|i| serde_json::json!({"name": format!("Field_{i}__c"), "type": "string"})),
        );
        serde_json::from_value(serde_json::json!({"name": "Thing__c", "fields": all})).unwrap()
    }

    #[test]
    fn queries_name_every_field_and_the_half_open_window() {
        let window = Window { from: OrgSecond(0), until: Some(OrgSecond(60)) };
        let select = Select::records(&schema(1), Some(window_filter("SystemModstamp", window)));
        assert_eq!(
            select.soql(),
            "SELECT Id,IsDeleted,SystemModstamp,Field_0__c FROM Thing__c WHERE SystemModstamp >= 1970-01-01T00:00:00Z \
             AND SystemModstamp < 1970-01-01T00:01:00Z"
        );
        assert_eq!(
            probe(&schema(0), Some("SystemModstamp")),
            "SELECT IsDeleted, COUNT(Id) records, MAX(SystemModstamp) newest FROM Thing__c GROUP BY IsDeleted"
        );
    }

    #[test]
    fn eight_hundred_fields_do_not_fit_a_url() {
        assert!(Select::records(&schema(100), None).fits_url());
        assert!(!Select::records(&schema(1_100), None).fits_url());
        let select = Select::records(&schema(1), None);
        assert!(ids_per_query(&select) >= 200);
        assert_eq!(ids_per_query(&Select::records(&schema(1_100), None)), MOST_IDS);
    }
}

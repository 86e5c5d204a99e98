//! One project below one account, and formulas evaluated on it.

use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Map, Value as Json, json};

use crate::formula::{Formula, FormulaError, Purpose, Subject};
use crate::model::{FieldDef, FieldType};
use crate::state::Org;
use crate::state::view::Snapshot;
use crate::{ApiError, SimOrg};

pub(super) struct Fixture {
    pub(super) org: Arc<Org>,
    pub(super) project: String,
}

pub(super) fn record(json: &Json) -> Map<String, Json> {
    json.as_object().expect("an object").clone()
}

impl Fixture {
    /// It is Sunday, 2030-03-17, 17:46:40 UTC.
    pub(super) fn new() -> Fixture {
        let org = SimOrg::new().bare().build().expect("an org");
        org.clock().stop_at(DateTime::from_timestamp(1_900_000_000, 0).expect("a time"));
        let account = insert(
            &org,
            "Account",
            &json!({"Name": "Acme", "BillingCity": "Paris", "AnnualRevenue": 1_000_000, "NumberOfEmployees": 12,
                "Industry": "Banking"}),
        );
        let project = insert(
            &org,
            "Project__c",
            &json!({"Name": "Dig", "Account__c": account, "Budget__c": 20_000.5, "Progress__c": 45,
                "Start__c": "2024-02-29", "Kick_Off__c": "2024-05-06T07:08:09Z", "Daily_Call__c": "10:30:00.250Z",
                "Is_Billable__c": true, "Stage__c": "Running", "Skills__c": "Rust;SQL", "External_Id__c": "P-1",
                "Contact_Email__c": "ada@example.com", "Summary__c": "one\r\ntwo"}),
        );
        Fixture { org, project }
    }

    /// The value of a formula, whatever its type, as text; `(blank)`, or the error after `#Error! `.
    pub(super) fn value(&self, text: &str, blank_is_zero: bool) -> String {
        let snapshot = self.org.snapshot();
        let row = Snapshot::find(&snapshot, &self.project).expect("the project");
        let user = self.org.admin();
        let subject = Subject { row: Some(&row), user: Some(&user.id), ..Subject::new(&snapshot) };
        let mut refused = String::new();
        for kind in [
            FieldType::String,
            FieldType::Double,
            FieldType::Boolean,
            FieldType::Date,
            FieldType::DateTime,
            FieldType::Time,
        ] {
            let mut field = FieldDef::plain("Tried__c", kind);
            field.formula_treat_null_number_as_zero = blank_is_zero;
            match Formula::new(text, &row.table().def, &snapshot, Purpose::Field(&field)) {
                Ok(formula) => {
                    return match formula.evaluate(&subject) {
                        Ok(datum) if datum.is_blank() => "(blank)".to_owned(),
                        Ok(datum) => datum.shown(),
                        Err(error) => format!("#Error! {error}"),
                    };
                }
                Err(FormulaError::Invalid(message)) if message.starts_with("Formula result") => {}
                Err(error) => refused = error.to_string(),
            }
        }
        format!("refused: {refused}")
    }

    /// What is said of a formula for a field of this type.
    pub(super) fn refusal(&self, text: &str, kind: FieldType) -> Result<(), FormulaError> {
        self.org.check_formula("Project__c", text, Purpose::Field(&FieldDef::plain("Tried__c", kind)))
    }

    pub(super) fn update(&self, change: &Json) -> Result<(), ApiError> {
        self.org.write(&self.org.admin(), |work| work.update("Project__c", &self.project, &record(change)))
    }
}

pub(super) fn insert(org: &Org, object: &str, values: &Json) -> String {
    org.write(&org.admin(), |work| work.insert(object, &record(values))).expect("a record that is taken")
}

/// Every formula with its value; all that differ are shown at once.
pub(super) fn compare(blank_is_zero: bool, cases: &[(&str, &str)]) {
    let fixture = Fixture::new();
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, wanted)| (text, wanted, fixture.value(text, blank_is_zero)))
        .filter(|(_, wanted, found)| *wanted != found)
        .map(|(text, wanted, found)| format!("{text}\n    is {found}\n    not {wanted}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

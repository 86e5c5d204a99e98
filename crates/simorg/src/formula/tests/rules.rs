//! Formulas of validation rules: they see the record before the save.

use serde_json::json;

use crate::formula::{Formula, FormulaError, Purpose, Subject};
use crate::state::view::Snapshot;

use super::fixture::Fixture;

/// On insert, and on an update of stage, name and weight from what the fixture holds.
fn results(text: &str) -> (String, String) {
    let fixture = Fixture::new();
    let before = fixture.org.snapshot();
    let prior = Snapshot::find(&before, &fixture.project).expect("the project");
    fixture
        .update(&json!({"Name": "Dig 2", "Stage__c": "Done", "Weight__c": 0, "Hidden__c": "x", "Summary__c": null}))
        .expect("an update");
    let snapshot = fixture.org.snapshot();
    let row = Snapshot::find(&snapshot, &fixture.project).expect("the project");
    let user = fixture.org.admin();
    let formula = match Formula::new(text, &row.table().def, &snapshot, Purpose::Rule) {
        Ok(formula) => formula,
        Err(error) => return (error.to_string(), String::new()),
    };
    let subject = Subject { row: Some(&row), user: Some(&user.id), ..Subject::new(&snapshot) };
    let shown = |subject: &Subject<'_>| {
        formula.evaluate(subject).map_or_else(|e| e.to_string(), |datum| datum.shown())
    };
    let first = shown(&subject);
    (first, shown(&Subject { prior: Some(&prior), ..subject }))
}

#[test]
fn rules_compare_with_the_record_before_the_save() {
    for (text, on_insert, on_update) in [
        ("ISNEW()", "true", "false"),
        ("ISCLONE()", "false", "false"),
        ("ISCHANGED(Name)", "false", "true"),
        ("ISCHANGED(Budget__c)", "false", "false"),
        ("ISCHANGED(Weight__c)", "false", "true"),
        ("ISCHANGED(Stage__c)", "false", "true"),
        ("ISCHANGED(Summary__c)", "false", "true"),
        ("PRIORVALUE(Name) = \"Dig\"", "false", "true"),
        ("ISBLANK(PRIORVALUE(Weight__c))", "true", "true"),
        ("ISPICKVAL(PRIORVALUE(Stage__c), \"Running\")", "false", "true"),
        ("TEXT(PRIORVALUE(Stage__c)) = \"Running\" && ISPICKVAL(Stage__c, \"Done\")", "false", "true"),
        ("NOT(ISBLANK(Days__c))", "false", "false"),
        ("Days__c < 1", "", ""),
        ("Weight__c = 0", "true", "true"),
        ("REGEX(Name, \"[A-Z][a-z]+ \\\\d\")", "true", "true"),
        ("REGEX(Name, \"Dig\")", "false", "false"),
        ("REGEX(Hidden__c & \"\", \"x?\")", "true", "true"),
        ("NOT(REGEX(External_Id__c, \"P-[0-9]{1,3}\"))", "false", "false"),
        ("LEN(Notes__c) > 10", "false", "false"),
        ("Name <> PRIORVALUE(Name)", "true", "true"),
    ] {
        assert_eq!(results(text), (on_insert.to_owned(), on_update.to_owned()), "{text}");
    }
}

#[test]
fn rules_that_cannot_be_rules_are_refused() {
    let fixture = Fixture::new();
    let refusal = |text: &str| fixture.org.check_formula("Project__c", text, Purpose::Rule);
    for (text, message) in [
        ("1", "Formula result is data type (Number), incompatible with expected data type (true or false)."),
        (
            "ISCHANGED(Account__r.Name)",
            "Incorrect parameter for function 'ISCHANGED()'. Expected field reference.",
        ),
        ("ISNEW(1)", "Incorrect number of parameters for function 'ISNEW()'. Expected 0, received 1"),
    ] {
        assert_eq!(refusal(text), Err(FormulaError::Invalid(message.to_owned())), "{text}");
    }
    for pattern in ["(?=a)", "(a)\\\\1", "a++"] {
        let text = format!("REGEX(Name, \"{pattern}\")");
        assert!(matches!(refusal(&text), Err(FormulaError::NotSimulated(_))), "{text}");
    }
}

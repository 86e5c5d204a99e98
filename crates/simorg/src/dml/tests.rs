//! What a write of several rows leaves behind, row by row.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;
use crate::SimOrg;
use crate::model::Value;
use crate::state::{Org, Scan};

fn org() -> Arc<Org> {
    SimOrg::new().bare().build().unwrap()
}

fn row(object: &str, record: &Json) -> Row {
    Row::new(object, record.as_object().unwrap().clone())
}

fn write(org: &Org, verb: &Verb, rows: &[Row], all_or_none: bool) -> Vec<Outcome> {
    save(org, &org.admin(), verb, rows, &Options { all_or_none, ..Options::default() })
}

fn insert(org: &Org, object: &str, record: &Json) -> String {
    let outcome = write(org, &Verb::Insert, &[row(object, record)], true).remove(0);
    outcome.unwrap().id
}

fn codes(outcomes: &[Outcome]) -> Vec<String> {
    let code = |outcome: &Outcome| match outcome {
        Ok(saved) if saved.created => "created".to_owned(),
        Ok(_) => "ok".to_owned(),
        Err(errors) => errors.iter().map(|error| error.code.clone()).collect::<Vec<_>>().join("+"),
    };
    outcomes.iter().map(code).collect()
}

/// The texts of one field in all live rows.
fn texts(org: &Org, object: &str, field: &str) -> Vec<String> {
    let view = org.admin_view();
    let def = view.object(object).unwrap();
    let mut texts = Vec::new();
    view.scan(&def, Scan::default(), &mut |row| {
        texts.push(row.value_of(field).to_plain_text());
        std::ops::ControlFlow::Continue(())
    });
    texts
}

#[test]
fn a_refused_row_leaves_nothing_and_the_others_stay() {
    let org = org();
    let rows = [
        row("Account", &json!({"Name": "A"})),
        row("Account", &json!({"Phone": "1"})),
        row("Nothing__c", &json!({})),
        row("Account", &json!({"Name": "B"})),
    ];

    let outcomes = write(&org, &Verb::Insert, &rows, false);

    assert_eq!(codes(&outcomes), ["created", "REQUIRED_FIELD_MISSING", "INVALID_TYPE", "created"]);
    assert_eq!(texts(&org, "Account", "Name"), ["A", "B"]);
}

#[test]
fn all_or_none_undoes_the_good_rows_and_says_so() {
    let org = org();
    let rows = [row("Account", &json!({"Name": "A"})), row("Account", &json!({"Phone": "1"}))];

    let outcomes = write(&org, &Verb::Insert, &rows, true);

    assert_eq!(codes(&outcomes), ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]);
    assert!(texts(&org, "Account", "Name").is_empty());
}

#[test]
fn a_refused_delete_puts_back_what_the_cascade_took() {
    let org = org();
    let account = insert(&org, "Account", &json!({"Name": "A"}));
    let other = insert(&org, "Account", &json!({"Name": "B"}));
    insert(&org, "Contact", &json!({"LastName": "C", "AccountId": account}));
    let before = texts(&org, "Contact", "SystemModstamp");

    let outcomes = org.transact(&org.admin(), |transaction| {
        let both = transaction.attempt(|transaction| {
            transaction.delete(&account)?;
            transaction.delete("001000000000000AAA")
        });
        let outcome = transaction.delete(&other);
        ((both, outcome), true)
    });

    assert!(outcomes.0.is_err() && outcomes.1.is_ok());
    assert_eq!(texts(&org, "Account", "Name"), ["A"]);
    assert_eq!(texts(&org, "Contact", "SystemModstamp"), before);
    assert_eq!(org.count(&org.admin(), &org.admin_view().object("Account").unwrap(), true), 2);
    let told: Vec<String> = org.deleted("Account", 0, i64::MAX).into_iter().map(|gone| gone.id).collect();
    assert_eq!(told, [other]);
}

#[test]
fn upsert_finds_its_row_or_makes_it() {
    let org = org();
    let by = Verb::Upsert { by: "External_Id__c".to_owned() };
    let rows = [
        row("Project__c", &json!({"External_Id__c": "x1", "Name": "One"})),
        row("Project__c", &json!({"External_Id__c": "x2", "Name": "Two"})),
    ];
    assert_eq!(codes(&write(&org, &by, &rows, false)), ["created", "created"]);

    let rows = [
        row("Project__c", &json!({"External_Id__c": "X1", "Name": "One again"})),
        row("Project__c", &json!({"External_Id__c": "x3", "Name": "Three"})),
        row("Project__c", &json!({"External_Id__c": "x3", "Name": "Three twice"})),
        row("Project__c", &json!({"Name": "No key"})),
    ];
    let outcomes = write(&org, &by, &rows, false);

    assert_eq!(codes(&outcomes), ["ok", "created", "DUPLICATE_VALUE", "MISSING_ARGUMENT"]);
    assert_eq!(texts(&org, "Project__c", "Name"), ["One again", "Two", "Three"]);
}

#[test]
fn upsert_by_id_updates_and_without_an_id_inserts() {
    let org = org();
    let id = insert(&org, "Account", &json!({"Name": "A"}));
    let by = Verb::Upsert { by: "Id".to_owned() };
    let rows = [
        row("Account", &json!({"Id": id, "Name": "A2"})),
        row("Account", &json!({"Id": null, "Name": "B"})),
        row("Account", &json!({"id": "001000000000000AAA", "Name": "C"})),
    ];

    let outcomes = write(&org, &by, &rows, false);

    assert_eq!(codes(&outcomes), ["ok", "created", "INVALID_CROSS_REFERENCE_KEY"]);
    assert_eq!(texts(&org, "Account", "Name"), ["A2", "B"]);
}

#[test]
fn upsert_by_a_field_that_is_no_key_is_refused() {
    let org = org();
    let rows = [row("Account", &json!({"Phone": "1", "Name": "A"}))];
    let outcomes = write(&org, &Verb::Upsert { by: "Phone".to_owned() }, &rows, false);
    assert_eq!(codes(&outcomes), ["INVALID_FIELD"]);
}

#[test]
fn a_unique_value_is_free_again_after_its_row_was_refused_or_deleted() {
    let org = org();
    let first = json!({"External_Id__c": "u", "Name": "One"});
    let refused = [row("Project__c", &first), row("Project__c", &json!({"Name": "x".repeat(81)}))];
    write(&org, &Verb::Insert, &refused, true);

    let id = insert(&org, "Project__c", &first);
    let again = write(&org, &Verb::Insert, &[row("Project__c", &first)], false);
    assert_eq!(codes(&again), ["DUPLICATE_VALUE"]);
    assert_eq!(codes(&write(&org, &Verb::Delete, &[Row::by_id(&id)], false)), ["ok"]);
    assert_eq!(codes(&write(&org, &Verb::Insert, &[row("Project__c", &first)], false)), ["created"]);
}

#[test]
fn a_generated_row_is_found_by_its_key() {
    let org = SimOrg::new().bare().records("Project__c", 500).records("Account", 10).build().unwrap();
    let keys = texts(&org, "Project__c", "External_Id__c");
    let by = Verb::Upsert { by: "External_Id__c".to_owned() };
    let rows = [row("Project__c", &json!({"External_Id__c": keys[321].to_lowercase(), "Name": "Found"}))];

    let outcomes = write(&org, &by, &rows, false);

    assert_eq!(codes(&outcomes), ["ok"]);
    assert_eq!(texts(&org, "Project__c", "Name")[321], "Found");
}

#[test]
fn rows_are_deleted_past_the_bin_and_brought_back_from_it() {
    let org = org();
    let ids = ["A", "B"].map(|name| insert(&org, "Account", &json!({"Name": name})));
    let rows = ids.each_ref().map(|id| Row::by_id(id));

    assert_eq!(codes(&write(&org, &Verb::Delete, &rows, false)), ["ok", "ok"]);
    assert_eq!(codes(&write(&org, &Verb::Delete, &rows[..1], false)), ["ENTITY_IS_DELETED"]);
    assert_eq!(codes(&write(&org, &Verb::HardDelete, &rows[..1], false)), ["ok"]);
    assert_eq!(codes(&write(&org, &Verb::Undelete, &rows, false)), ["UNDELETE_FAILED", "ok"]);
    assert_eq!(texts(&org, "Account", "Name"), ["B"]);
}

#[test]
fn ids_of_other_objects_or_none_are_refused() {
    let org = org();
    let contact = insert(&org, "Contact", &json!({"LastName": "C"}));
    let update =
        |record: Json| codes(&write(&org, &Verb::Update, &[row("Account", &record)], false)).remove(0);

    assert_eq!(update(json!({"Id": contact, "Name": "A"})), "MALFORMED_ID");
    assert_eq!(update(json!({"Id": "x", "Name": "A"})), "MALFORMED_ID");
    assert_eq!(update(json!({"Name": "A"})), "MISSING_ARGUMENT");
    let mut wrong = Row::by_id(&contact);
    wrong.object = "Account".to_owned();
    assert_eq!(codes(&write(&org, &Verb::Delete, &[wrong], false)), ["MALFORMED_ID"]);
}

#[test]
fn a_row_is_updated_once_in_a_call() {
    let org = org();
    let id = insert(&org, "Account", &json!({"Name": "A"}));
    let rows = ["B", "C"].map(|name| row("Account", &json!({"Id": id, "Name": name})));

    let outcomes = write(&org, &Verb::Update, &rows, false);

    assert_eq!(codes(&outcomes), ["ok", "DUPLICATE_VALUE"]);
    assert_eq!(texts(&org, "Account", "Name"), ["B"]);
}

#[test]
fn children_of_written_parents_are_found_by_the_index_and_without_it_alike() {
    let org = SimOrg::new().bare().records("Account", 50).records("Contact", 300).build().unwrap();
    let view = org.admin_view();
    let accounts = texts(&org, "Account", "Id");
    for at in [0, 7] {
        let rows = [row("Contact", &json!({"LastName": "New", "AccountId": accounts[at]}))];
        write(&org, &Verb::Insert, &rows, true);
    }
    let held = |account: &str| texts(&org, "Contact", "AccountId").iter().filter(|id| *id == account).count();
    let (first, others) = (held(&accounts[0]), held(&accounts[7]));
    assert!(first > 1, "generated and written contacts hang on the account");

    assert_eq!(codes(&write(&org, &Verb::Delete, &[Row::by_id(&accounts[0])], true)), ["ok"]);

    assert_eq!((held(&accounts[0]), held(&accounts[7])), (0, others));
    let def = view.object("Account").unwrap();
    assert!(view.row(&def, &accounts[0]).is_some_and(|row| row.value_of("Name") != Value::Null));
}

#[test]
fn keys_that_differ_in_case_alone_are_two_if_the_field_tells_case() {
    for (field, expected) in
        [("Strict_Id__c", ["created", "created"]), ("External_Id__c", ["created", "DUPLICATE_VALUE"])]
    {
        let org = org();
        let rows = ["A-1", "a-1"].map(|key| row("Project__c", &json!({"Name": "P", field: key})));

        let outcomes = write(&org, &Verb::Upsert { by: field.to_owned() }, &rows, false);

        assert_eq!(codes(&outcomes), expected, "{field}");
    }
}

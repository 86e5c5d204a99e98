//! The data plan of the public sample app, loaded as an org.

use std::ops::ControlFlow;
use std::path::Path;

use simorg::SimOrg;
use simorg::model::{FieldType, Value};
use simorg::state::Scan;

fn dreamhouse() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dreamhouse")
}

#[test]
fn the_plan_makes_its_objects_with_fitting_types_and_links_its_records() {
    let org = SimOrg::new().bare().data_dir(dreamhouse()).build().expect("the plan loads");
    let view = org.admin_view();
    let broker = view.object("Broker__c").expect("made by the plan");
    let property = view.object("Property__c").expect("made by the plan");

    let kind = |name: &str| property.field(name).map(|field| field.kind);
    assert_eq!(kind("Broker__c"), Some(FieldType::Reference));
    assert_eq!(kind("Location__c"), Some(FieldType::Location));
    assert_eq!(kind("Price__c"), Some(FieldType::Double));
    assert_eq!(kind("Picture__c"), Some(FieldType::Url));
    assert_eq!(kind("Description__c"), Some(FieldType::TextArea));
    assert_eq!(
        property.field("Broker__c").map(|f| f.reference_to.clone()),
        Some(vec!["Broker__c".to_owned()])
    );
    assert_eq!(broker.child("Propertys__r").map(|c| c.child.as_str()), Some("Property__c"));

    let mut linked = 0;
    view.scan(&property, Scan::default(), &mut |row| {
        let field = property.field("Broker__c").expect("a field");
        assert_eq!(row.referenced(field).expect("a broker").object_name(), "Broker__c");
        assert!(matches!(row.value_of("Location__c"), Value::Compound(_)));
        linked += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(linked, records("properties-data.json"));
    assert_eq!(view.count(&broker, false), records("brokers-data.json"));
    assert_eq!(view.count(&view.object("Contact").expect("an object"), false), records("contacts-data.json"));
}

fn records(file: &str) -> u64 {
    let text = std::fs::read_to_string(dreamhouse().join(file)).expect("a file");
    text.matches("\"referenceId\"").count() as u64
}

#[test]
fn a_directory_without_a_plan_is_named_in_the_error() {
    let empty = tempfile::tempdir().expect("a directory");
    let error = SimOrg::new().bare().data_dir(empty.path()).build().expect_err("there is no plan");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains(&empty.path().display().to_string()), "{cause}");
}

#[test]
fn a_reference_to_nothing_stops_the_load() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("a file");
    write("plan.json", r#"[{"sobject": "Contact", "files": ["c.json"]}]"#);
    write(
        "c.json",
        r#"{"records": [{"attributes": {"type": "Contact"}, "LastName": "X", "AccountId": "@NoSuchRef"}]}"#,
    );

    let error =
        SimOrg::new().bare().data_dir(directory.path()).build().expect_err("the reference leads nowhere");

    assert_eq!(
        std::error::Error::source(&error).expect("a cause").to_string(),
        "`NoSuchRef` is not the name of a record loaded before"
    );
}

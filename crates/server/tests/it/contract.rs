//! The document that is committed is the one that the code makes, and what it promises holds.

use std::collections::BTreeSet;

use serde_json::Value;

fn committed() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

#[test]
fn the_committed_document_is_the_one_of_the_code() {
    assert!(
        committed() == *holdfast_server::document(),
        "run `cargo run -p holdfast-server --example openapi > crates/server/openapi.json`"
    );
}

#[test]
fn every_operation_says_who_may_and_every_reference_leads_somewhere() {
    let document = committed();
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(operation["x-permission"].is_string(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    assert!(!text.contains("\"null\""), "an absent value is absent");
}

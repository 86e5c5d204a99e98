//! The queries that `docs/lake.md` gives people to copy answer what they promise.

use serde_json::Value;

use crate::captured_org::{CapturedOrg, describe, id};
use crate::python::{python, root};

const WITH_RATING: [(&str, &str); 5] = [
    ("Name", "string"),
    ("AnnualRevenue", "currency"),
    ("IsActive__c", "boolean"),
    ("CreatedDate", "datetime"),
    ("Rating__c", "string"),
];
/// `Rating__c` is gone, and `AnnualRevenue` has become text.
const WITHOUT_RATING: [(&str, &str); 4] = [
    ("Name", "string"),
    ("AnnualRevenue", "string"),
    ("IsActive__c", "boolean"),
    ("CreatedDate", "datetime"),
];

/// Three versions: two runs of one block each, and one more block. `docs/lake.md` names them.
async fn documented_lake() -> CapturedOrg {
    let mut org = CapturedOrg::new().await;
    let first = describe("Account", &WITH_RATING);
    let records = [
        (
            id(1),
            vec![
                ("Name", "Acme"),
                ("AnnualRevenue", "1000.5"),
                ("IsActive__c", "true"),
                ("Rating__c", "Hot"),
                ("CreatedDate", "2024-09-24T03:26:07.000Z"),
            ],
        ),
        (id(2), vec![("Name", "Bolt"), ("AnnualRevenue", "0.1")]),
        (id(3), vec![("Name", "Crux"), ("AnnualRevenue", "0.2")]),
    ];
    org.capture(&first, &records, &[]).await;
    org.end_run().await;
    org.capture(
        &first,
        &[(id(1), vec![("Name", "Acme Ltd"), ("AnnualRevenue", "2000"), ("Rating__c", "Cold")])],
        &[id(2)],
    )
    .await;
    org.end_run().await;
    let second = describe("Account", &WITHOUT_RATING);
    org.capture(
        &second,
        &[(id(1), vec![("Name", "Acme plc"), ("AnnualRevenue", "lots")]), (id(4), vec![("Name", "Dune")])],
        &[],
    )
    .await;
    org.end_run().await;
    org
}

///
#[tokio::test]
async fn the_queries_of_the_document_answer_what_they_promise() {
    let org = documented_lake().await;
    let document = root().join("docs/lake.md");

    let answers = python("doc_snippets.py", &[&document, &org.path()]).unwrap();

    let answers: Value = serde_json::from_str(&answers).unwrap();
    let expected = std::fs::read_to_string(root().join("tests/readers/lake_md_answers.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    assert_eq!(answers, expected);
}

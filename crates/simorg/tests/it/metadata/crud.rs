//! readMetadata and its writing relatives.

use super::*;

#[tokio::test]
async fn components_are_read_with_their_type_and_missing_ones_are_nil() {
    let org = Metadata::start().await;
    let answer = org
        .call(
            "readMetadata",
            "<type>CustomObject</type><fullNames>Project__c</fullNames><fullNames>Nope__c</fullNames>",
        )
        .await;
    let records: Vec<&Element> = answer.result().all("records").collect();
    assert_eq!(records[0].attribute_value("type"), Some("CustomObject"));
    assert_eq!(records[0].text_of("fullName"), Some("Project__c"));
    assert!(records[0].all("fields").any(|field| field.text_of("fullName") == Some("Budget__c")));
    assert!(records[1].is_nil());
    let field =
        org.call("readMetadata", "<type>CustomField</type><fullNames>Project__c.Budget__c</fullNames>").await;
    assert_eq!(field.result().child("records").and_then(|r| r.text_of("type")), Some("Currency"));
    let eleven = "<fullNames>A</fullNames>".repeat(11);
    let refused = org.call("readMetadata", &format!("<type>Flow</type>{eleven}")).await;
    assert_eq!(
        refused.fault().1,
        "EXCEEDED_ID_LIMIT: record limit reached. cannot submit more than 10 records in this operation"
    );
}

#[tokio::test]
async fn a_field_is_created_updated_upserted_and_deleted() {
    let org = Metadata::start().await;
    let field = |label: &str| {
        format!(
            "<metadata xsi:type=\"CustomField\"><fullName>Account.Score__c</fullName><label>{label}</label><length>20</length><type>Text</type></metadata>"
        )
    };
    let created = org.call("createMetadata", &field("Score")).await;
    assert!(created.result().is_true("success"), "{}", created.body.to_text());
    org.client.create("Account", json!({"Name": "A", "Score__c": "x"})).await;
    let twice = org.call("createMetadata", &field("Score")).await;
    assert_eq!(
        twice.result().child("errors").and_then(|e| e.text_of("statusCode")),
        Some("DUPLICATE_DEVELOPER_NAME")
    );

    assert!(org.call("updateMetadata", &field("Points")).await.result().is_true("success"));
    let upserted = org.call("upsertMetadata", &field("Goals")).await;
    assert_eq!(
        (upserted.result().text_of("created"), upserted.result().text_of("success")),
        (Some("false"), Some("true"))
    );
    let (_, described) = org.client.get("/sobjects/Account/describe").await;
    let label = described["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["name"] == "Score__c")
        .map(|f| f["label"].clone());
    assert_eq!(label, Some(json!("Goals")));

    let deleted = org.call("deleteMetadata", "<type>CustomField</type><fullNames>Account.Score__c</fullNames><fullNames>Account.Nope__c</fullNames>").await;
    let fates: Vec<bool> = deleted.results().iter().map(|result| result.is_true("success")).collect();
    assert_eq!(fates, [true, false]);
    assert!(!org.call("updateMetadata", &field("Gone")).await.result().is_true("success"));
}

#[tokio::test]
async fn components_without_a_schema_are_renamed() {
    let org = Metadata::start().await;
    let rename = |from: &str, to: &str| {
        format!("<type>Role</type><oldFullName>{from}</oldFullName><newFullName>{to}</newFullName>")
    };
    assert!(org.call("renameMetadata", &rename("Sales", "Sales_East")).await.result().is_true("success"));
    let (_, files) = org.retrieve(&[("Role", &["*"])]).await;
    assert!(files.contains_key("roles/Sales_East.role") && !files.contains_key("roles/Sales.role"));
    assert!(!org.call("renameMetadata", &rename("Sales", "B")).await.result().is_true("success"));
    let object =
        "<type>CustomObject</type><oldFullName>Project__c</oldFullName><newFullName>P__c</newFullName>";
    assert_eq!(org.call("renameMetadata", object).await.status, 501);
}

//! Person accounts: an account and its contact as one record.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::state::Org;

use crate::client::Client;

async fn bare() -> Client {
    Client::start(SimOrg::new().bare().person_accounts()).await
}

fn text(org: &Org, id: &str, field: &str) -> String {
    let view = org.admin_view();
    let def = view.object_of_id(id).expect("an object");
    view.row(&def, id).expect("a row").value_of(field).to_plain_text()
}

fn is_live(org: &Org, id: &str) -> bool {
    let view = org.admin_view();
    let def = view.object_of_id(id).expect("an object");
    view.row(&def, id).is_some_and(|row| !row.is_deleted())
}

async fn change(client: &Client, object: &str, id: &str, record: Json) {
    let (status, answer) = client.send(Method::PATCH, &format!("/sobjects/{object}/{id}"), record).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
}

#[tokio::test]
async fn a_person_has_a_contact_and_the_two_show_the_same() {
    let client = bare().await;
    let org = client.running.org();
    let person = json!({"FirstName": "Ann", "LastName": "Lee", "PersonEmail": "a@b.example", "PersonMailingCity": "Paris"});
    let account = client.create("Account", person).await;
    let contact = text(org, &account, "PersonContactId");
    assert_eq!(
        (text(org, &account, "Name"), text(org, &account, "IsPersonAccount")),
        ("Ann Lee".into(), "true".into())
    );
    assert_eq!(
        (text(org, &contact, "Email"), text(org, &contact, "MailingCity")),
        ("a@b.example".into(), "Paris".into())
    );
    assert_eq!(
        (text(org, &contact, "AccountId"), text(org, &contact, "IsPersonAccount")),
        (account.clone(), "true".into())
    );
    let record_type = text(org, &account, "RecordTypeId");
    assert_eq!(text(org, &record_type, "DeveloperName"), "PersonAccount");

    change(&client, "Account", &account, json!({"LastName": "Ray", "PersonTitle": "Dr."})).await;
    assert_eq!((text(org, &contact, "LastName"), text(org, &contact, "Title")), ("Ray".into(), "Dr.".into()));
    assert_eq!(text(org, &account, "Name"), "Ann Ray");
    change(&client, "Contact", &contact, json!({"FirstName": "Bea", "Phone": "7"})).await;
    assert_eq!((text(org, &account, "Name"), text(org, &account, "Phone")), ("Bea Ray".into(), "7".into()));
}

#[tokio::test]
async fn each_kind_of_account_keeps_to_its_own_fields() {
    let client = bare().await;
    let business = client.create("Account", json!({"Name": "Acme"})).await;
    assert_eq!(text(client.running.org(), &business, "PersonContactId"), "");
    let path = format!("/sobjects/Account/{business}");
    let refused = client.refused(Method::PATCH, &path, json!({"PersonEmail": "a@b.example"})).await;
    assert_eq!(
        (refused.1.as_str(), refused.2.as_str()),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", "Account: bad field names on insert/update call: PersonEmail")
    );
    let refused =
        client.refused(Method::POST, "/sobjects/Account", json!({"Name": "A", "LastName": "B"})).await;
    assert_eq!(refused.2, "Account: bad field names on insert/update call: Name");
}

#[tokio::test]
async fn a_person_is_deleted_and_merged_with_its_contact() {
    let client = bare().await;
    let org = client.running.org();
    let master = client.create("Account", json!({"LastName": "M"})).await;
    let loser = client.create("Account", json!({"LastName": "L"})).await;
    let business = client.create("Account", json!({"Name": "B"})).await;
    let [kept, gone] = [&master, &loser].map(|id| text(org, id, "PersonContactId"));
    let case = client.create("Case", json!({"Subject": "S", "ContactId": gone})).await;
    let refused = client.refused(Method::DELETE, &format!("/sobjects/Contact/{gone}"), Json::Null).await;
    assert_eq!(refused.1, "DELETE_FAILED");
    let mixed = json!({"merge": [{"master": master, "losers": [business]}]});
    assert_eq!(client.admin(Method::POST, "/records", mixed).await.1[0]["errorCode"], "INVALID_OPERATION");

    let merge = json!({"merge": [{"master": master, "losers": [loser]}]});
    assert_eq!(client.admin(Method::POST, "/records", merge).await.0, StatusCode::OK);
    assert_eq!(text(org, &case, "ContactId"), kept);
    assert!(!is_live(org, &loser) && !is_live(org, &gone) && is_live(org, &kept));
    assert_eq!(text(org, &gone, "MasterRecordId"), kept);

    client
        .send(Method::PATCH, &format!("/sobjects/Case/{case}"), json!({"ContactId": null, "AccountId": null}))
        .await;
    assert_eq!(client.delete(&format!("/sobjects/Account/{master}")).await.0, StatusCode::NO_CONTENT);
    assert!(!is_live(org, &kept));
}

#[tokio::test]
async fn an_org_without_the_feature_knows_no_persons() {
    let client = Client::start(SimOrg::new().bare()).await;
    let refused = client.refused(Method::POST, "/sobjects/Account", json!({"LastName": "L"})).await;
    assert_eq!(refused.1, "INVALID_FIELD");
}

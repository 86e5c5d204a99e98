//! Rules of single objects, owners and audit fields.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::state::Org;

use crate::client::{ADMIN, Client};

async fn bare() -> Client {
    Client::start(SimOrg::new().bare()).await
}

fn text(org: &Org, id: &str, field: &str) -> String {
    let view = org.admin_view();
    let def = view.object_of_id(id).expect("an object");
    view.row(&def, id).expect("a row").value_of(field).to_plain_text()
}

async fn refusal(client: &Client, object: &str, record: Json) -> String {
    client.refused(Method::POST, &format!("/sobjects/{object}"), record).await.1
}

async fn standard_book(client: &Client) -> String {
    let (_, answer) = client.get("/query?q=SELECT+Id+FROM+Pricebook2+WHERE+IsStandard+%3D+true").await;
    answer["records"][0]["Id"].as_str().expect("a book").to_owned()
}

#[tokio::test]
async fn contracts_and_orders_begin_as_drafts_and_are_activated_alone() {
    let client = bare().await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    for (object, record) in [
        ("Contract", json!({"AccountId": account})),
        ("Order", json!({"AccountId": account, "EffectiveDate": "2026-01-01"})),
    ] {
        let mut active = record.clone();
        active["Status"] = json!("Activated");
        assert_eq!(refusal(&client, object, active).await, "FAILED_ACTIVATION");
        let mut draft = record;
        draft["Status"] = json!("Draft");
        let id = client.create(object, draft).await;
        let path = format!("/sobjects/{object}/{id}");
        let both =
            client.refused(Method::PATCH, &path, json!({"Status": "Activated", "Description": "x"})).await;
        assert_eq!(both.1, "FAILED_ACTIVATION");
        assert_eq!(
            client.send(Method::PATCH, &path, json!({"Status": "Activated"})).await.0,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            client.refused(Method::PATCH, &path, json!({"Status": "Draft"})).await.1,
            "FAILED_ACTIVATION"
        );
    }
}

#[tokio::test]
async fn a_product_has_a_standard_price_first() {
    let client = bare().await;
    let standard = standard_book(&client).await;
    let custom = client.create("Pricebook2", json!({"Name": "Custom", "IsActive": true})).await;
    let product = client.create("Product2", json!({"Name": "P"})).await;
    let price = |book: &str| json!({"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 1});
    let refused = client.refused(Method::POST, "/sobjects/PricebookEntry", price(&custom)).await;
    assert_eq!(
        (refused.1.as_str(), refused.2.as_str()),
        ("STANDARD_PRICE_NOT_DEFINED", "Before creating a custom price, create a standard price.")
    );
    client.create("PricebookEntry", price(&standard)).await;
    let entry = client.create("PricebookEntry", price(&custom)).await;
    assert_eq!(refusal(&client, "PricebookEntry", price(&custom)).await, "DUPLICATE_VALUE");
    assert_eq!(
        refusal(&client, "Pricebook2", json!({"Name": "S", "IsStandard": true})).await,
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    );

    let deal =
        json!({"Name": "D", "StageName": "Prospecting", "CloseDate": "2030-01-31", "Pricebook2Id": custom});
    let deal = client.create("Opportunity", deal).await;
    let line = json!({"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 1, "TotalPrice": 2});
    assert_eq!(refusal(&client, "OpportunityLineItem", line).await, "INVALID_FIELD_FOR_INSERT_UPDATE");
    let line = json!({"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 1});
    client.create("OpportunityLineItem", line).await;
    let path = format!("/sobjects/Opportunity/{deal}");
    let refused = client.refused(Method::PATCH, &path, json!({"Pricebook2Id": standard})).await;
    assert_eq!(refused.1, "FIELD_INTEGRITY_EXCEPTION");
}

#[tokio::test]
async fn single_objects_have_their_own_rules() {
    let client = bare().await;
    let org = client.running.org();
    let contact = client.create("Contact", json!({"LastName": "C"})).await;
    assert_eq!(refusal(&client, "Asset", json!({"Name": "A"})).await, "FIELD_INTEGRITY_EXCEPTION");
    let campaign = client.create("Campaign", json!({"Name": "C"})).await;
    client
        .create(
            "CampaignMemberStatus",
            json!({"CampaignId": campaign, "Label": "Invited", "IsDefault": true}),
        )
        .await;
    let member = json!({"CampaignId": campaign, "ContactId": contact, "Status": "Unheard"});
    let id = client.create("CampaignMember", member.clone()).await;
    assert_eq!(text(org, &id, "Status"), "Invited");
    assert_eq!(refusal(&client, "CampaignMember", member).await, "DUPLICATE_VALUE");
    assert_eq!(
        refusal(&client, "CampaignMember", json!({"CampaignId": campaign})).await,
        "FIELD_INTEGRITY_EXCEPTION"
    );
    let account = client.create("Account", json!({"Name": "A"})).await;
    let (status, _) = client
        .send(Method::PATCH, &format!("/sobjects/Contact/{contact}"), json!({"AccountId": account}))
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let mail = client.create("EmailMessage", json!({"Subject": "S", "Status": "3"})).await;
    let refused = client
        .refused(Method::PATCH, &format!("/sobjects/EmailMessage/{mail}"), json!({"Subject": "T"}))
        .await;
    assert_eq!(refused.1, "INSUFFICIENT_ACCESS_OR_READONLY");
    let lead = client
        .create(
            "Lead",
            json!({"LastName": "L", "Company": "C", "IsConverted": true, "Status": "Closed - Converted"}),
        )
        .await;
    assert!(!text(org, &lead, "ConvertedDate").is_empty());
}

#[tokio::test]
async fn who_left_owns_records_with_a_permission_and_files_never() {
    let client = bare().await;
    let org = client.running.org();
    let former = org.user_by_name("former@simorg.example").expect("a user").id.clone();
    let record = json!({"Name": "A", "OwnerId": former});
    let refused = client.refused(Method::POST, "/sobjects/Account", record.clone()).await;
    let words = format!("operation performed with inactive user [{}] as owner of account", &former[..15]);
    assert_eq!((refused.1.as_str(), refused.2), ("INACTIVE_OWNER_OR_USER", words));

    let path = format!("/users/{ADMIN}/permissions");
    client.admin(Method::POST, &path, json!({"grant": ["UpdateWithInactiveOwner"]})).await;
    let account = client.create("Account", record).await;
    assert_eq!(text(org, &account, "OwnerId"), former);
    let file = json!({"Title": "T", "PathOnClient": "t.txt", "VersionData": "aGk=", "OwnerId": former});
    assert_eq!(refusal(&client, "ContentVersion", file).await, "INACTIVE_OWNER_OR_USER");
    let (status, answer) = client.admin(Method::POST, &path, json!({"grant": ["Fly"]})).await;
    assert_eq!(
        (status, &answer[0]["errorCode"]),
        (StatusCode::BAD_REQUEST, &json!("UNKNOWN_USER_PERMISSION"))
    );
}

#[tokio::test]
async fn audit_fields_are_set_on_insert_with_preference_and_permission() {
    let client = bare().await;
    let org = client.running.org();
    let user = org.user_by_name("former@simorg.example").expect("a user").id.clone();
    let record = json!({"Name": "A", "CreatedDate": "2020-01-02T03:04:05Z", "LastModifiedDate": "2021-01-02T03:04:05Z", "CreatedById": user});
    assert_eq!(refusal(&client, "Account", record.clone()).await, "INVALID_FIELD_FOR_INSERT_UPDATE");
    let path = format!("/users/{ADMIN}/permissions");
    client.admin(Method::POST, &path, json!({"grant": ["CreateAuditFields"]})).await;

    let account = client.create("Account", record.clone()).await;
    let (_, row) = client.get(&format!("/sobjects/Account/{account}")).await;
    assert_eq!(row["CreatedDate"], "2020-01-02T03:04:05.000+0000");
    assert_eq!(row["LastModifiedDate"], "2021-01-02T03:04:05.000+0000");
    assert_eq!(row["CreatedById"], json!(user));
    assert!(row["SystemModstamp"].as_str() > Some("2021-02"), "the system's stamp is its own");

    let update = client
        .refused(
            Method::PATCH,
            &format!("/sobjects/Account/{account}"),
            json!({"CreatedDate": "2020-01-02T03:04:05Z"}),
        )
        .await;
    assert_eq!(update.1, "INVALID_FIELD_FOR_INSERT_UPDATE");
    let turned = json!({"Name": "A", "CreatedDate": "2022-01-02T03:04:05Z", "LastModifiedDate": "2021-01-02T03:04:05Z"});
    assert_eq!(refusal(&client, "Account", turned).await, "FIELD_INTEGRITY_EXCEPTION");
    let future = json!({"Name": "A", "CreatedDate": "2999-01-02T03:04:05Z"});
    assert_eq!(refusal(&client, "Account", future).await, "FIELD_INTEGRITY_EXCEPTION");
    client.admin(Method::PUT, "/setup", json!({"audit_fields": false})).await;
    assert_eq!(refusal(&client, "Account", record).await, "INVALID_FIELD_FOR_INSERT_UPDATE");
}

#[tokio::test]
async fn files_keep_their_rules() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "A"})).await;
    let file =
        json!({"PathOnClient": "dir/report.xlsx", "VersionData": "aGk=", "FirstPublishLocationId": account});
    let first = client.create("ContentVersion", file).await;
    let document = text(org, &first, "ContentDocumentId");
    assert_eq!(
        (text(org, &first, "Title"), text(org, &first, "FileType")),
        ("report".into(), "EXCEL_X".into())
    );
    let link = |target: &str, share: &str| json!({"ContentDocumentId": document, "LinkedEntityId": target, "ShareType": share});
    assert_eq!(refusal(&client, "ContentDocumentLink", link(&account, "V")).await, "DUPLICATE_VALUE");
    let user = org.user_by_name("standard@simorg.example").expect("a user").id.clone();
    assert_eq!(refusal(&client, "ContentDocumentLink", link(&user, "I")).await, "FIELD_INTEGRITY_EXCEPTION");
    let next = json!({"PathOnClient": "report.xlsx", "VersionData": "aG8=", "ContentDocumentId": document});
    let second = client.create("ContentVersion", next.clone()).await;
    assert_eq!(
        (text(org, &second, "VersionNumber"), text(org, &first, "IsLatest")),
        ("2".into(), "false".into())
    );
    let refused = client
        .refused(Method::PATCH, &format!("/sobjects/ContentVersion/{first}"), json!({"Title": "Old"}))
        .await;
    assert_eq!(refused.1, "FIELD_INTEGRITY_EXCEPTION");
    client.send(Method::PATCH, &format!("/sobjects/ContentVersion/{second}"), json!({"Title": "New"})).await;
    assert_eq!(text(org, &document, "Title"), "New");
    let refused =
        client.refused(Method::DELETE, &format!("/sobjects/ContentVersion/{second}"), Json::Null).await;
    assert_eq!(refused.1, "INSUFFICIENT_ACCESS_OR_READONLY");

    client
        .send(Method::PATCH, &format!("/sobjects/ContentDocument/{document}"), json!({"IsArchived": true}))
        .await;
    assert!(!text(org, &document, "ArchivedDate").is_empty());
    assert_eq!(refusal(&client, "ContentVersion", next).await, "FIELD_INTEGRITY_EXCEPTION");
    client.admin(Method::PUT, "/setup", json!({"versions_a_day": 2})).await;
    let file = json!({"PathOnClient": "b.txt", "VersionData": "aGk="});
    assert_eq!(refusal(&client, "ContentVersion", file).await, "LIMIT_EXCEEDED");
    assert_eq!(
        client.delete(&format!("/sobjects/ContentDocument/{document}")).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(text(org, &first, "IsDeleted"), "true");
}

#[tokio::test]
async fn an_open_transaction_locks_the_master_of_what_is_saved() {
    let client = bare().await;
    let project = client.create("Project__c", json!({"Name": "P"})).await;
    let (_, opened) = client.admin(Method::POST, "/transactions", json!({})).await;
    let update = json!({"attributes": {"type": "Project__c"}, "Id": project, "Name": "Q"});
    client
        .admin(Method::POST, "/records", json!({"transaction": opened["transaction"], "update": [update]}))
        .await;
    assert_eq!(refusal(&client, "Invoice__c", json!({"Project__c": project})).await, "UNABLE_TO_LOCK_ROW");
}

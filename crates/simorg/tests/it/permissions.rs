//! What a user may not see does not exist for that user.

use reqwest::{Method, StatusCode};
use serde_json::json;
use simorg::SimOrg;

use crate::client::{ADMIN, Client, STANDARD};

#[tokio::test]
async fn a_hidden_field_is_gone_from_describe_rows_and_writes() {
    let client = Client::start(SimOrg::new().bare()).await;
    let id = client.create("Account", json!({"Name": "A", "Phone": "1"})).await;
    client
        .admin(
            Method::POST,
            &format!("/users/{ADMIN}/permissions"),
            json!({"hide_fields": ["Account.Phone"]}),
        )
        .await;
    client_sees_no_phone(&client, &id).await;

    client
        .admin(
            Method::POST,
            &format!("/users/{ADMIN}/permissions"),
            json!({"show_fields": ["Account.Phone"]}),
        )
        .await;
    let (_, row) = client.get(&format!("/sobjects/Account/{id}")).await;
    assert_eq!(row["Phone"], "1");
}

async fn client_sees_no_phone(client: &Client, id: &str) {
    let (_, describe) = client.get("/sobjects/Account/describe").await;
    assert!(
        describe["fields"]
            .as_array()
            .is_some_and(|fields| fields.len() > 60 && fields.iter().all(|f| f["name"] != "Phone"))
    );
    let (_, row) = client.get(&format!("/sobjects/Account/{id}")).await;
    assert!(row.get("Phone").is_none() && row["Fax"].is_null() && row["Name"] == "A");
    let refused =
        client.refused(Method::PATCH, &format!("/sobjects/Account/{id}"), json!({"Phone": "2"})).await;
    assert_eq!(refused.1, "INVALID_FIELD");
}

#[tokio::test]
async fn a_hidden_object_is_not_found() {
    let client = Client::start(SimOrg::new().bare()).await;
    client
        .admin(Method::POST, &format!("/users/{ADMIN}/permissions"), json!({"hide_objects": ["Case"]}))
        .await;

    assert_eq!(client.get("/sobjects/Case/describe").await.0, StatusCode::NOT_FOUND);
    let (_, global) = client.get("/sobjects").await;
    assert!(
        global["sobjects"].as_array().is_some_and(|list| list.iter().all(|entry| entry["name"] != "Case"))
    );
    let (_, account) = client.get("/sobjects/Account/describe").await;
    assert!(
        account["childRelationships"]
            .as_array()
            .is_some_and(|list| list.iter().all(|entry| entry["childSObject"] != "Case"))
    );
}

#[tokio::test]
async fn without_view_all_data_only_own_rows_are_seen() {
    let mut client = Client::start(SimOrg::new().bare()).await;
    let theirs = client.create("Account", json!({"Name": "Theirs"})).await;
    client.sign_in(STANDARD);
    let own = client.create("Account", json!({"Name": "Own"})).await;

    assert_eq!(client.get(&format!("/sobjects/Account/{own}")).await.0, StatusCode::OK);
    assert_eq!(client.get(&format!("/sobjects/Account/{theirs}")).await.0, StatusCode::NOT_FOUND);
    let org = client.running.org();
    let user = org.user_by_name(STANDARD).expect("a user");
    let def = org.object(&user, "Account").expect("an object");
    assert_eq!(org.count(&user, &def, false), 1);
}

#[tokio::test]
async fn without_query_all_files_others_files_are_not_seen_even_with_view_all_data() {
    let client = Client::start(SimOrg::new()).await;
    let org = client.running.org();
    let user = org.user_by_name(STANDARD).expect("a user");
    org.set_permissions(&user.id, |permissions| permissions.view_all_data = true);
    let user = org.user_by_name(STANDARD).expect("a user");
    let view = org.view(&user);

    for object in ["ContentDocument", "ContentVersion", "ContentDocumentLink"] {
        assert_eq!(view.count(&view.object(object).expect("an object"), true), 0, "{object}");
    }
    assert!(view.count(&view.object("Account").expect("an object"), false) >= 12);
}

#[tokio::test]
async fn a_user_without_api_access_is_turned_away() {
    let client = Client::start(SimOrg::new().bare()).await;
    client.admin(Method::POST, &format!("/users/{ADMIN}/permissions"), json!({"api_enabled": false})).await;
    let (status, answer) = client.get("/sobjects").await;
    assert_eq!((status, &answer[0]["errorCode"]), (StatusCode::FORBIDDEN, &json!("API_CURRENTLY_DISABLED")));
}

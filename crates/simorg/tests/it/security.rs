//! Profiles, permission sets and sharing: rows that tell what users may do, and decide it.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::state::{Access, Org};

use crate::client::{ADMIN, Client, STANDARD};

async fn bare() -> Client {
    Client::start(SimOrg::new().bare()).await
}

async fn query(client: &Client, soql: &str) -> Vec<Json> {
    let url = format!("/query?q={}", soql.replace(' ', "+").replace('\'', "%27").replace('=', "%3D"));
    let (status, answer) = client.get(&url).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["records"].as_array().expect("records").clone()
}

fn id_of(org: &Org, username: &str) -> String {
    org.user_by_name(username).expect("a user").id.clone()
}

/// Gives the standard user a profile that allows nothing.
async fn minimum_access(client: &Client) {
    let profile =
        &query(client, "SELECT Id FROM Profile WHERE Name = 'Minimum Access - Salesforce'").await[0]["Id"];
    let user = id_of(client.running.org(), STANDARD);
    let (status, answer) =
        client.send(Method::PATCH, &format!("/sobjects/User/{user}"), json!({"ProfileId": profile})).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
}

/// A permission set with these object and field permissions, assigned to the standard user.
async fn granted(client: &Client, set: Json, objects: &[Json], fields: &[Json]) -> String {
    let id = client.create("PermissionSet", set).await;
    for (object, rows) in [("ObjectPermissions", objects), ("FieldPermissions", fields)] {
        for row in rows {
            let mut row = row.clone();
            row["ParentId"] = json!(id);
            client.create(object, row).await;
        }
    }
    let user = id_of(client.running.org(), STANDARD);
    client.create("PermissionSetAssignment", json!({"PermissionSetId": id, "AssigneeId": user})).await;
    id
}

const COLUMNS: &str = "SELECT PermissionsViewAllData, PermissionsQueryAllFiles, PermissionsApiEnabled FROM UserPermissionAccess";

fn told(rows: &[Json]) -> Vec<[bool; 3]> {
    rows.iter()
        .map(|row| {
            ["PermissionsViewAllData", "PermissionsQueryAllFiles", "PermissionsApiEnabled"]
                .map(|name| row[name].as_bool().expect("a boolean"))
        })
        .collect()
}

#[tokio::test]
async fn user_permission_access_has_one_row_that_follows_the_switches() {
    let mut client = bare().await;
    assert_eq!(told(&query(&client, COLUMNS).await), [[true, true, true]]);

    let path = format!("/users/{ADMIN}/permissions");
    client.admin(Method::POST, &path, json!({"query_all_files": false})).await;
    assert_eq!(told(&query(&client, COLUMNS).await), [[true, false, true]]);
    client.admin(Method::POST, &path, json!({"view_all_data": false})).await;
    assert_eq!(told(&query(&client, COLUMNS).await), [[false, false, true]]);

    client.sign_in(STANDARD);
    assert_eq!(told(&query(&client, COLUMNS).await), [[false, false, true]]);
    let path = format!("/users/{STANDARD}/permissions");
    client.admin(Method::POST, &path, json!({"view_all_data": true})).await;
    assert_eq!(told(&query(&client, COLUMNS).await), [[true, false, true]]);
}

#[tokio::test]
async fn what_the_rows_grant_at_first_is_what_the_users_hold() {
    let client = bare().await;
    let org = client.running.org();
    let before: Vec<_> = org.users().iter().map(|user| user.permissions.clone()).collect();
    // Any change of a deciding row works all permissions out again.
    client.create("PermissionSet", json!({"Name": "Nothing", "Label": "Nothing"})).await;
    let after: Vec<_> = org.users().iter().map(|user| user.permissions.clone()).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_permission_set_opens_objects_fields_and_system_permissions() {
    let mut client = bare().await;
    let org = client.running.org().clone();
    minimum_access(&client).await;
    let permissions = || org.user_by_name(STANDARD).expect("a user").permissions.clone();
    assert!(!permissions().api_enabled && !permissions().sees_object("Account"));

    let set = json!({"Name": "Reader", "Label": "Reader", "PermissionsApiEnabled": true});
    let object = json!({"SobjectType": "Account", "PermissionsRead": true});
    let fields = [
        json!({"SobjectType": "Account", "Field": "Account.Phone", "PermissionsRead": true}),
        json!({"SobjectType": "Account", "Field": "Account.Fax", "PermissionsRead": true, "PermissionsEdit": true}),
    ];
    let set = granted(&client, set, &[object], &fields).await;

    client.sign_in(STANDARD);
    let (status, describe) = client.get("/sobjects/Account/describe").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&describe["createable"], &describe["queryable"]), (&json!(false), &json!(true)));
    let field = |name: &str| {
        let found = describe["fields"].as_array().expect("fields").iter().find(|field| field["name"] == name);
        found.map(|field| field["updateable"] == true)
    };
    assert_eq!((field("Phone"), field("Fax"), field("Website")), (Some(false), Some(true), None));
    assert_eq!(client.get("/sobjects/Contact/describe").await.0, StatusCode::NOT_FOUND);
    let refused = client.refused(Method::POST, "/sobjects/Account", json!({"Name": "A"})).await;
    assert_eq!(
        (refused.1.as_str(), refused.2.as_str()),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: Account")
    );

    client.sign_in(ADMIN);
    let assignment =
        query(&client, &format!("SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set}'"))
            .await;
    client
        .delete(&format!(
            "/sobjects/PermissionSetAssignment/{}",
            assignment[0]["Id"].as_str().expect("an id")
        ))
        .await;
    assert!(!permissions().sees_object("Account"));
}

#[tokio::test]
async fn a_group_of_permission_sets_grants_what_its_members_grant() {
    let client = bare().await;
    let org = client.running.org();
    minimum_access(&client).await;
    let set = client
        .create("PermissionSet", json!({"Name": "A", "Label": "A", "PermissionsRunReports": true}))
        .await;
    let group = client.create("PermissionSetGroup", json!({"DeveloperName": "G", "MasterLabel": "G"})).await;
    client
        .create("PermissionSetGroupComponent", json!({"PermissionSetGroupId": group, "PermissionSetId": set}))
        .await;
    let user = id_of(org, STANDARD);
    client
        .create("PermissionSetAssignment", json!({"PermissionSetGroupId": group, "AssigneeId": user}))
        .await;
    assert!(org.user(&user).expect("a user").permissions.holds("RunReports"));
}

#[tokio::test]
async fn a_field_without_permission_for_the_profile_is_hidden_and_a_new_field_is_open() {
    let client = bare().await;
    let org = client.running.org();
    let rows = query(&client, "SELECT Id FROM FieldPermissions WHERE Field = 'Account.Phone' AND Parent.Profile.Name = 'System Administrator'").await;
    assert_eq!(rows.len(), 1);
    client.delete(&format!("/sobjects/FieldPermissions/{}", rows[0]["Id"].as_str().expect("an id"))).await;
    let sees = |field: &str| org.admin_view().object("Account").is_some_and(|def| def.field(field).is_some());
    assert!(!sees("Phone") && sees("Fax"));

    client.admin(Method::POST, "/objects/Account/fields", json!({"notation": "Score__c:double(10,2)"})).await;
    client.create("PermissionSet", json!({"Name": "N", "Label": "N"})).await;
    assert!(sees("Score__c"));
    let rows = query(&client, "SELECT Id FROM FieldPermissions WHERE Field = 'Account.Score__c'").await;
    assert_eq!(rows.len(), 2, "one for each of the full profiles");
    client.admin(Method::DELETE, "/objects/Account/fields/Score__c", Json::Null).await;
    let rows = query(&client, "SELECT Id FROM FieldPermissions WHERE Field = 'Account.Score__c'").await;
    assert!(rows.is_empty());
}

#[tokio::test]
async fn encrypted_text_is_masked_without_view_encrypted_data() {
    let mut client = bare().await;
    client.running.org().set_default_access("Project__c", Access::Edit);
    let project = client.create("Project__c", json!({"Name": "P", "Secret__c": "hush"})).await;
    let path = format!("/sobjects/Project__c/{project}?fields=Secret__c");
    assert_eq!(client.get(&path).await.1["Secret__c"], "hush");
    client.sign_in(STANDARD);
    assert_eq!(client.get(&path).await.1["Secret__c"], "****");
}

#[tokio::test]
async fn defaults_queues_roles_and_share_rows_open_the_rows_of_others() {
    let mut client = bare().await;
    let org = client.running.org().clone();
    let theirs = client.create("Account", json!({"Name": "Theirs"})).await;
    let path = format!("/sobjects/Account/{theirs}");
    client.sign_in(STANDARD);
    assert_eq!(client.get(&path).await.0, StatusCode::NOT_FOUND);

    client.admin(Method::PUT, "/sharing", json!({"Account": "Read"})).await;
    assert_eq!(client.get(&path).await.0, StatusCode::OK);
    let refused = client.refused(Method::PATCH, &path, json!({"Name": "Mine"})).await;
    assert_eq!(
        (refused.1.as_str(), refused.2.as_str()),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    );
    client.admin(Method::PUT, "/sharing", json!({"Account": "None"})).await;

    let user = id_of(&org, STANDARD);
    client.sign_in(ADMIN);
    let share = json!({"AccountId": theirs, "UserOrGroupId": user, "AccountAccessLevel": "Edit"});
    let share = client.create("AccountShare", share).await;
    client.sign_in(STANDARD);
    assert_eq!(client.send(Method::PATCH, &path, json!({"Name": "Shared"})).await.0, StatusCode::NO_CONTENT);
    let refused = client.refused(Method::DELETE, &path, Json::Null).await;
    assert_eq!(refused.1, "INSUFFICIENT_ACCESS_OR_READONLY");
    client.sign_in(ADMIN);
    client.delete(&format!("/sobjects/AccountShare/{share}")).await;

    let roles = query(&client, "SELECT Id, Name FROM UserRole").await;
    let role = |name: &str| roles.iter().find(|role| role["Name"] == name).expect("a role")["Id"].clone();
    for (who, name) in [(STANDARD, "CEO"), (ADMIN, "Sales")] {
        let id = id_of(&org, who);
        client.send(Method::PATCH, &format!("/sobjects/User/{id}"), json!({"UserRoleId": role(name)})).await;
    }
    client.sign_in(STANDARD);
    assert_eq!(client.get(&path).await.0, StatusCode::OK, "the owner's role lies below");
}

#[tokio::test]
async fn members_of_a_queue_see_its_rows_and_other_groups_own_nothing() {
    let mut client = bare().await;
    let org = client.running.org().clone();
    let queue =
        query(&client, "SELECT Id FROM Group WHERE DeveloperName = 'Support_Queue'").await[0]["Id"].clone();
    let case = client.create("Case", json!({"Subject": "S", "OwnerId": queue})).await;
    let group = client.create("Group", json!({"Name": "Plain", "Type": "Regular"})).await;
    let refused = client.refused(Method::POST, "/sobjects/Case", json!({"OwnerId": group})).await;
    assert_eq!(
        (refused.1.as_str(), refused.2.as_str()),
        ("INVALID_OPERATION", "Queue not associated with this SObject type")
    );

    client.sign_in(STANDARD);
    let path = format!("/sobjects/Case/{case}");
    assert_eq!(client.get(&path).await.0, StatusCode::OK);
    client.sign_in(ADMIN);
    let user = id_of(&org, STANDARD);
    let members = query(&client, &format!("SELECT Id FROM GroupMember WHERE UserOrGroupId = '{user}'")).await;
    client.delete(&format!("/sobjects/GroupMember/{}", members[0]["Id"].as_str().expect("an id"))).await;
    client.sign_in(STANDARD);
    assert_eq!(client.get(&path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_detail_is_seen_with_its_master_and_needs_the_right_to_edit_it() {
    let mut client = bare().await;
    let project = client.create("Project__c", json!({"Name": "P"})).await;
    let invoice = client.create("Invoice__c", json!({"Project__c": project})).await;
    client.sign_in(STANDARD);
    assert_eq!(client.get(&format!("/sobjects/Invoice__c/{invoice}")).await.0, StatusCode::NOT_FOUND);
    let refused = client.refused(Method::POST, "/sobjects/Invoice__c", json!({"Project__c": project})).await;
    assert_eq!(refused.1, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
    let refused =
        client.refused(Method::POST, "/sobjects/Contact", json!({"LastName": "C", "AccountId": "x"})).await;
    assert_eq!(refused.1, "MALFORMED_ID");
}

#[tokio::test]
async fn set_up_is_for_those_who_manage_users() {
    let mut client = bare().await;
    client.sign_in(STANDARD);
    let refused =
        client.refused(Method::POST, "/sobjects/PermissionSet", json!({"Name": "N", "Label": "L"})).await;
    assert_eq!(refused.1, "INSUFFICIENT_ACCESS_OR_READONLY");
}

#[tokio::test]
async fn a_user_who_is_inserted_can_sign_in_with_what_the_profile_grants() {
    let mut client = bare().await;
    let org = client.running.org().clone();
    let profile =
        query(&client, "SELECT Id FROM Profile WHERE Name = 'Standard User'").await[0]["Id"].clone();
    let user = json!({
        "Username": "new@simorg.example", "LastName": "New", "Email": "new@simorg.example", "Alias": "new",
        "CommunityNickname": "new", "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US", "ProfileId": profile, "IsActive": true,
    });
    client.create("User", user).await;
    client.sign_in("new@simorg.example");
    client.create("Account", json!({"Name": "A"})).await;
    assert_eq!(told(&query(&client, COLUMNS).await), [[false, false, true]]);
    assert_eq!(org.users().len(), 6);
}

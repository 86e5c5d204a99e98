//! Single rows: what is stored, what is refused, and with which words.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::client::{ADMIN, Client, STANDARD};

#[tokio::test]
async fn a_row_is_created_read_changed_and_deleted() {
    let client = Client::start(SimOrg::new().bare()).await;

    let id = client.create("Account", json!({"Name": "Acme", "AnnualRevenue": 14_412_092.8, "BillingCity": "Paris", "BillingStreet": "1 rue X\r\nBat. 2"})).await;
    assert_eq!((id.len(), &id[..3]), (18, "001"));
    let (status, row) = client.get(&format!("/sobjects/account/{}", &id[..15])).await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        row["attributes"],
        json!({"type": "Account", "url": format!("/services/data/v67.0/sobjects/Account/{id}")})
    );
    assert_eq!((&row["Id"], &row["Name"], &row["IsDeleted"]), (&json!(id), &json!("Acme"), &json!(false)));
    assert_eq!(row["AnnualRevenue"], json!(14_412_093.0));
    assert_eq!(row["BillingAddress"]["street"], json!("1 rue X\r\nBat. 2"));
    assert_eq!(row["ShippingAddress"], Json::Null);
    assert!(row["SystemModstamp"].as_str().is_some_and(|text| text.ends_with(".000+0000")));

    let (status, answer) = client
        .send(
            Method::PATCH,
            &format!("/sobjects/Account/{id}/"),
            json!({"Name": "Acme 2", "BillingCity": null}),
        )
        .await;
    assert_eq!((status, answer), (StatusCode::NO_CONTENT, Json::Null));
    let (_, row) = client.get(&format!("/sobjects/Account/{id}?fields=Name,BillingCity")).await;
    assert_eq!(
        (&row["Name"], &row["BillingCity"], &row["Id"], row.as_object().map(serde_json::Map::len)),
        (&json!("Acme 2"), &Json::Null, &json!(id), Some(4))
    );

    assert_eq!(client.delete(&format!("/sobjects/Account/{id}")).await.0, StatusCode::NO_CONTENT);
    let (status, answer) = client.delete(&format!("/sobjects/Account/{id}")).await;
    assert_eq!((status, &answer[0]["errorCode"]), (StatusCode::NOT_FOUND, &json!("ENTITY_IS_DELETED")));
    assert_eq!(client.get(&format!("/sobjects/Account/{id}")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn numbers_of_18_digits_and_with_exponent_are_kept_exactly() {
    let client = Client::start(SimOrg::new().bare()).await;

    let id = client.create("Project__c", json!({"Name": "P", "Serial__c": 123_456_789_012_345_678_i64, "Budget__c": 10_000_000, "Weight__c": 0.5})).await;

    let path = format!("/sobjects/Project__c/{id}?fields=Serial__c,Budget__c,Weight__c");
    let text =
        client.request(Method::GET, &path).send().await.expect("an answer").text().await.expect("a body");
    assert!(text.contains("\"Serial__c\":1.23456789012345678E17"), "{text}");
    assert!(text.contains("\"Budget__c\":1.0E7"), "{text}");
    assert!(text.contains("\"Weight__c\":0.5"), "{text}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of refusals")]
async fn what_salesforce_would_refuse_is_refused_with_its_words() {
    let client = Client::start(SimOrg::new().bare()).await;
    let account = client.create("Account", json!({"Name": "Acme"})).await;
    let contact = client.create("Contact", json!({"LastName": "Doe"})).await;
    let long = "x".repeat(256);

    let cases: Vec<(&str, Json, &str, &str)> = vec![
        ("Account", json!({}), "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"),
        ("Account", json!({"Name": ""}), "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"),
        (
            "Account",
            json!({"Name": "A", "Nmae": "B"}),
            "INVALID_FIELD",
            "No such column 'Nmae' on sobject of type Account",
        ),
        ("Account", json!({"Name": long}), "STRING_TOO_LONG", "max length=255"),
        (
            "Account",
            json!({"Name": "A", "CreatedDate": "2020-01-01T00:00:00Z"}),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "CreatedDate",
        ),
        (
            "Account",
            json!({"Name": "A", "NumberOfEmployees": "many"}),
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of int from VALUE_STRING value many",
        ),
        (
            "Account",
            json!({"Name": "A", "ParentId": "nonsense"}),
            "MALFORMED_ID",
            "id value of incorrect type: nonsense",
        ),
        (
            "Account",
            json!({"Name": "A", "ParentId": contact}),
            "FIELD_INTEGRITY_EXCEPTION",
            "id value of incorrect type",
        ),
        (
            "Account",
            json!({"Name": "A", "ParentId": "0015g0000000099AAA"}),
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
        ),
        (
            "Contact",
            json!({"LastName": "D", "Email": "not an address"}),
            "INVALID_EMAIL_ADDRESS",
            "invalid email address: not an address",
        ),
        ("Contact", json!({"LastName": "D", "Birthdate": "tomorrow"}), "JSON_PARSER_ERROR", "date"),
        (
            "Project__c",
            json!({"Name": "P", "Stage__c": "Nowhere"}),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "bad value for restricted picklist field: Nowhere",
        ),
        (
            "Project__c",
            json!({"Name": "P", "Stage__c": "Legacy"}),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Legacy",
        ),
        (
            "Project__c",
            json!({"Name": "P", "Days__c": 1000}),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "value outside of valid range",
        ),
        (
            "Project__c",
            json!({"Name": "P", "Label__c": "formula"}),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Label__c",
        ),
        (
            "Event",
            json!({"Subject": "E"}),
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [ActivityDateTime]",
        ),
    ];
    for (object, record, code, message) in cases {
        let refused = client.refused(Method::POST, &format!("/sobjects/{object}"), record.clone()).await;
        assert_eq!((refused.0, refused.1.as_str()), (400, code), "{record}: {refused:?}");
        assert!(refused.2.contains(message), "{record}: {refused:?}");
    }
    let own = format!("/sobjects/Account/{account}");
    assert_eq!(client.refused(Method::PATCH, &own, json!({"Id": account})).await.1, "INVALID_FIELD");
    assert_eq!(client.refused(Method::PATCH, &own, json!({"Name": null})).await.1, "REQUIRED_FIELD_MISSING");
    assert_eq!(
        client.refused(Method::PATCH, &own, json!({"ParentId": account})).await.1,
        "CIRCULAR_DEPENDENCY"
    );
    assert_eq!(client.refused(Method::POST, "/sobjects/Nothing", json!({})).await.1, "NOT_FOUND");
    assert_eq!(client.refused(Method::PUT, &own, json!({})).await.0, 405);
}

#[tokio::test]
async fn unique_fields_compare_by_case_only_when_they_say_so() {
    let client = Client::start(SimOrg::new().bare()).await;
    let id = client
        .create("Project__c", json!({"Name": "A", "External_Id__c": "abc", "Strict_Id__c": "abc"}))
        .await;

    let refused = client
        .refused(Method::POST, "/sobjects/Project__c", json!({"Name": "B", "External_Id__c": "ABC"}))
        .await;
    assert_eq!((refused.1.as_str(), refused.2.contains(&id[..15])), ("DUPLICATE_VALUE", true));

    client.create("Project__c", json!({"Name": "C", "Strict_Id__c": "ABC"})).await;
    let (status, _) = client
        .send(Method::PATCH, &format!("/sobjects/Project__c/{id}"), json!({"External_Id__c": "abc"}))
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn formulas_autonumbers_and_defaults_are_filled_by_the_org() {
    let client = Client::start(SimOrg::new().bare()).await;
    let account = client.create("Account", json!({"Name": "Acme"})).await;
    let project = client.create("Project__c", json!({"Name": "Dig", "Account__c": account, "Budget__c": 20_000, "Kick_Off__c": "2024-05-06T07:08:09Z"})).await;
    let first = client.create("Invoice__c", json!({"Project__c": project})).await;
    let second = client.create("Invoice__c", json!({"Project__c": project})).await;

    let (_, row) = client.get(&format!("/sobjects/Project__c/{project}")).await;
    assert_eq!(row["Label__c"], json!("Project: Dig"));
    assert_eq!(row["Account_Name__c"], json!("Acme"));
    assert_eq!(row["Budget_Gross__c"], json!(23_800.0));
    assert_eq!(row["Started_On__c"], json!("2024-05-06"));
    assert_eq!((&row["Is_Large__c"], &row["Stage__c"]), (&json!(true), &json!("Draft")));
    let (_, one) = client.get(&format!("/sobjects/Invoice__c/{first}")).await;
    let (_, two) = client.get(&format!("/sobjects/Invoice__c/{second}")).await;
    assert_eq!((&one["Name"], &two["Name"]), (&json!("INV-0001"), &json!("INV-0002")));
}

#[tokio::test]
async fn a_reference_may_be_given_by_external_id() {
    let client = Client::start(SimOrg::new().bare()).await;
    let parent = client.create("Project__c", json!({"Name": "Parent", "External_Id__c": "P-1"})).await;

    let child = client
        .create("Project__c", json!({"Name": "Child", "Parent_Project__r": {"External_Id__c": "P-1"}}))
        .await;

    let (_, row) = client.get(&format!("/sobjects/Project__c/{child}?fields=Parent_Project__c")).await;
    assert_eq!(row["Parent_Project__c"], json!(parent));
    let refused = client
        .refused(
            Method::POST,
            "/sobjects/Project__c",
            json!({"Name": "C", "Parent_Project__r": {"External_Id__c": "none"}}),
        )
        .await;
    assert!(
        refused.2.contains(
            "Foreign key external ID: none not found for field External_Id__c in entity Project__c"
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn malformed_bodies_are_parser_errors() {
    let client = Client::start(SimOrg::new().bare()).await;
    for body in ["{\"Name\": ", "[]", "nothing"] {
        let answer = client
            .request(Method::POST, "/sobjects/Account")
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert!(answer.text().await.expect("a body").contains("JSON_PARSER_ERROR"));
    }
}

#[tokio::test]
async fn children_beyond_one_page_have_a_next_page() {
    let client = Client::start(SimOrg::new().bare().records("Account", 1).records("Contact", 2_345)).await;
    let account = simorg::model::ids::record_id("001", 1);
    let mut seen = std::collections::BTreeSet::new();

    let (_, mut page) = client.get(&format!("/sobjects/Account/{account}/Contacts?fields=LastName")).await;
    assert_eq!((&page["totalSize"], &page["done"]), (&json!(2_345), &json!(false)));
    loop {
        let ids = page["records"].as_array().expect("records").iter().map(|row| row["Id"].to_string());
        seen.extend(ids.collect::<Vec<_>>());
        let Some(next) = page["nextRecordsUrl"].as_str() else { break };
        let next = next.trim_start_matches("/services/data/v67.0").to_owned();
        page = client.get(&next).await.1;
    }
    assert_eq!((seen.len(), &page["done"]), (2_345, &json!(true)));
}

#[tokio::test]
async fn decimals_of_18_digits_are_kept_exactly_however_they_come() {
    let client = Client::start(SimOrg::new().bare()).await;
    let field = json!({"notation": "Exact__c:currency(18,2)"});
    client.admin(Method::POST, "/objects/Project__c/fields", field).await;
    let (number, text) = ("1234567890123456.78", "1.23456789012345678E15");
    for body in [
        format!("{{\"Name\":\"P\",\"Exact__c\":{number}}}"),
        format!("{{\"Name\":\"P\",\"Exact__c\":\"{number}\"}}"),
    ] {
        let request =
            client.request(Method::POST, "/sobjects/Project__c").header("content-type", "application/json");
        let answer = request.body(body).send().await.expect("an answer");
        let made: Json = answer.json().await.expect("JSON");
        let path = format!("/sobjects/Project__c/{}?fields=Exact__c", made["id"].as_str().expect("an id"));
        let shown =
            client.request(Method::GET, &path).send().await.expect("an answer").text().await.expect("a body");
        assert!(shown.contains(&format!("\"Exact__c\":{text}")), "{shown}");
    }
    let part = format!(
        "{{\"compositeRequest\":[{{\"method\":\"POST\",\"url\":\"/services/data/v67.0/sobjects/Project__c\",\"referenceId\":\"a\",\"body\":{{\"Name\":\"P\",\"Exact__c\":{number}}}}}]}}"
    );
    let request = client.request(Method::POST, "/composite").header("content-type", "application/json");
    request.body(part).send().await.expect("an answer");
    let (_, rows) =
        client.get(&format!("/query?q=SELECT+COUNT()+FROM+Project__c+WHERE+Exact__c={number}")).await;
    assert_eq!(rows["totalSize"], 3);
}

#[tokio::test]
async fn what_is_no_id_is_taken_for_a_field() {
    let client = Client::start(SimOrg::new().bare()).await;
    let message = "Provided external ID field does not exist or is not accessible: 001xx";
    for (method, body) in
        [(Method::GET, json!(null)), (Method::PATCH, json!({"Name": "A"})), (Method::DELETE, json!(null))]
    {
        let refused = client.refused(method, "/sobjects/Account/001xx", body).await;
        assert_eq!(refused, (404, "NOT_FOUND".to_owned(), message.to_owned()));
    }
    let (_, _, message) =
        client.refused(Method::GET, "/sobjects/Account/001000000000000AAA", json!(null)).await;
    assert_eq!(message, "The requested resource does not exist");
}

#[tokio::test]
async fn a_user_gets_another_password() {
    let mut client = Client::start(SimOrg::new()).await;
    let id =
        |client: &Client, name: &str| client.running.org().user_by_name(name).expect("a user").id.clone();
    let path = format!("/sobjects/User/{}/password", id(&client, STANDARD));

    assert_eq!(client.get(&path).await.1, json!({"isExpired": false}));
    let short = client.refused(Method::POST, &path, json!({"NewPassword": "short"})).await;
    assert_eq!((short.0, short.1.as_str()), (400, "INVALID_NEW_PASSWORD"));
    let (status, _) = client.send(Method::POST, &path, json!({"NewPassword": "long enough"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let login = [
        ("grant_type", "password"),
        ("client_id", "simorg"),
        ("client_secret", "simorg"),
        ("username", STANDARD),
        ("password", "long enough"),
    ];
    let url = format!("{}/services/oauth2/token", client.running.url());
    assert_eq!(client.http.post(&url).form(&login).send().await.expect("an answer").status(), StatusCode::OK);
    let (_, random) = client.delete(&path).await;
    assert!(random["NewPassword"].as_str().is_some_and(|password| password.len() >= 8), "{random}");

    let other = format!("/sobjects/User/{}/password", id(&client, ADMIN));
    client.sign_in(STANDARD);
    assert_eq!(client.refused(Method::GET, &other, json!(null)).await.1, "INSUFFICIENT_ACCESS");
}

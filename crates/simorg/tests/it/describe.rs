//! Describes and the lists of versions, resources and objects over HTTP.

use reqwest::{Method, StatusCode};
use serde_json::json;
use simorg::SimOrg;

use crate::client::{ADMIN, Client};

#[tokio::test]
async fn versions_need_no_sign_in_and_resources_do() {
    let client = Client::start(SimOrg::new().bare()).await;
    let url = client.running.url();

    let versions: serde_json::Value =
        reqwest::get(format!("{url}/services/data/")).await.expect("an answer").json().await.expect("JSON");
    assert_eq!(
        versions.as_array().and_then(|list| list.last()),
        Some(&json!({"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}))
    );

    assert_eq!(
        reqwest::get(format!("{url}/services/data/v67.0")).await.expect("an answer").status(),
        StatusCode::UNAUTHORIZED
    );
    let (status, resources) = client.get("/").await;
    assert_eq!((status, &resources["sobjects"]), (StatusCode::OK, &json!("/services/data/v67.0/sobjects")));
    let identity = resources["identity"].as_str().expect("a URL");
    assert!(identity.starts_with(&format!("{url}/id/00D")), "{identity} leads out of the org");
}

#[tokio::test]
async fn describes_are_answered_once_until_something_changes() {
    let client = Client::start(SimOrg::new().bare()).await;
    let ask = async |path: &str, since: Option<&str>| {
        let mut request = client.request(Method::GET, path);
        if let Some(since) = since {
            request = request.header("if-modified-since", since);
        }
        let answer = request.send().await.expect("an answer");
        let modified =
            answer.headers().get("last-modified").map(|value| value.to_str().expect("text").to_owned());
        (answer.status(), modified.expect("Last-Modified"), answer.headers().contains_key("etag"))
    };
    for path in ["/sobjects/Account/describe", "/sobjects/"] {
        let (status, first, tagged) = ask(path, None).await;
        assert_eq!((status, tagged), (StatusCode::OK, true));
        assert_eq!(ask(path, Some(&first)).await.0, StatusCode::NOT_MODIFIED);

        let name = format!("Extra{}__c", path.len());
        let (added, _) = client
            .admin(Method::POST, "/objects/Account/fields", json!({"notation": format!("{name}:string(40)")}))
            .await;
        assert_eq!(added, StatusCode::OK);
        let (status, second, _) = ask(path, Some(&first)).await;
        assert_eq!(status, StatusCode::OK);

        let (hidden, _) = client
            .admin(
                Method::POST,
                &format!("/users/{ADMIN}/permissions"),
                json!({"hide_fields": [format!("Account.{name}")]}),
            )
            .await;
        assert_eq!(hidden, StatusCode::OK);
        assert_eq!(
            ask(path, Some(&second)).await.0,
            StatusCode::OK,
            "a lost permission changes the describe"
        );
    }
}

#[tokio::test]
async fn an_object_answers_its_basic_description() {
    let client = Client::start(SimOrg::new().bare()).await;
    let (status, basic) = client.get("/sobjects/Account").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&basic["objectDescribe"]["keyPrefix"], &basic["recentItems"]), (&json!("001"), &json!([])));
    assert_eq!(client.get("/sobjects/Nothing/describe").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_simulated_says_so() {
    let client = Client::start(SimOrg::new().bare()).await;
    let (status, answer) = client.get("/tooling/executeAnonymous").await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED);
    assert!(
        answer[0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("/services/data/v67.0/tooling/executeAnonymous")),
        "{answer}"
    );
}

#[tokio::test]
async fn custom_objects_describe_every_kind_of_field() {
    let client = Client::start(SimOrg::new().bare()).await;
    let (_, project) = client.get("/sobjects/Project__c/describe").await;
    let (_, invoice) = client.get("/sobjects/Invoice__c/describe").await;
    let field = |describe: &serde_json::Value, name: &str| {
        describe["fields"]
            .as_array()
            .and_then(|fields| fields.iter().find(|f| f["name"] == name).cloned())
            .expect("the field")
    };
    assert_eq!(field(&project, "Place__c")["type"], "location");
    assert_eq!(field(&project, "Secret__c")["type"], "encryptedstring");
    assert_eq!(field(&project, "Total_Billed__c")["calculated"], true);
    assert_eq!(field(&project, "Total_Billed__c")["calculatedFormula"], json!(null));
    assert_eq!(field(&project, "Label__c")["calculatedFormula"], "\"Project: \" & Name");
    assert_eq!(field(&project, "External_Id__c")["idLookup"], true);
    assert_eq!(field(&project, "Country__c")["controllerName"], "Region__c");
    let master = field(&invoice, "Project__c");
    assert_eq!(
        (
            &master["cascadeDelete"],
            &master["relationshipOrder"],
            &master["nillable"],
            &master["relationshipName"]
        ),
        (&json!(true), &json!(0), &json!(false), &json!("Project__r"))
    );
    let children = project["childRelationships"].as_array().expect("a list");
    assert!(children.iter().any(|c| c["childSObject"] == "Invoice__c"
        && c["relationshipName"] == "Invoices__r"
        && c["cascadeDelete"] == true));
}

#[tokio::test]
async fn what_nobody_made_or_viewed_is_an_empty_list() {
    let client = Client::start(SimOrg::new().bare()).await;

    for path in ["/recent", "/recent?limit=5"] {
        assert_eq!(client.get(path).await, (StatusCode::OK, json!([])), "{path}");
    }
    let layouts = "/sobjects/Account/describe/approvalLayouts";
    assert_eq!(client.get(layouts).await, (StatusCode::OK, json!({"approvalLayouts": []})));
    assert_eq!(client.get("/sobjects/Nope/describe/approvalLayouts").await.0, StatusCode::NOT_FOUND);

    let process = "<ApprovalProcess xmlns=\"http://soap.sforce.com/2006/04/metadata\"><label>P</label></ApprovalProcess>";
    let files = json!({"files": {"approvalProcesses/Account.P.approvalProcess": process}});
    let (status, answer) = client.admin(Method::PUT, "/components", files).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(client.get(layouts).await.0, StatusCode::NOT_IMPLEMENTED);
    let of_contacts = "/sobjects/Contact/describe/approvalLayouts";
    assert_eq!(client.get(of_contacts).await, (StatusCode::OK, json!({"approvalLayouts": []})));
}

//! Many rows or requests in one call that belong together: collections, trees, graphs, batches, and rows by external id.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::caller::{Answer, Caller, read};

async fn start() -> Result<Caller> {
    Caller::start(SimOrg::new().bare()).await
}

async fn send(caller: &Caller, method: Method, path: &str, body: &Json) -> Result<Answer> {
    read(caller.request(method, path).json(body)).await
}

async fn names(caller: &Caller, object: &str) -> Result<Vec<String>> {
    let answer = caller.query(&format!("SELECT Name FROM {object} ORDER BY Name")).await?.json();
    let name = |row: &Json| row["Name"].as_str().unwrap_or_default().to_owned();
    Ok(answer["records"].as_array().into_iter().flatten().map(name).collect())
}

fn record(object: &str, fields: &Json) -> Json {
    let mut record = json!({"attributes": {"type": object}});
    for (name, value) in fields.as_object().into_iter().flatten() {
        record[name] = value.clone();
    }
    record
}

fn write(method: &str, path: &str, reference: &str, body: &Json) -> Json {
    json!({"method": method, "url": format!("/services/data/v67.0{path}"), "referenceId": reference, "body": body})
}

#[tokio::test]
async fn a_collection_is_inserted_updated_and_deleted_row_by_row() -> Result<()> {
    let caller = start().await?;
    let rows = json!({"records": [
        record("Account", &json!({"Name": "A"})),
        record("Account", &json!({"Phone": "1"})),
        record("Contact", &json!({"LastName": "C"})),
    ]});
    let made = caller.post("/composite/sobjects", &rows).await?.json();
    assert_eq!(made[0]["success"], true);
    assert_eq!(made[0]["errors"], json!([]));
    let refused = json!({"success": false, "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Name]", "fields": ["Name"]}]});
    assert_eq!(made[1], refused);

    let mut changed = record("Account", &json!({"Name": "A2"}));
    changed["id"] = made[0]["id"].clone();
    let wrong = record("Account", &json!({"id": made[2]["id"], "Name": "B"}));
    let rows = json!({"allOrNone": false, "records": [changed, wrong]});
    let updated = send(&caller, Method::PATCH, "/composite/sobjects", &rows).await?.json();
    assert_eq!(
        (&updated[0]["success"], &updated[1]["errors"][0]["statusCode"]),
        (&json!(true), &json!("MALFORMED_ID"))
    );
    assert_eq!(names(&caller, "Account").await?, ["A2"]);

    let ids = format!("{},{}", made[0]["id"].as_str().unwrap(), made[2]["id"].as_str().unwrap());
    let gone =
        send(&caller, Method::DELETE, &format!("/composite/sobjects?ids={ids}"), &json!(null)).await?.json();
    assert_eq!((&gone[0]["success"], &gone[1]["success"]), (&json!(true), &json!(true)));
    assert!(names(&caller, "Account").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_collection_that_wants_all_or_none_gets_none() -> Result<()> {
    let caller = start().await?;
    let rows = json!({"allOrNone": true, "records": [
        record("Account", &json!({"Name": "A"})),
        record("Account", &json!({"Phone": "1"})),
    ]});

    let made = caller.post("/composite/sobjects", &rows).await?.json();

    assert_eq!(made[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(made[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
    assert!(names(&caller, "Account").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_collection_is_upserted_by_external_id_and_read_in_the_order_of_its_ids() -> Result<()> {
    let caller = start().await?;
    let project = |key: &str, name: &str| record("Project__c", &json!({"External_Id__c": key, "Name": name}));
    let path = "/composite/sobjects/Project__c/External_Id__c";
    let rows = json!({"records": [project("k1", "One"), project("k2", "Two")]});
    let made = send(&caller, Method::PATCH, path, &rows).await?.json();
    let rows = json!({"records": [project("k2", "Two again"), project("k3", "Three")]});
    let again = send(&caller, Method::PATCH, path, &rows).await?.json();

    assert_eq!(
        (&made[1]["created"], &again[0]["created"], &again[1]["created"]),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!(made[1]["id"], again[0]["id"]);
    let wanted = json!({"ids": [again[1]["id"], "a00000000000000AAA", made[1]["id"]], "fields": ["Name"]});
    let found = caller.post("/composite/sobjects/Project__c", &wanted).await?.json();
    assert_eq!(
        (&found[0]["Name"], &found[1], &found[2]["Name"]),
        (&json!("Three"), &json!(null), &json!("Two again"))
    );
    Ok(())
}

#[tokio::test]
async fn a_collection_that_is_too_large_or_not_typed_is_refused_whole() -> Result<()> {
    let caller = start().await?;
    let many: Vec<Json> = (0..201).map(|at| record("Account", &json!({"Name": at.to_string()}))).collect();
    let mixed: Vec<Json> = (0..12)
        .map(|at| {
            if at % 2 == 0 {
                record("Account", &json!({"Name": "A"}))
            } else {
                record("Contact", &json!({"LastName": "C"}))
            }
        })
        .collect();
    for (records, refusal) in [
        (json!(many), "400 EXCEEDED_ID_LIMIT"),
        (json!([{"Name": "A"}]), "400 INVALID_INPUT"),
        (json!(mixed), "400 EXCEEDED_MAX_TYPES_LIMIT"),
        (json!(7), "400 JSON_PARSER_ERROR"),
    ] {
        let answer = caller.post("/composite/sobjects", &json!({"records": records})).await?;
        assert_eq!(answer.refusal(), refusal);
    }
    assert!(names(&caller, "Account").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_tree_is_made_whole_or_not_at_all() -> Result<()> {
    let caller = start().await?;
    let contact = |reference: &str, fields: &Json| {
        let mut contact = record("Contact", fields);
        contact["attributes"]["referenceId"] = json!(reference);
        contact
    };
    let tree = |contacts: Vec<Json>| {
        let mut account = record("Account", &json!({"Name": "Root"}));
        account["attributes"]["referenceId"] = json!("root");
        account["Contacts"] = json!({"records": contacts});
        json!({"records": [account]})
    };
    let broken =
        tree(vec![contact("c1", &json!({"LastName": "C1"})), contact("c2", &json!({"FirstName": "C2"}))]);
    let answer = caller.post("/composite/tree/Account", &broken).await?;
    assert_eq!(answer.status, 400);
    let expected = json!({"hasErrors": true, "results": [{"referenceId": "c2", "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [LastName]", "fields": ["LastName"]}]}]});
    assert_eq!(answer.json(), expected);
    assert!(names(&caller, "Account").await?.is_empty());

    let whole = tree(vec![contact("c1", &json!({"LastName": "C1"}))]);
    let answer = caller.post("/composite/tree/Account/", &whole).await?;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["results"][1]["referenceId"], "c1");
    let joined = caller.query("SELECT Account.Name FROM Contact").await?.json();
    assert_eq!(joined["records"][0]["Account"]["Name"], "Root");

    let twice = tree(vec![contact("root", &json!({"LastName": "C"}))]);
    assert_eq!(caller.post("/composite/tree/Account", &twice).await?.refusal(), "400 INVALID_INPUT");
    Ok(())
}

#[tokio::test]
async fn a_composite_that_wants_all_or_none_sees_its_own_rows_and_leaves_none() -> Result<()> {
    let caller = start().await?;
    let parts = |last: &Json| {
        json!({"allOrNone": true, "compositeRequest": [
            write("POST", "/sobjects/Account", "a", &json!({"Name": "A"})),
            {"method": "GET", "url": "/services/data/v67.0/query?q=SELECT+Name+FROM+Account", "referenceId": "q"},
            write("POST", "/sobjects/Contact", "c", last),
        ]})
    };
    let refused = caller.post("/composite", &parts(&json!({"AccountId": "@{a.id}"}))).await?.json();
    let codes: Vec<&Json> =
        (0..3).map(|at| &refused["compositeResponse"][at]["body"][0]["errorCode"]).collect();
    assert_eq!(
        codes,
        [&json!("PROCESSING_HALTED"), &json!("PROCESSING_HALTED"), &json!("REQUIRED_FIELD_MISSING")]
    );
    assert!(names(&caller, "Account").await?.is_empty());

    let done = caller
        .post("/composite", &parts(&json!({"LastName": "C", "AccountId": "@{q.records[0].attributes.type}"})))
        .await?;
    assert_eq!(done.json()["compositeResponse"][2]["body"][0]["errorCode"], "MALFORMED_ID");
    let done =
        caller.post("/composite", &parts(&json!({"LastName": "C", "AccountId": "@{a.id}"}))).await?.json();
    assert_eq!(done["compositeResponse"][1]["body"]["totalSize"], 1);
    assert_eq!(done["compositeResponse"][2]["httpStatusCode"], 201);
    assert_eq!(names(&caller, "Account").await?, ["A"]);
    Ok(())
}

#[tokio::test]
async fn each_graph_is_kept_or_undone_by_itself() -> Result<()> {
    let caller = start().await?;
    let graph = |id: &str, contact: &Json| {
        json!({"graphId": id, "compositeRequest": [
            write("POST", "/sobjects/Account", "a", &json!({"Name": id})),
            write("POST", "/sobjects/Contact", "c", contact),
        ]})
    };
    let graphs = json!({"graphs": [
        graph("good", &json!({"LastName": "C", "AccountId": "@{a.id}"})),
        graph("bad", &json!({"AccountId": "@{a.id}"})),
    ]});

    let answer = caller.post("/composite/graph", &graphs).await?.json();

    assert_eq!(
        (&answer["graphs"][0]["isSuccessful"], &answer["graphs"][1]["isSuccessful"]),
        (&json!(true), &json!(false))
    );
    let halted = &answer["graphs"][1]["graphResponse"]["compositeResponse"][0];
    assert_eq!(
        (&halted["body"][0]["errorCode"], &halted["httpStatusCode"]),
        (&json!("PROCESSING_HALTED"), &json!(400))
    );
    assert_eq!(names(&caller, "Account").await?, ["good"]);
    let query = json!({"graphs": [{"graphId": "q", "compositeRequest": [write("GET", "/query?q=x", "q", &json!(null))]}]});
    assert_eq!(caller.post("/composite/graph", &query).await?.refusal(), "400 INVALID_INPUT");
    Ok(())
}

#[tokio::test]
async fn parts_of_a_batch_are_counted_one_by_one_and_may_halt() -> Result<()> {
    let caller = start().await?;
    let used = || caller.org.org().limits().used(caller.org.org().now());
    let parts = |halts: bool| {
        json!({"haltOnError": halts, "batchRequests": [
            {"method": "GET", "url": "v67.0/limits"},
            {"method": "GET", "url": "v67.0/sobjects/Nope/describe"},
            {"method": "POST", "url": "v67.0/sobjects/Account", "richInput": {"Name": "A"}},
        ]})
    };
    let before = used();
    let answer = caller.post("/composite/batch", &parts(true)).await?.json();
    let statuses = |answer: &Json| -> Vec<u64> {
        answer["results"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|part| part["statusCode"].as_u64())
            .collect()
    };
    assert_eq!((statuses(&answer), &answer["hasErrors"]), (vec![200, 404, 412], &json!(true)));
    assert_eq!(used(), before + 2);

    let answer = caller.post("/composite/batch", &parts(false)).await?.json();
    assert_eq!(statuses(&answer), [200, 404, 201]);
    assert_eq!(names(&caller, "Account").await?, ["A"]);
    Ok(())
}

#[tokio::test]
async fn a_row_is_upserted_read_and_deleted_by_its_external_id() -> Result<()> {
    let caller = start().await?;
    let path = "/sobjects/Project__c/External_Id__c/k%2F1";
    let made = send(&caller, Method::PATCH, path, &json!({"Name": "One"})).await?;
    assert_eq!((made.status.as_u16(), &made.json()["created"]), (201, &json!(true)));
    let again = send(&caller, Method::PATCH, path, &json!({"Name": "Two"})).await?;
    assert_eq!((again.status.as_u16(), &again.json()["created"]), (200, &json!(false)));
    let old =
        send(&caller, Method::PATCH, &format!("/services/data/v45.0{path}"), &json!({"Name": "Two"})).await?;
    assert_eq!((old.status.as_u16(), old.text.as_str()), (204, ""));

    let row = caller.get(&format!("{path}?fields=Name")).await?.json();
    assert_eq!((&row["Name"], &row["Id"]), (&json!("Two"), &made.json()["id"]));
    let twice = send(&caller, Method::PATCH, path, &json!({"External_Id__c": "x"})).await?;
    assert_eq!(twice.refusal(), "400 INVALID_FIELD");
    let only = send(
        &caller,
        Method::PATCH,
        "/sobjects/Project__c/External_Id__c/none?updateOnly=true",
        &json!({"Name": "N"}),
    )
    .await?;
    assert_eq!(only.refusal(), "404 NOT_FOUND");
    assert_eq!(caller.get("/sobjects/Project__c/Days__c/1").await?.refusal(), "404 NOT_FOUND");
    assert_eq!(send(&caller, Method::DELETE, path, &json!(null)).await?.status, 204);
    assert_eq!(caller.get(path).await?.refusal(), "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn rows_are_reached_over_their_relationships() -> Result<()> {
    let caller = start().await?;
    let account = caller.insert("Account", &json!({"Name": "A"})).await?;
    let contact = caller.insert("Contact", &json!({"LastName": "C", "AccountId": account})).await?;

    let parent = caller.get(&format!("/sobjects/Contact/{contact}/Account?fields=Name")).await?.json();
    let children = caller.get(&format!("/sobjects/Account/{account}/Contacts?fields=LastName")).await?.json();

    assert_eq!(parent["Name"], "A");
    assert_eq!((&children["totalSize"], &children["records"][0]["LastName"]), (&json!(1), &json!("C")));
    assert_eq!(
        caller.get(&format!("/sobjects/Contact/{contact}/ReportsTo")).await?.refusal(),
        "404 NOT_FOUND"
    );
    assert_eq!(caller.get(&format!("/sobjects/Account/{account}/Nope")).await?.refusal(), "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn a_value_that_cannot_be_read_refuses_the_whole_request() -> Result<()> {
    let caller = start().await?;
    let rows = [
        record("Account", &json!({"Name": "A"})),
        record("Account", &json!({"Name": "B", "NumberOfEmployees": "x"})),
    ];
    let answer = send(&caller, Method::POST, "/composite/sobjects", &json!({"records": rows})).await?;
    assert_eq!(answer.refusal(), "400 JSON_PARSER_ERROR");
    assert!(answer.json()[0].get("fields").is_none(), "{}", answer.text);
    assert_eq!(names(&caller, "Account").await?, Vec::<String>::new());

    let mut tree = record("Account", &json!({"Name": "A", "NumberOfEmployees": "x"}));
    tree["attributes"]["referenceId"] = json!("r");
    let answer = send(&caller, Method::POST, "/composite/tree/Account", &json!({"records": [tree]})).await?;
    assert_eq!(answer.refusal(), "400 JSON_PARSER_ERROR");
    Ok(())
}

#[tokio::test]
async fn a_parent_that_no_external_id_leads_to_is_refused_in_the_platforms_words() -> Result<()> {
    let caller = start().await?;
    let row = json!({"Name": "P", "Parent_Project__r": {"External_Id__c": "nobody"}});
    let answer = send(&caller, Method::POST, "/sobjects/Project__c", &row).await?;
    assert_eq!(
        answer.json(),
        json!([{
            "message": "Foreign key external ID: nobody not found for field External_Id__c in entity Project__c",
            "errorCode": "INVALID_FIELD",
            "fields": [],
        }])
    );
    Ok(())
}

#[tokio::test]
async fn null_stands_for_what_may_be_left_out() -> Result<()> {
    let caller = start().await?;
    let rows = json!({"allOrNone": null, "records": [record("Account", &json!({"Name": "A"}))]});
    let part = json!({"method": "GET", "url": "/services/data/v67.0/limits", "referenceId": "a", "httpHeaders": null});
    let batch = json!({"method": "GET", "url": "v67.0/limits"});
    for (path, body) in [
        ("/composite/sobjects", rows),
        ("/composite/batch", json!({"haltOnError": null, "batchRequests": [batch]})),
        ("/composite", json!({"allOrNone": null, "compositeRequest": [part]})),
    ] {
        let answer = send(&caller, Method::POST, path, &body).await?;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    assert_eq!(names(&caller, "Account").await?, ["A"]);
    Ok(())
}

#[tokio::test]
async fn composite_lists_what_lies_below_it() -> Result<()> {
    let caller = start().await?;
    let list = caller.get("/composite").await?.json();
    assert_eq!(list["sobjects"], "/services/data/v67.0/composite/sobjects");
    assert_eq!(list.as_object().map(serde_json::Map::len), Some(4));
    Ok(())
}

//! Deploys by REST.

use super::*;

async fn post(org: &Metadata, files: &[(&str, &str)], options: Json) -> (u16, Json) {
    let head = |name: &str, kind: &str| {
        format!(
            "--zip\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
        )
    };
    let mut body = head("json", "application/json").into_bytes();
    body.extend(json!({"deployOptions": options}).to_string().into_bytes());
    body.extend(b"\r\n");
    body.extend(head("file", "application/zip").into_bytes());
    body.extend(zipped(files));
    body.extend(b"\r\n--zip--\r\n");
    let request = org.client.request(Method::POST, "/metadata/deployRequest");
    let request = request.header("Content-Type", "multipart/form-data; boundary=zip").body(body);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

fn class() -> Vec<(&'static str, String)> {
    vec![
        ("package.xml", manifest(&[("ApexClass", &["A"])])),
        ("classes/A.cls", "class A {}".to_owned()),
        ("classes/A.cls-meta.xml", class_meta()),
    ]
}

#[tokio::test]
async fn a_zip_is_deployed_and_its_result_is_json() {
    let org = Metadata::start().await;
    let files = class();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (*path, body.as_str())).collect();
    let (status, created) = post(&org, &files, json!({"singlePackage": true, "rollbackOnError": true})).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(
        (&created["deployResult"], &created["deployOptions"]["singlePackage"]),
        (&Json::Null, &json!(true))
    );

    let id = created["id"].as_str().expect("an id");
    let (status, body) = org.client.get(&format!("/metadata/deployRequest/{id}?includeDetails=true")).await;
    assert_eq!(status.as_u16(), 200);
    let result = &body["deployResult"];
    assert_eq!(
        (&result["status"], &result["success"], &result["numberComponentsTotal"]),
        (&json!("Succeeded"), &json!(true), &json!(1))
    );
    let class = &result["details"]["componentSuccesses"][0];
    assert_eq!(
        (&class["fullName"], &class["created"], &class["problem"]),
        (&json!("A"), &json!(true), &Json::Null)
    );
    assert_eq!(result["details"]["componentFailures"], json!([]));
    let (_, body) = org.client.get(&format!("/metadata/deployRequest/{id}")).await;
    assert_eq!(body["deployResult"]["details"], Json::Null);
    assert!(org.client.running.org().components().get("ApexClass", "A").is_some());
}

#[tokio::test]
async fn a_deploy_is_cancelled_and_a_validation_is_deployed() {
    let org = Metadata::start().await;
    let files = class();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (*path, body.as_str())).collect();
    let (_, created) = post(&org, &files, json!({"singlePackage": true, "checkOnly": true})).await;
    let id = created["id"].as_str().expect("an id").to_owned();
    let (status, quick) = org
        .client
        .send(Method::POST, "/metadata/deployRequest", json!({"validatedDeployRequestId": id}))
        .await;
    assert_eq!((status.as_u16(), &quick["validatedDeployRequestId"]), (201, &json!(id)));
    assert!(org.client.running.org().components().get("ApexClass", "A").is_some());

    org.set(settings(5)).await;
    let (_, created) = post(&org, &files, json!({"singlePackage": true})).await;
    let path = format!("/metadata/deployRequest/{}", created["id"].as_str().expect("an id"));
    let cancel = json!({"deployResult": {"status": "Canceling"}});
    let (status, body) = org.client.send(Method::PATCH, &path, cancel.clone()).await;
    assert_eq!((status.as_u16(), &body["deployResult"]["status"]), (202, &json!("Canceled")));
    assert_eq!(org.client.refused(Method::PATCH, &path, cancel).await.0, 400);
}

#[tokio::test]
async fn the_resource_is_listed_and_unknown_ids_are_not_found() {
    let org = Metadata::start().await;
    assert_eq!(
        org.client.get("/metadata").await.1["deployRequest"],
        "/services/data/v67.0/metadata/deployRequest"
    );
    assert_eq!(org.client.get("/metadata/deployRequest/0Af5g000000000zAAA").await.0.as_u16(), 404);
    assert_eq!(org.client.refused(Method::POST, "/metadata/deployRequest", json!({})).await.0, 404);
}

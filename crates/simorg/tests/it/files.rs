//! Files: upload, versions, links, download.

use md5::{Digest, Md5};
use reqwest::{Method, StatusCode};
use serde_json::json;
use simorg::SimOrg;
use simorg::state::Body;

use crate::client::Client;

#[tokio::test]
async fn a_new_version_makes_a_document_with_links_and_a_later_one_replaces_the_latest() {
    let client = Client::start(SimOrg::new().bare()).await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    let first = client.create("ContentVersion", json!({"Title": "T", "PathOnClient": "t.txt", "VersionData": "aGVsbG8=", "FirstPublishLocationId": account})).await;
    let (_, version) = client.get(&format!("/sobjects/ContentVersion/{first}")).await;
    let document = version["ContentDocumentId"].as_str().expect("a document").to_owned();
    assert_eq!(
        (&version["ContentSize"], &version["Checksum"], &version["IsLatest"]),
        (&json!(5), &json!("5d41402abc4b2a76b9719d911017c592"), &json!(true))
    );
    assert_eq!(
        version["VersionData"],
        json!(format!("/services/data/v67.0/sobjects/ContentVersion/{first}/VersionData"))
    );

    let second = client
        .create(
            "ContentVersion",
            json!({"Title": "T2", "PathOnClient": "t.pdf", "VersionData": "", "ContentDocumentId": document}),
        )
        .await;

    let (_, old) = client.get(&format!("/sobjects/ContentVersion/{first}")).await;
    let (_, document_row) = client.get(&format!("/sobjects/ContentDocument/{document}")).await;
    assert_eq!(
        (&old["IsLatest"], &document_row["LatestPublishedVersionId"], &document_row["Title"]),
        (&json!(false), &json!(second), &json!("T2"))
    );
    let org = client.running.org();
    let view = org.admin_view();
    assert_eq!(view.count(&view.object("ContentDocumentLink").expect("an object"), false), 2);
}

#[tokio::test]
async fn bodies_come_back_byte_by_byte_however_they_were_sent() {
    let client = Client::start(SimOrg::new().bare()).await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let head = "--b\r\nContent-Disposition: form-data; name=\"entity_content\";\r\nContent-Type: application/json\r\n\r\n\
        {\"Title\":\"Big\",\"PathOnClient\":\"big.bin\"}\r\n--b\r\nContent-Disposition: form-data; name=\"VersionData\"; \
        filename=\"big.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    let form = [head.as_bytes(), &bytes, b"\r\n--b--\r\n"].concat();

    let request = client
        .request(Method::POST, "/sobjects/ContentVersion")
        .header("content-type", "multipart/form-data; boundary=\"b\"");
    let answer = request.body(form).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    let made: serde_json::Value = answer.json().await.expect("JSON");
    let path = format!("/sobjects/ContentVersion/{}/VersionData", made["id"].as_str().expect("an id"));
    let body =
        client.request(Method::GET, &path).send().await.expect("an answer").bytes().await.expect("a body");

    assert_eq!(body, bytes);
    let org = client.running.org();
    let view = org.admin_view();
    let def = view.object("ContentVersion").expect("an object");
    let row = view.row(&def, made["id"].as_str().expect("an id")).expect("a row");
    let kept = org.body(&row, "VersionData");
    assert!(matches!(kept, Some(Body::Spooled(_))), "a large body is not held in memory");
}

#[tokio::test]
async fn the_length_of_an_attachment_follows_its_body() {
    let client = Client::start(SimOrg::new().bare()).await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    let attachment = json!({"ParentId": account, "Name": "a.txt", "Body": "YQ=="});
    let path = format!("/sobjects/Attachment/{}", client.create("Attachment", attachment).await);

    for (change, length) in [(json!({"Body": "YWJj"}), 3), (json!({"Name": "b.txt"}), 3)] {
        assert_eq!(client.send(Method::PATCH, &path, change).await.0, StatusCode::NO_CONTENT);
        assert_eq!(client.get(&path).await.1["BodyLength"], length);
    }
}

#[tokio::test]
async fn generated_files_agree_with_their_size_and_checksum() {
    let client = Client::start(SimOrg::demo(4000)).await;
    let org = client.running.org().clone();
    let view = org.admin_view();
    let def = view.object("ContentVersion").expect("an object");
    let mut rows = Vec::new();
    view.scan(&def, simorg::state::Scan::default(), &mut |row| {
        rows.push(row.clone());
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(rows.len(), 20);
    for row in rows {
        let path = format!("/sobjects/ContentVersion/{}/VersionData", row.id());
        let body = client
            .request(Method::GET, &path)
            .send()
            .await
            .expect("an answer")
            .bytes()
            .await
            .expect("a body");
        assert_eq!(body.len().to_string(), row.value_of("ContentSize").to_plain_text());
        let downloaded = Body::Bytes(body);
        assert_eq!(downloaded.md5().expect("bytes"), row.value_of("Checksum").to_plain_text());
        let document = row.referenced(def.field("ContentDocumentId").expect("a field")).expect("a document");
        assert_eq!(document.value_of("ContentSize"), row.value_of("ContentSize"));
        assert_eq!(document.value_of("LatestPublishedVersionId").to_plain_text(), row.id());
    }
}

#[tokio::test]
async fn the_default_org_has_a_file_of_three_versions_and_one_of_no_bytes() {
    let client = Client::start(SimOrg::new()).await;
    let org = client.running.org();
    let view = org.admin_view();
    let count = |object: &str| view.count(&view.object(object).expect("an object"), false);
    assert_eq!((count("ContentDocument"), count("ContentVersion")), (12, 14));
    assert_eq!((count("Attachment"), count("Document")), (3, 2));
}

#[tokio::test]
async fn a_generated_body_is_served_without_being_held() {
    const LENGTH: u64 = 8 << 20;
    let client = Client::start(SimOrg::new().bare()).await;
    let version = json!({"attributes": {"type": "ContentVersion"}, "Title": "Big", "PathOnClient": "big.bin",
        "VersionData": {"seed": 7, "length": LENGTH}});
    let (status, made) = client.admin(Method::POST, "/records", json!({"create": [version]})).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let id = made["ids"][0].as_str().expect("an id");
    let path = format!("/sobjects/ContentVersion/{id}");
    let (_, row) = client.get(&path).await;
    assert_eq!((&row["ContentSize"], &row["FileExtension"]), (&json!(LENGTH), &json!("bin")));

    let request = client.request(Method::GET, &format!("{path}/VersionData"));
    let mut answer = request.header("Accept-Encoding", "identity").send().await.expect("an answer");
    assert_eq!(answer.content_length(), Some(LENGTH));
    let (mut length, mut digest) = (0, Md5::new());
    while let Some(piece) = answer.chunk().await.expect("the body goes on") {
        length += piece.len() as u64;
        digest.update(&piece);
    }

    assert_eq!(length, LENGTH);
    assert_eq!(row["Checksum"], format!("{:x}", digest.finalize()));
    let org = client.running.org();
    let view = org.admin_view();
    let version = view.row(&view.object("ContentVersion").expect("an object"), id).expect("a row");
    let kept = org.body(&version, "VersionData").expect("a body");
    assert_eq!(kept, Body::Generated { seed: 7, length: LENGTH });
    let largest = kept.chunks().map(|piece| piece.expect("a piece").len()).max();
    assert!(largest.is_some_and(|bytes| bytes <= 1 << 20), "{largest:?}");
}

#[tokio::test]
async fn a_generated_body_has_a_length_that_the_platform_takes() {
    let client = Client::start(SimOrg::new().bare()).await;
    for (told, code) in [
        (json!({"length": 10_737_418_241_u64}), "NUMBER_OUTSIDE_VALID_RANGE"),
        (json!({"seed": 1}), "JSON_PARSER_ERROR"),
    ] {
        let version =
            json!({"attributes": {"type": "ContentVersion"}, "PathOnClient": "a", "VersionData": told});
        let (status, answer) = client.admin(Method::POST, "/records", json!({"create": [version]})).await;
        assert_eq!((status, &answer[0]["errorCode"]), (StatusCode::BAD_REQUEST, &json!(code)));
    }
}

#[tokio::test]
async fn a_body_is_replaced_by_multipart() {
    let client = Client::start(SimOrg::new().bare()).await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    let attachment = json!({"ParentId": account, "Name": "a.txt", "Body": "YQ=="});
    let path = format!("/sobjects/Attachment/{}", client.create("Attachment", attachment).await);
    let form = "--b\r\nContent-Disposition: form-data; name=\"entity_attachment\"\r\nContent-Type: application/json\r\n\r\n\
        {\"Name\":\"b.txt\"}\r\n--b\r\nContent-Disposition: form-data; name=\"Body\"; filename=\"b.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nsecond\r\n--b--\r\n";

    let request =
        client.request(Method::PATCH, &path).header("content-type", "multipart/form-data; boundary=b");
    assert_eq!(request.body(form).send().await.expect("an answer").status(), StatusCode::NO_CONTENT);

    let (_, row) = client.get(&path).await;
    assert_eq!((&row["Name"], &row["BodyLength"]), (&json!("b.txt"), &json!(6)));
    let body = client.request(Method::GET, &format!("{path}/Body")).send().await.expect("an answer");
    assert_eq!(body.text().await.expect("a body"), "second");
}

#[tokio::test]
async fn a_document_without_a_unique_name_gets_one() {
    let client = Client::start(SimOrg::new()).await;
    let (_, folders) = client.get("/query?q=SELECT+Id+FROM+Folder+LIMIT+1").await;
    let document =
        json!({"Name": "Marketing Brochure Q1", "FolderId": folders["records"][0]["Id"], "Body": "YQ=="});
    let (_, row) =
        client.get(&format!("/sobjects/Document/{}", client.create("Document", document).await)).await;
    assert_eq!(row["DeveloperName"], "Marketing_Brochure_Q1");
}

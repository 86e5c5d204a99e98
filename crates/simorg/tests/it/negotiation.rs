//! What a request says of its method, its body and the form of its answer; and resources that are named but not played.

use std::io::{Read, Write};

use anyhow::Result;
use reqwest::Method;
use serde_json::json;
use simorg::SimOrg;

use crate::caller::{Answer, Caller, read};

async fn start() -> Result<Caller> {
    Caller::start(SimOrg::new().bare()).await
}

#[tokio::test]
async fn a_post_may_stand_for_another_method() -> Result<()> {
    let caller = start().await?;
    let id = caller.insert("Account", &json!({"Name": "A"})).await?;
    let path = format!("/sobjects/Account/{id}");

    let changed = caller.post(&format!("{path}?_HttpMethod=PATCH"), &json!({"Name": "B"})).await?;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(caller.get(&path).await?.json()["Name"], "B");

    let deleted = read(caller.request(Method::POST, &format!("{path}?_HttpMethod=DELETE"))).await?;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert_eq!(caller.get(&path).await?.refusal(), "404 ENTITY_IS_DELETED");
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() -> Result<()> {
    let caller = start().await?;
    let send = |kind: &'static str| {
        let request = caller.request(Method::POST, "/sobjects/Account").header("Content-Type", kind);
        read(request.body(r#"{"Name":"A"}"#))
    };

    let refused = send("text/plain").await?;
    assert_eq!(refused.refusal(), "415 UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(refused.json()[0]["message"], "MediaType of 'text/plain' is not supported by this resource");
    assert_eq!(send("application/xml").await?.refusal(), "501 NOT_SIMULATED");
    assert_eq!(send("application/json; charset=UTF-8").await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn xml_is_not_answered_with_json() -> Result<()> {
    let caller = start().await?;
    let ask = |accept: &'static str| read(caller.request(Method::GET, "/limits").header("Accept", accept));

    assert_eq!(ask("application/xml").await?.refusal(), "501 NOT_SIMULATED");
    assert_eq!(ask("application/xml, application/json;q=0.5").await?.status, 200);
    assert_eq!(ask("text/html").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn answers_are_laid_out_when_that_is_asked_for() -> Result<()> {
    let caller = start().await?;
    let query = caller.request(Method::GET, "/query").query(&[("q", "SELECT COUNT() FROM Account")]);
    let answer = read(query.header("X-PrettyPrint", "1")).await?;

    assert_eq!(answer.text, "{\n  \"totalSize\" : 0,\n  \"done\" : true,\n  \"records\" : [ ]\n}");
    let refused = read(caller.request(Method::GET, "/sobjects/Nope").header("X-PrettyPrint", "1")).await?;
    assert!(refused.text.starts_with("[ {\n  \""), "{}", refused.text);
    Ok(())
}

#[tokio::test]
async fn what_is_listed_but_not_played_says_so_by_name() -> Result<()> {
    let caller = start().await?;
    for path in [
        "/sobjects/Account/describe/layouts",
        "/sobjects/Account/describe/layouts/012000000000000AAA",
        "/sobjects/Account/describe/compactLayouts",
        "/sobjects/Account/listviews",
        "/sobjects/Account/listviews/00B000000000001AAA/results",
        "/sobjects/Account/quickActions",
        "/tabs",
        "/theme",
        "/analytics",
        "/support",
    ] {
        let answer = caller.get(path).await?;
        assert_eq!(answer.refusal(), "501 NOT_SIMULATED", "{path}");
        let message = answer.json()[0]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(message, format!("simorg does not simulate GET /services/data/v67.0{path}"));
    }
    assert_eq!(caller.get("/sobjects/Nope/describe/layouts").await?.refusal(), "404 NOT_FOUND");
    assert_eq!(caller.get("/sobjects/Account/describe").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_wrong_method_is_refused_with_the_right_ones() -> Result<()> {
    let caller = start().await?;
    for (method, path, allowed) in [
        (Method::PUT, "/limits", "HEAD,GET"),
        (Method::OPTIONS, "/limits", "HEAD,GET"),
        (Method::GET, "/composite/batch", "POST"),
        (Method::DELETE, "/sobjects/Account/describe", "HEAD,GET"),
        (Method::PUT, "/sobjects/Account", "HEAD,GET,POST"),
    ] {
        let answer = read(caller.request(method.clone(), path)).await?;
        assert_eq!(answer.refusal(), "405 METHOD_NOT_ALLOWED", "{method} {path}");
        let message = format!("HTTP Method '{method}' not allowed. Allowed are {allowed}");
        assert_eq!(answer.json()[0]["message"], message);
    }
    Ok(())
}

#[tokio::test]
async fn a_path_may_ask_for_json_by_its_end() -> Result<()> {
    let caller = start().await?;
    for path in ["/limits", "/sobjects/Account/describe", "/query.json?q=SELECT+Id+FROM+Account"] {
        let plain = path.replace(".json", "");
        let suffixed = if path.contains(".json") { path.to_owned() } else { format!("{path}.json") };
        let answer = caller.get(&suffixed).await?;
        assert_eq!(answer.status, 200, "{suffixed}: {}", answer.text);
        let keys = |answer: &Answer| answer.json().as_object().map(serde_json::Map::len);
        assert_eq!(keys(&answer), keys(&caller.get(&plain).await?));
    }
    assert_eq!(caller.get("/limits.xml").await?.refusal(), "501 NOT_SIMULATED");
    Ok(())
}

#[tokio::test]
async fn an_external_id_may_end_like_a_form_of_answers() -> Result<()> {
    let caller = start().await?;
    for key in ["report.json", "report.xml"] {
        let path = format!("/sobjects/Project__c/External_Id__c/{key}");
        let made = read(caller.request(Method::PATCH, &path).json(&json!({"Name": "P"}))).await?;
        assert_eq!(made.status, 201, "{}", made.text);

        assert_eq!(caller.get(&path).await?.json()["External_Id__c"], key);
    }
    Ok(())
}

#[tokio::test]
async fn bodies_come_and_go_by_deflate_too() -> Result<()> {
    let caller = start().await?;
    let send = |encoding: &'static str, body: Vec<u8>| {
        let request = caller.request(Method::POST, "/sobjects/Account").header("Content-Encoding", encoding);
        read(request.header("Content-Type", "application/json").body(body))
    };
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(br#"{"Name":"D"}"#)?;

    assert_eq!(send("deflate", encoder.finish()?).await?.status, 201);
    assert_eq!(send("br", vec![1, 2]).await?.refusal(), "415 UNSUPPORTED_MEDIA_TYPE");

    let asked = caller.request(Method::GET, "/limits").header("Accept-Encoding", "deflate").send().await?;
    assert_eq!(asked.headers()["content-encoding"], "deflate");
    let bytes = asked.bytes().await?;
    let mut text = String::new();
    flate2::read::ZlibDecoder::new(&bytes[..]).read_to_string(&mut text)?;
    assert!(text.contains("DailyApiRequests"), "{text}");
    Ok(())
}

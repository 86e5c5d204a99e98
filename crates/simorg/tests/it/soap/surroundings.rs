//! What surrounds every call: the request's form, the daily limit, faults on request.

use std::io::Write;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use simorg::xml::Element;
use simorg::{Effect, Endpoint, Fault};

use super::{ask, body, caller, envelope, fault, post, result};
use crate::caller::read;

#[tokio::test]
async fn what_is_no_call_is_the_clients_fault() -> Result<()> {
    let caller = caller().await?;
    let info = envelope(&caller.token, "", "<urn:getUserInfo/>");
    let url = format!("{}/services/Soap/u/67.0", caller.org.url());
    let without_action = caller.http.post(&url).header("content-type", "text/xml").body(info.clone());
    let answer = read(without_action).await?;
    assert_eq!(fault(&answer), "500 soapenv:Client");
    assert!(answer.text.contains("SOAPAction HTTP header missing"));

    assert_eq!(fault(&read(post(&caller, "u/67.0", "{}".to_owned())).await?), "500 soapenv:Client");
    let unknown = ask(&caller, "", "<urn:makeCoffee/>").await?;
    assert_eq!(fault(&unknown), "500 soapenv:Client");
    assert!(
        unknown.text.contains("No operation available for request {urn:partner.soap.sforce.com}makeCoffee")
    );
    for version in ["5.0", "99.0", "x"] {
        let answer = read(post(&caller, &format!("u/{version}"), info.clone())).await?;
        assert_eq!(fault(&answer), "500 sf:UNSUPPORTED_API_VERSION");
    }
    Ok(())
}

#[tokio::test]
async fn calls_that_are_not_played_say_so_by_name() -> Result<()> {
    let caller = caller().await?;

    let answer = ask(&caller, "", "<urn:describeTabs/>").await?;

    assert_eq!(fault(&answer), "501 sf:NOT_SIMULATED");
    assert!(answer.text.contains("the SOAP call describeTabs"));
    Ok(())
}

#[tokio::test]
async fn a_request_may_be_compressed() -> Result<()> {
    let caller = caller().await?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(envelope(&caller.token, "", "<urn:getUserInfo/>").as_bytes())?;
    let bytes = gzip.finish()?;

    let request = post(&caller, "u/67.0", String::new()).header("content-encoding", "gzip").body(bytes);

    assert_eq!(read(request).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn calls_count_and_the_answer_tells_how_many() -> Result<()> {
    let caller = caller().await?;
    caller.org.org().limits().set_max(2);
    let answer = ask(&caller, "", "<urn:getUserInfo/>").await?;
    let root = Element::parse(answer.text.as_bytes())?;
    let info = root.child("Header").and_then(|header| header.child("LimitInfoHeader")).context("a header")?;
    let info = info.child("limitInfo").context("info")?;
    assert_eq!(
        ["current", "limit", "type"].map(|name| info.text_of(name)),
        [Some("1"), Some("2"), Some("API REQUESTS")]
    );

    result(&caller, "<urn:getUserInfo/>").await?;

    let refused = ask(&caller, "", "<urn:getUserInfo/>").await?;
    assert_eq!(fault(&refused), "500 sf:REQUEST_LIMIT_EXCEEDED");
    assert!(refused.text.contains("TotalRequests Limit exceeded."));
    Ok(())
}

#[tokio::test]
async fn faults_strike_soap_calls_in_the_form_of_soap() -> Result<()> {
    let caller = caller().await?;
    let faults = caller.org.faults();
    faults.add(Fault::status(Endpoint::Soap, 503, "SERVER_UNAVAILABLE", "busy").once());
    let busy = ask(&caller, "", "<urn:getUserInfo/>").await?;
    assert_eq!(fault(&busy), "503 sf:SERVER_UNAVAILABLE");

    faults.add(Fault::at(Endpoint::Soap, Effect::SessionExpired).once());
    assert_eq!(fault(&ask(&caller, "", "<urn:getUserInfo/>").await?), "500 sf:INVALID_SESSION_ID");

    faults.add(Fault::at(Endpoint::Soap, Effect::Disconnect { after_bytes: 30 }).once());
    assert!(ask(&caller, "", "<urn:getUserInfo/>").await.is_err());

    faults.add(Fault::status(Endpoint::Soap, 500, "UNKNOWN_EXCEPTION", "no").on_object("Case").once());
    let describe = |object: &str| {
        format!("<urn:describeSObject><urn:sObjectType>{object}</urn:sObjectType></urn:describeSObject>")
    };
    assert_eq!(ask(&caller, "", &describe("Account")).await?.status, 200);
    let detail = body(&ask(&caller, "", &describe("Case")).await?);
    assert!(detail.child("detail").is_some_and(|detail| detail.child("UnexpectedErrorFault").is_some()));
    Ok(())
}

#[tokio::test]
async fn soap_apis_that_are_not_played_say_so_in_soap() -> Result<()> {
    let caller = caller().await?;
    for path in ["T/67.0", "s/67.0/00D000000000001"] {
        let answer = read(post(&caller, path, envelope(&caller.token, "", "<urn:getUserInfo/>"))).await?;
        assert_eq!(fault(&answer), "501 sf:NOT_SIMULATED", "{path}");
    }
    Ok(())
}

//! The partner and the enterprise API over HTTP.

mod describe;
mod lifecycle;
mod query;
mod records;
mod session;
mod surroundings;

use anyhow::{Context, Result};
use reqwest::RequestBuilder;
use simorg::SimOrg;
use simorg::xml::Element;

use crate::caller::{Answer, Caller, read};

async fn caller() -> Result<Caller> {
    Caller::start(SimOrg::new().bare()).await
}

/// A call as one of many clients would write it.
fn envelope(token: &str, headers: &str, call: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:urn=\"urn:partner.soap.sforce.com\" xmlns:urn1=\"urn:sobject.partner.soap.sforce.com\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Header>\
         <urn:SessionHeader><urn:sessionId>{token}</urn:sessionId></urn:SessionHeader>{headers}</soapenv:Header>\
         <soapenv:Body>{call}</soapenv:Body></soapenv:Envelope>"
    )
}

fn post(caller: &Caller, path: &str, body: String) -> RequestBuilder {
    caller
        .http
        .post(format!("{}/services/Soap/{path}", caller.org.url()))
        .header("content-type", "text/xml; charset=UTF-8")
        .header("soapaction", "\"\"")
        .body(body)
}

async fn ask(caller: &Caller, headers: &str, call: &str) -> Result<Answer> {
    read(post(caller, "u/67.0", envelope(&caller.token, headers, call))).await
}

/// The element below the body of an answer.
fn body(answer: &Answer) -> Element {
    let root =
        Element::parse(answer.text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {}", answer.text));
    root.child("Body").expect("a body").children[0].clone()
}

/// One element for each text, as a list is sent.
fn elements(name: &str, texts: &[&str]) -> String {
    let elements: Vec<String> = texts.iter().map(|text| format!("<urn:{name}>{text}</urn:{name}>")).collect();
    elements.concat()
}

/// The results of a call that went well.
async fn results(caller: &Caller, headers: &str, call: &str) -> Result<Vec<Element>> {
    let answer = ask(caller, headers, call).await?;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Ok(body(&answer).children)
}

async fn result(caller: &Caller, call: &str) -> Result<Element> {
    results(caller, "", call).await?.into_iter().next().context("a result")
}

/// `500 sf:MALFORMED_ID`: the status and the fault code.
fn fault(answer: &Answer) -> String {
    let body = body(answer);
    assert_eq!(body.name, "Fault", "{}", answer.text);
    format!("{} {}", answer.status.as_u16(), body.text_of("faultcode").unwrap_or_default())
}

/// `true`, or the codes of what was refused.
fn outcome(result: &Element) -> String {
    if result.is_true("success") {
        return "true".to_owned();
    }
    assert!(result.child("id").is_some_and(Element::is_nil), "{result:?}");
    let codes: Vec<&str> = result.all("errors").filter_map(|error| error.text_of("statusCode")).collect();
    codes.join(" ")
}

//! The Metadata API as a client sees it: envelopes out, zips back.

mod crud;
mod deploy;
mod effects;
mod listing;
mod profiles;
mod rest;
mod retrieve;
mod session;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::xml::Element;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::client::Client;

/// Files by path.
type Files = BTreeMap<String, String>;

const NAMESPACE: &str = "http://soap.sforce.com/2006/04/metadata";

struct Metadata {
    client: Client,
}

/// The HTTP status, and what the body of the envelope holds: the answer to the call, or a fault.
struct Answer {
    status: u16,
    body: Element,
}

impl Answer {
    /// All results.
    fn results(&self) -> Vec<&Element> {
        self.body.all("result").collect()
    }

    fn result(&self) -> &Element {
        self.body.child("result").unwrap_or_else(|| panic!("no result in {}", self.body.to_text()))
    }

    /// `sf:CODE`, and the text.
    fn fault(&self) -> (&str, &str) {
        (self.body.text_of("faultcode").unwrap_or(""), self.body.text_of("faultstring").unwrap_or(""))
    }
}

impl Metadata {
    async fn start() -> Metadata {
        Metadata::of(SimOrg::new().bare()).await
    }

    async fn of(org: SimOrg) -> Metadata {
        Metadata { client: Client::start(org).await }
    }

    /// One call; `arguments` is the XML inside the call's element.
    async fn call(&self, name: &str, arguments: &str) -> Answer {
        self.call_at("/services/Soap/m/67.0", name, arguments, &self.client.token).await
    }

    async fn call_at(&self, path: &str, name: &str, arguments: &str, token: &str) -> Answer {
        let envelope = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Header><met:SessionHeader xmlns:met="{NAMESPACE}"><met:sessionId>{token}</met:sessionId></met:SessionHeader></soapenv:Header><soapenv:Body><{name} xmlns="{NAMESPACE}">{arguments}</{name}></soapenv:Body></soapenv:Envelope>"#
        );
        let request = self.client.http.post(format!("{}{path}", self.client.running.url()));
        let request = request.header("SOAPAction", "\"\"").header("Content-Type", "text/xml; charset=UTF-8");
        let answer = request.body(envelope).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("a whole body");
        let envelope = Element::parse(&bytes).expect("an envelope");
        let body = envelope.child("Body").and_then(|body| body.children.first()).expect("a body").clone();
        Answer { status, body }
    }

    /// Retrieves these members as a single package: the last poll, and the files of the zip.
    async fn retrieve(&self, members: &[(&str, &[&str])]) -> (Element, Files) {
        let request = format!(
            "<retrieveRequest><apiVersion>67.0</apiVersion><singlePackage>true</singlePackage><unpackaged>{}<version>67.0</version></unpackaged></retrieveRequest>",
            types(members)
        );
        self.retrieve_with(&request).await
    }

    async fn retrieve_with(&self, request: &str) -> (Element, Files) {
        let answer = self.call("retrieve", request).await;
        let id = answer.result().text_of("id").expect("an id").to_owned();
        assert_eq!(answer.result().text_of("state"), Some("Queued"));
        let status =
            self.call("checkRetrieveStatus", &format!("<asyncProcessId>{id}</asyncProcessId>")).await;
        let result = status.result().clone();
        let zip = result.text_of("zipFile").unwrap_or("");
        let files =
            if zip.is_empty() { Files::new() } else { unzipped(&STANDARD.decode(zip).expect("base64")) };
        (result, files)
    }

    /// Deploys files as a single package and answers the result with its details.
    async fn deploy(&self, files: &[(&str, &str)], options: &str) -> Element {
        let options =
            format!("<rollbackOnError>true</rollbackOnError><singlePackage>true</singlePackage>{options}");
        self.deploy_with(files, &options).await
    }

    async fn deploy_with(&self, files: &[(&str, &str)], options: &str) -> Element {
        let zip = STANDARD.encode(zipped(files));
        let arguments = format!("<ZipFile>{zip}</ZipFile><DeployOptions>{options}</DeployOptions>");
        let answer = self.call("deploy", &arguments).await;
        let id = answer.result().text_of("id").expect("an id").to_owned();
        assert!(id.starts_with("0Af") && id.len() == 18, "{id}");
        self.deploy_status(&id).await
    }

    async fn deploy_status(&self, id: &str) -> Element {
        let arguments = format!("<asyncProcessId>{id}</asyncProcessId><includeDetails>true</includeDetails>");
        self.call("checkDeployStatus", &arguments).await.result().clone()
    }

    async fn admin(&self, method: Method, path: &str, body: Json) -> Json {
        self.client.admin(method, path, body).await.1
    }

    async fn set(&self, settings: Json) {
        self.admin(Method::PUT, "/metadata", settings).await;
    }
}

/// The `types` of a package.
fn types(members: &[(&str, &[&str])]) -> String {
    let of = |(kind, members): &(&str, &[&str])| {
        let members = members.iter().map(|member| Element::leaf("members", member));
        Element::new("types").with_all(members).with(Element::leaf("name", kind)).to_text()
    };
    members.iter().map(of).collect()
}

fn manifest(members: &[(&str, &[&str])]) -> String {
    format!("<Package xmlns=\"{NAMESPACE}\">{}<version>67.0</version></Package>", types(members))
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, body) in files {
        writer.start_file(*path, SimpleFileOptions::default()).expect("a file");
        writer.write_all(body.as_bytes()).expect("its body");
    }
    writer.finish().expect("a zip").into_inner()
}

fn unzipped(zip: &[u8]) -> Files {
    let mut archive = ZipArchive::new(Cursor::new(zip)).expect("a zip");
    (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).expect("a file");
            let mut body = String::new();
            file.read_to_string(&mut body).expect("text");
            (file.name().expect("a name").to_string(), body)
        })
        .collect()
}

/// The XML of one file.
fn xml(files: &Files, path: &str) -> Element {
    let body = files.get(path).unwrap_or_else(|| panic!("no {path} in {:?}", files.keys()));
    Element::parse(body.as_bytes()).expect("XML")
}

/// File, name and problem of every failed component.
fn failures(result: &Element) -> Vec<String> {
    let details = result.child("details").expect("details");
    let told = details.all("componentFailures").map(|failure| {
        let text = |name: &str| failure.text_of(name).unwrap_or("").to_owned();
        format!("{} {}: {}", text("fileName"), text("fullName"), text("problem"))
    });
    told.collect()
}

/// The success message about this component.
fn success<'a>(result: &'a Element, name: &str) -> &'a Element {
    let details = result.child("details").expect("details");
    let found = details.all("componentSuccesses").find(|message| message.text_of("fullName") == Some(name));
    found.unwrap_or_else(|| panic!("nothing about {name} in {}", details.to_text()))
}

/// Whether it was created, changed, deleted.
fn fate(message: &Element) -> String {
    let fates = ["created", "changed", "deleted"].into_iter().filter(|fate| message.is_true(fate));
    fates.collect::<Vec<_>>().join(" ")
}

/// An Apex class as two files, given its body.
fn class_meta() -> String {
    format!(
        "<ApexClass xmlns=\"{NAMESPACE}\"><apiVersion>67.0</apiVersion><status>Active</status></ApexClass>"
    )
}

fn settings(polls: u32) -> Json {
    json!({"polls": polls})
}

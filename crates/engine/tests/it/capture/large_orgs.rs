//! Orgs with very many objects, very many fields and very long texts.

use std::sync::Arc;

use anyhow::{Result, ensure};
use holdfast_domain::manifest::RunStatus;
use holdfast_testkit::{TestApp, quick};
use object_store::memory::InMemory;
use serde_json::{Map, Value, json};
use simorg::SimOrg;
use simorg::schema::notation;

use super::first_run::unexpected_gaps;
use crate::org::Acts;

/// S-04: most of them are empty, and a Run in which nothing changed asks little.
#[tokio::test(flavor = "multi_thread")]
async fn an_org_of_1500_objects_is_captured_completely() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let digit = |n: usize| char::from_digit(u32::try_from(n % 36).unwrap_or(0), 36).unwrap_or('0');
    let sparse = |n: usize| {
        let prefix: String = [digit(n / 1_296 + 18), digit(n / 36), digit(n)].iter().collect();
        format!("= Sparse_{n}__c {prefix} Sparse | CUDQRTZ\nS; Name:string(80) N; Note__c:string(80)")
    };
    let text: Vec<_> = (0..1_400).map(sparse).collect();
    org.org().add_objects(notation::objects(&text.join("\n"))?)?;
    for n in (0..1_400).step_by(100) {
        org.org().insert(&format!("Sparse_{n}__c"), json!({ "Name": format!("the only one of {n}") }));
    }
    let app = TestApp::on_store(&org, quick(), Arc::new(InMemory::new())).await?;

    let first = app.backup().await?;
    let second = app.backup().await?;

    ensure!(first.objects.len() >= 1_500, "{} objects", first.objects.len());
    ensure!(unexpected_gaps(&first).is_empty(), "{:?}", unexpected_gaps(&first));
    ensure!((second.status, second.totals().versions()) == (RunStatus::Completed, 0));
    let filled = first.objects.values().filter(|entry| entry.live_records > 0).count();
    // Counts and describes for all; a window, a count and perhaps one more of those that hold something.
    let enough = (first.objects.len() / 5 + first.objects.len() / 25 + 3 * filled) as u64;
    ensure!(second.api_calls <= enough, "{} calls, where {enough} are enough", second.api_calls);
    app.assert_lake_equals(&org).await
}

/// G-11: the names of 800 fields do not fit a URL.
#[tokio::test(flavor = "multi_thread")]
async fn objects_of_800_fields_are_captured_completely() -> Result<()> {
    let org = SimOrg::new().bare().start().await?;
    let names: Vec<_> = (0..800).map(|n| format!("A_Field_With_A_Long_Name_{n}__c")).collect();
    let fields: Vec<_> = names.iter().map(|name| format!("{name}:string(80)")).collect();
    let text = format!("= Wide__c w00 Wide | CUDQRTZ\nS; Name:string(80) N; {}", fields.join("; "));
    org.org().add_objects(notation::objects(&text)?)?;
    let record = |round: usize| {
        let value = |name: &String| (name.clone(), json!(format!("{round} of {name}")));
        Value::Object(names.iter().step_by(round + 1).map(value).collect::<Map<_, _>>())
    };
    let ids: Vec<_> = (0..40).map(|round| org.org().insert("Wide__c", record(round))).collect();
    let app = TestApp::connected_to(&org).await?;

    let first = app.backup().await?;
    org.org().update("Wide__c", &ids[7], record(0));
    org.org().delete(&ids[8]);
    app.backup().await?;

    ensure!(unexpected_gaps(&first).is_empty(), "{:?}", unexpected_gaps(&first));
    app.assert_lake_equals(&org).await
}

/// The longest text that Salesforce keeps in a field, read by REST and by Bulk.
#[tokio::test(flavor = "multi_thread")]
async fn texts_of_131072_characters_are_captured_completely() -> Result<()> {
    let org = SimOrg::new().bare().start().await?;
    let text = |n: usize| -> String {
        "ü\"a,\r\n".chars().cycle().skip(n % 7).take(131_071).chain(std::iter::once('.')).collect()
    };
    let record = |n: usize| json!({ "Name": format!("long {n}"), "Notes__c": text(n) });
    let few: Vec<_> = (0..3).map(|n| org.org().insert("Project__c", record(n))).collect();
    let mut settings = quick();
    settings.rest_records = 10;
    let app = TestApp::with_settings(&org, settings).await?;

    app.backup().await?;
    app.assert_lake_equals(&org).await?;
    (3..60).for_each(|n| drop(org.org().insert("Project__c", record(n))));
    org.org().update("Project__c", &few[0], json!({ "Notes__c": text(5) }));
    app.backup().await?;

    app.assert_lake_equals(&org).await
}

//! Objects that cannot be read like the others, and file bodies.

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use chrono::TimeDelta;
use futures::TryStreamExt;
use holdfast_domain::manifest::RunStatus;
use holdfast_domain::{BlobHash, ObjectName};
use holdfast_lake::blobs::{BLOB_HASH, BLOB_INDEX};
use holdfast_lake::{StateQuery, Table};
use holdfast_testkit::TestApp;
use serde_json::json;
use simorg::{Effect, Endpoint, Fault, SimOrg};

use super::first_run::unexpected_gaps;
use crate::org::{Acts, account};

/// Salesforce does not say in a describe which objects Bulk refuses; the refusal is remembered.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_bulk_refuses_is_read_by_rest() -> Result<()> {
    let org = SimOrg::with_records("Account", 900).start().await?;
    org.faults().add(Fault::at(Endpoint::BulkCreate, Effect::RefuseBulk).on_object("Account"));
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup().await?;

    assert_eq!(unexpected_gaps(&manifest), Vec::<String>::new());
    app.assert_lake_equals(&org).await
}

/// Salesforce may answer for links between files and records only where the files are named.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_needs_a_filter_is_read_by_its_parents() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let refusal = "Implementation restriction: ContentDocumentLink requires a filter by a single Id";
    let mut refused =
        Fault::status(Endpoint::QueryAll, 400, "MALFORMED_QUERY", refusal).on_object("ContentDocumentLink");
    refused.path = Some("q=SELECT+Id".to_owned());
    org.faults().add(refused.once());
    let app = TestApp::connected_to(&org).await?;

    let manifest = app.backup().await?;

    assert_eq!(unexpected_gaps(&manifest), Vec::<String>::new());
    let blocks = app.engine.timeline("acme", &"ContentDocumentLink".parse()?, 10).await?;
    assert_eq!(blocks.iter().map(|block| block.way.as_str()).collect::<Vec<_>>(), ["rest by parent"]);
    app.assert_lake_equals(&org).await
}

/// nothing is read when the last record of an object that is read whole is gone.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_record_of_an_object_that_is_read_whole_is_missed() -> Result<()> {
    let org = SimOrg::new().bare().start().await?;
    let acts = org.org();
    let parent = acts.insert("Account", account("parent"));
    let gone = acts.insert("Note", json!({"Title": "the only one", "ParentId": parent}));
    let refusal = "Implementation restriction: Note requires a filter by a single Id";
    let mut refused = Fault::status(Endpoint::QueryAll, 400, "MALFORMED_QUERY", refusal).on_object("Note");
    refused.path = Some("q=SELECT+Id".to_owned());
    org.faults().add(refused.once());
    let app = TestApp::connected_to(&org).await?;
    let first = app.backup().await?;

    acts.delete(&gone);
    acts.purge(&gone);
    acts.purge_delete_log(acts.now() + chrono::TimeDelta::hours(1));
    let second = app.backup().await?;

    let note = ObjectName::parse("Note")?;
    assert_eq!((first.objects[&note].counts.new, second.objects[&note].counts.deleted), (1, 1));
    let blocks = app.engine.timeline("acme", &note, 10).await?;
    assert!(blocks.iter().all(|block| block.window_from_us.is_none()), "read whole: {blocks:?}");
    app.assert_lake_equals(&org).await
}

/// every body is in the lake, and the table of bodies says which record it belongs to.
#[tokio::test(flavor = "multi_thread")]
async fn file_bodies_are_stored_once_each_and_found_by_their_record() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;

    let first = app.backup().await?;
    let second = app.backup().await?;

    let lake = app.engine.lake().org(&first.org);
    let table = lake.table(&ObjectName::parse(BLOB_INDEX)?).await?.context("the table of bodies")?;
    assert!(first.files.stored > 10, "{:?}", first.files);
    assert_eq!((first.files.failed, second.files.stored), (0, 0), "{:?}", failures(&table).await?);
    let mut rows = table.state(StateQuery::default())?;
    let view = org.org().admin_view();
    let mut seen = 0;
    while let Some(batch) = rows.try_next().await? {
        let column = |name: &str| {
            batch.column_by_name(name).expect("a column of the table").as_string::<i32>().clone()
        };
        let (ids, objects, fields, blobs) =
            (column("Id"), column("SObject"), column("BodyField"), column(BLOB_HASH));
        for row in 0..batch.num_rows() {
            let object = view.object(objects.value(row)).context("an object of the org")?;
            let record = view.row(&object, ids.value(row)).context("a record of the org")?;
            let expected = org.org().body(&record, fields.value(row)).context("a body in the org")?;
            let stored = lake.blobs().get(&BlobHash::parse(blobs.value(row))?).await?;
            let stored: Vec<_> = stored.bytes.try_collect().await?;
            assert_eq!(stored.concat(), expected.chunks().map(Result::unwrap).collect::<Vec<_>>().concat());
            seen += 1;
        }
    }
    assert_eq!(seen, first.files.stored);
    Ok(())
}

/// the records are a snapshot of their own; bodies for which the API budget was too small come with the next Run.
#[tokio::test(flavor = "multi_thread")]
async fn records_are_whole_when_the_budget_ends_among_the_files() -> Result<()> {
    let twin = SimOrg::new().start().await?;
    let all = TestApp::connected_to(&twin).await?.backup().await?;
    let for_records = all.api_calls - all.files.stored;
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.engine.set_api_budget("acme", Some(50), None).await?;
    let limits = org.org().limits();
    limits.set_max(2 * (for_records + 5));
    limits.set_used(0, org.org().now());

    let first = app.backup().await?;
    app.assert_lake_equals(&org).await?;
    limits.set_used(0, org.org().now());
    limits.set_max(100_000);
    let second = app.backup().await?;

    assert_eq!(first.status, RunStatus::Completed);
    assert!(first.files.stored < all.files.stored && first.files.failed == 0, "{:?}", first.files);
    assert_eq!(first.files.stored + first.files.pending, all.files.stored);
    assert_eq!((second.files.stored, second.files.pending), (first.files.pending, 0));
    Ok(())
}

/// bodies have a share of the day of their own, however much is left to records.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_stop_at_their_own_share_of_the_day() -> Result<()> {
    let org = SimOrg::new().start().await?;
    let app = TestApp::connected_to(&org).await?;
    app.engine.set_api_budget("acme", None, Some(1)).await?;
    let limits = org.org().limits();
    limits.set_max(1_000);
    limits.set_used(0, org.org().now());

    let first = app.backup().await?;
    let same_day = app.backup().await?;
    app.clock.advance(TimeDelta::hours(25));
    let next_day = app.backup().await?;

    assert!([&first, &same_day, &next_day].iter().all(|run| run.status == RunStatus::Completed));
    assert_eq!((first.files.stored, first.files.failed, same_day.files.stored), (10, 0, 0));
    assert!(first.files.pending > 0 && same_day.files.pending == first.files.pending);
    assert_eq!((next_day.files.stored, next_day.files.pending), (first.files.pending, 0));
    app.assert_lake_equals(&org).await
}

/// Why bodies are not there, as the table of bodies says it.
async fn failures(table: &Table) -> Result<Vec<String>> {
    let mut rows = table.state(StateQuery::default())?;
    let mut failures = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        let column = batch.column_by_name("Failure").context("a column of the table")?.as_string::<i32>();
        failures.extend(column.iter().flatten().map(str::to_owned));
    }
    Ok(failures)
}

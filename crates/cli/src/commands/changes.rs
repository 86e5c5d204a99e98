//! `holdfast changes`: what a Run brought, per Object or record by record.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use holdfast_domain::manifest::RunStatus;
use holdfast_domain::{ObjectName, RunId};
use holdfast_engine::Engine;
use holdfast_engine::changes::{ChangedRecord, ObjectChanges};
use holdfast_engine::history::FieldChange;
use serde::Serialize;

use super::run::resolve;
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::object_name;
use crate::output::Style;
use crate::render::{Column, Rows, cell_text, number};

/// Show what changed in a run
///
/// Without --object: how many records of each object. With it: each record with its fields, old and
/// new. With --since: everything that changed between that run and this one.
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast changes latest
  holdfast changes latest --object Account
  holdfast changes latest --since 0199e1c4-7f2a-7c31-9d27-3b1f0a2c4d5e --json")]
pub(crate) struct ChangesArgs {
    /// Id of the run, its beginning or end, or `latest`
    run: String,

    /// Show the changed records of this object
    #[arg(long, value_name = "OBJECT")]
    object: Option<ObjectName>,

    /// Compare with this earlier run, in place of the one before
    #[arg(long, value_name = "RUN")]
    since: Option<String>,

    /// With --object: show this many records at most
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "object",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

pub(crate) async fn run(args: ChangesArgs, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    let run = resolve(&engine, &args.run).await?;
    let since = match &args.since {
        Some(name) => Some(resolve(&engine, name).await?),
        None => None,
    };
    let under_way = under_way(&engine, &run).await?;
    let (from, to) = (since.as_ref().map(RunId::as_str), run.as_str());
    let (run_name, since_name) = (run.to_string(), since.as_ref().map(ToString::to_string));
    let Some(object) = &args.object else {
        let objects = engine.changes(to, None, from).await?;
        let view = ChangesView { run: run_name, since: since_name, under_way, objects };
        invocation.output.answer(&view, changes_text)?;
        return Ok(Exit::Done);
    };
    let (summary, _) = engine.run(to).await?;
    let object = object_name::in_lake(&engine, &summary.org, object).await?;
    let limit = args.limit as usize;
    let mut records = engine.changed_records(to, &object, from, limit.saturating_add(1)).await?;
    let has_more = records.len() > limit;
    records.truncate(limit);
    let view = RecordsView { run: run_name, since: since_name, under_way, object, records, has_more };
    invocation.output.answer(&view, |view, _| records_text(view))?;
    Ok(Exit::Done)
}

/// Changes per Object as JSON holds them.
#[derive(Debug, Serialize)]
struct ChangesView {
    run: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// A later run of the same org, which is no part of this.
    #[serde(skip_serializing_if = "Option::is_none")]
    under_way: Option<String>,
    objects: Vec<ObjectChanges>,
}

/// Changed records of one Object as JSON holds them.
#[derive(Debug, Serialize)]
struct RecordsView {
    run: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    under_way: Option<String>,
    object: ObjectName,
    records: Vec<ChangedRecord>,
    /// There are more than `--limit` allowed.
    has_more: bool,
}

/// A later Run of the same org that goes on.
async fn under_way(engine: &Engine, run: &RunId) -> Result<Option<String>> {
    let (summary, _) = engine.run(run.as_str()).await?;
    let newest = engine.runs(summary.org.as_str(), 1).await?.into_iter().next();
    let goes_on = newest.filter(|newest| newest.status == RunStatus::Running && newest.id != *run);
    Ok(goes_on.map(|newest| newest.id.to_string()))
}

/// Which Run is shown, where a person might take it for another.
fn head(run: &str, under_way: Option<&str>) -> String {
    under_way.map_or_else(String::new, |other| {
        format!("run {run}; another one, {other}, is under way and is not shown here\n\n")
    })
}

fn changes_text(view: &ChangesView, style: Style) -> String {
    head(&view.run, view.under_way.as_deref()) + &counts_text(&view.objects, style)
}

fn counts_text(objects: &[ObjectChanges], style: Style) -> String {
    use Column::{Number, Text};
    let columns = [Text("object"), Number("new"), Number("changed"), Number("deleted"), Number("undeleted")];
    let mut rows = Rows::new(&columns);
    for changes in objects {
        let ObjectChanges { object, new, changed, deleted, undeleted } = changes;
        rows.push([object.to_string(), number(*new), number(*changed), number(*deleted), number(*undeleted)]);
    }
    style.table_or(rows, "nothing changed")
}

fn records_text(view: &RecordsView) -> String {
    let mut text = head(&view.run, view.under_way.as_deref());
    if view.records.is_empty() {
        let _ = writeln!(text, "nothing changed in {}", view.object);
    }
    for record in &view.records {
        let _ = writeln!(text, "{}  {}", record.id, record.change.as_str());
        record.fields.iter().for_each(|field| text.push_str(&field_text(field)));
    }
    if view.has_more {
        text.push_str("and more: --limit shows more of them\n");
    }
    text
}

/// `  Name: "old" -> "new"`.
pub(super) fn field_text(change: &FieldChange) -> String {
    const LONGEST: usize = 200;
    let shown = |value: &Option<String>| match value {
        Some(text) => format!("{:?}", cell_text(text, LONGEST)),
        None => "(empty)".to_owned(),
    };
    match &change.old {
        None => format!("  {}: {}\n", change.field, shown(&change.new)),
        Some(_) => format!("  {}: {} -> {}\n", change.field, shown(&change.old), shown(&change.new)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_domain::RecordId;
    use holdfast_domain::change::Change;

    /// S-61
    #[test]
    fn a_changed_record_reads_field_by_field() {
        let field = |field: &str, old: Option<&str>, new: Option<&str>| FieldChange {
            field: field.to_owned(),
            old: old.map(ToOwned::to_owned),
            new: new.map(ToOwned::to_owned),
        };
        let record = ChangedRecord {
            id: RecordId::parse("001P000001vkheIIAQ").unwrap(),
            change: Change::Changed,
            fields: vec![
                field("Name", Some("Before"), Some("After \"all\"")),
                field("Phone", None, Some("+1 555")),
                field("Fax", Some("1"), None),
            ],
        };
        let view = RecordsView {
            run: "this".to_owned(),
            since: None,
            under_way: Some("other".to_owned()),
            object: ObjectName::parse("Account").unwrap(),
            records: vec![record],
            has_more: true,
        };
        insta::assert_snapshot!(records_text(&view), @r#"
        run this; another one, other, is under way and is not shown here

        001P000001vkheIIAQ  changed
          Name: "Before" -> "After \"all\""
          Phone: "+1 555"
          Fax: "1" -> (empty)
        and more: --limit shows more of them
        "#);
    }
}

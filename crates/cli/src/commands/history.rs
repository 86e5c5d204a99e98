//! `holdfast history`: every version of one record, what changed in each, when and by whom.

use anyhow::Result;
use clap::Args;
use holdfast_domain::{ObjectName, RecordId};
use holdfast_engine::history::RecordVersion;

use super::changes::field_text;
use crate::exit::Exit;
use crate::failure::{CommandError, closest};
use crate::invocation::Invocation;
use crate::object_name;
use crate::output::Items;
use crate::render::time;

/// Show every version of one record: what changed, when and by whom
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast history acme Account 001P000001vkheIIAQ
  holdfast history acme Account 001P000001vkheIIAQ --field Name --json")]
pub(crate) struct HistoryArgs {
    /// Name or id of the org
    org: String,

    /// The record's object, such as Account
    object: ObjectName,

    /// The record's id, 15 or 18 characters
    id: RecordId,

    /// Only the versions in which this field changed
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,
}

pub(crate) async fn run(args: HistoryArgs, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    let org = engine.org(&args.org).await?;
    let object = object_name::in_lake(&engine, &org.id, &args.object).await?;
    let versions = engine.history(&org.name, &object, &args.id, args.field.as_deref()).await?;
    if let (true, Some(field)) = (versions.is_empty(), &args.field) {
        let all = engine.history(&org.name, &object, &args.id, None).await?;
        return Err(unknown_field(field, &all).into());
    }
    let view = Items { items: versions };
    invocation.output.answer(&view, |view, _| view.items.iter().map(version_text).collect())?;
    Ok(Exit::Done)
}

fn unknown_field(field: &str, versions: &[RecordVersion]) -> CommandError {
    let known = versions.iter().flat_map(|version| &version.fields).map(|change| change.field.as_str());
    CommandError::Unknown {
        noun: "value of field",
        name: field.to_owned(),
        suggestion: closest(field, known),
        list: "leave out --field to see every field that ever had a value".to_owned(),
    }
}

fn version_text(version: &RecordVersion) -> String {
    let by = version.modified_by.as_ref().map(|user| format!(" by {user}")).unwrap_or_default();
    // A value that Salesforce computed anew came some time before it was found, and not when the record was saved.
    let (at, what) = match (version.is_recomputed, version.stamp) {
        (true, _) => (version.captured_at, "recomputed by Salesforce"),
        (false, stamp) => (stamp.unwrap_or(version.captured_at), version.change.as_str()),
    };
    let mut text = format!("{} UTC  {what}{by}  (run {})\n", time(at), version.run);
    version.fields.iter().for_each(|field| text.push_str(&field_text(field)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_domain::RunId;
    use holdfast_domain::change::Change;
    use holdfast_engine::history::FieldChange;

    #[test]
    fn a_version_reads_when_what_and_by_whom() {
        let version = RecordVersion {
            table_version: 3,
            run: RunId::parse("01900000-0000-7000-8000-0000000000aa").unwrap(),
            captured_at: "2026-01-01T00:10:00Z".parse().unwrap(),
            change: Change::Changed,
            stamp: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            modified_by: Some("Ada Admin".to_owned()),
            is_recomputed: false,
            fields: vec![FieldChange {
                field: "Name".to_owned(),
                old: Some("A".to_owned()),
                new: Some("B".to_owned()),
            }],
        };
        insta::assert_snapshot!(version_text(&version), @r#"
        2026-01-01 00:00:00 UTC  changed by Ada Admin  (run 01900000-0000-7000-8000-0000000000aa)
          Name: "A" -> "B"
        "#);
        let recomputed = RecordVersion { is_recomputed: true, modified_by: None, ..version };
        insta::assert_snapshot!(version_text(&recomputed), @r#"
        2026-01-01 00:10:00 UTC  recomputed by Salesforce  (run 01900000-0000-7000-8000-0000000000aa)
          Name: "A" -> "B"
        "#);
    }
}

//! `holdfast org coverage`: what of an org no backup can hold, and why.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use holdfast_domain::restorability::Restorability;
use holdfast_engine::Coverage;
use holdfast_engine::coverage::{ObjectCoverage, PermissionState};

use super::manifest_view::counted;
use crate::invocation::Invocation;
use crate::render::cell_text;

/// Show what of an org cannot be captured
///
/// Asks the org now: which permissions the integration user holds, which objects and fields are hidden from it, which
/// objects cannot be queried, and which can be read but not put back.
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast org coverage acme")]
pub(crate) struct OrgCoverageArgs {
    /// Name or id of the org
    org: String,
}

pub(super) async fn run(args: &OrgCoverageArgs, invocation: &Invocation) -> Result<()> {
    let coverage = invocation.engine().await?.coverage(&args.org).await?;
    invocation.output.answer(&coverage, |coverage, _| text(coverage))?;
    Ok(())
}

fn text(coverage: &Coverage) -> String {
    let mut text = String::new();
    if let Some(user) = &coverage.integration_user {
        let _ = writeln!(text, "integration user {user}");
    }
    let _ = writeln!(text, "\npermissions:");
    for permission in &coverage.permissions {
        let _ = writeln!(text, "  {:<40}{}", permission.label, held(permission));
    }
    tell_hidden(&mut text, coverage);
    let not_captured: Vec<_> = coverage
        .objects
        .iter()
        .filter_map(|(name, object)| Some((name, object.not_captured.as_ref()?)))
        .collect();
    if !not_captured.is_empty() {
        let _ = writeln!(text, "\n{} not captured:", counted(not_captured.len() as u64, "object"));
        for (name, reason) in not_captured {
            let _ = writeln!(text, "  {name}: {}", cell_text(reason, 300));
        }
    }
    let kept: Vec<_> = coverage
        .objects
        .iter()
        .filter(|(_, object)| object.restorability == Restorability::ReadableOnly)
        .map(|(name, _)| name.as_str())
        .collect();
    if !kept.is_empty() {
        let _ = writeln!(text, "\n{} kept for reading only:", counted(kept.len() as u64, "object"));
        let _ = writeln!(text, "  {}", kept.join(", "));
    }
    let can = |object: &&ObjectCoverage| object.restorability == Restorability::Restorable;
    let restorable = coverage.objects.values().filter(can).count() as u64;
    let _ = writeln!(text, "\n{} can be restored", counted(restorable, "object"));
    text
}

fn held(permission: &PermissionState) -> String {
    match permission.is_held {
        Some(true) => "held".to_owned(),
        Some(false) => format!("missing: {}", permission.without),
        None => "the org does not tell".to_owned(),
    }
}

fn tell_hidden(text: &mut String, coverage: &Coverage) {
    let Some(hidden) = &coverage.hidden else {
        let why = "that takes `View Setup and Configuration`";
        let _ = writeln!(text, "\nthe org does not tell what is hidden from the user; {why}");
        return;
    };
    let is_whole = !hidden.has_more_objects && hidden.in_doubt.is_empty();
    if hidden.objects.is_empty() && hidden.fields.is_empty() && is_whole {
        let _ = writeln!(text, "\nnothing is hidden from the user");
    }
    if !hidden.objects.is_empty() {
        let _ = writeln!(text, "\n{} hidden from the user:", counted(hidden.objects.len() as u64, "object"));
        for name in &hidden.objects {
            let _ = writeln!(text, "  {name}");
        }
    }
    if hidden.has_more_objects {
        let _ = writeln!(text, "  and others: the org has more objects than it tells at once");
    }
    if !hidden.fields.is_empty() {
        let fields: usize = hidden.fields.values().map(Vec::len).sum();
        let _ = writeln!(text, "\n{} hidden from the user:", counted(fields as u64, "field"));
        for (object, fields) in &hidden.fields {
            let _ = writeln!(text, "  {object}: {}", fields.join(", "));
        }
    }
    if !hidden.in_doubt.is_empty() {
        let names: Vec<_> = hidden.in_doubt.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "\nthe org did not tell the fields of {}", names.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_domain::ObjectName;
    use holdfast_engine::coverage::Hidden;

    fn coverage(hidden: Option<Hidden>) -> Coverage {
        let permission = |label, is_held| PermissionState {
            label,
            is_held,
            without: "something is missed",
            is_for_restore: false,
        };
        let object = |name: &str, restorability, not_captured: Option<&str>| {
            let name = ObjectName::parse(name).unwrap();
            (name, ObjectCoverage { restorability, not_captured: not_captured.map(str::to_owned) })
        };
        let objects = [
            object("Account", Restorability::Restorable, None),
            object("AccountHistory", Restorability::ReadableOnly, None),
            object("Vote", Restorability::Never, Some("it cannot be queried")),
        ];
        Coverage {
            integration_user: Some("backup@acme.example".to_owned()),
            permissions: vec![
                permission("View All Data", Some(true)),
                permission("Query All Files", Some(false)),
                permission("Other", None),
            ],
            hidden,
            objects: objects.into(),
        }
    }

    /// X-01.
    #[test]
    fn the_report_names_what_is_missed() {
        let object = |name: &str| ObjectName::parse(name).unwrap();
        let hidden = Hidden {
            objects: vec![object("Lead")],
            fields: [(object("Account"), vec!["Site".to_owned()])].into(),
            in_doubt: vec![object("Case")],
            ..Hidden::default()
        };
        insta::assert_snapshot!(text(&coverage(Some(hidden))), @r"
        integration user backup@acme.example

        permissions:
          View All Data                           held
          Query All Files                         missing: something is missed
          Other                                   the org does not tell

        1 object hidden from the user:
          Lead

        1 field hidden from the user:
          Account: Site

        the org did not tell the fields of Case

        1 object not captured:
          Vote: it cannot be queried

        1 object kept for reading only:
          AccountHistory

        1 object can be restored
        ");
    }

    #[test]
    fn only_who_is_told_everything_hears_that_nothing_is_hidden() {
        let says = |hidden| text(&coverage(hidden)).contains("nothing is hidden");
        assert!(says(Some(Hidden::default())));
        assert!(!says(Some(Hidden { has_more_objects: true, ..Hidden::default() })));
        assert!(!says(None));
    }
}

//! `holdfast org coverage`: what of an org no backup can hold, and why.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use holdfast_domain::restorability::Restorability;
use holdfast_engine::Coverage;
use holdfast_engine::coverage::PermissionState;

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
    let of = |label| coverage.objects.values().filter(|object| object.restorability == label).count() as u64;
    let _ = writeln!(
        text,
        "\n{} can be restored, {} kept for reading only",
        counted(of(Restorability::Restorable), "object"),
        of(Restorability::ReadableOnly),
    );
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
        let why = coverage.hidden_unknown.as_deref().unwrap_or("it gave no reason");
        let _ =
            writeln!(text, "\nthe org does not tell what is hidden from the user: {}", cell_text(why, 300));
        return;
    };
    if hidden.objects.is_empty() && hidden.fields.is_empty() {
        let _ = writeln!(text, "\nnothing is hidden from the user");
    }
    if !hidden.objects.is_empty() {
        let _ = writeln!(text, "\n{} hidden from the user:", counted(hidden.objects.len() as u64, "object"));
        for name in &hidden.objects {
            let _ = writeln!(text, "  {name}");
        }
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

//! `holdfast erase`: takes records out of every backup, such as when a person asks for it.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use holdfast_domain::{ObjectName, RecordId};
use holdfast_engine::access::Actor;
use holdfast_engine::erase::{Erased, Erasure};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::invocation::Invocation;
use crate::object_name;
use crate::render::number;

/// Erase records from the backup: every version, and file bodies that only they have
#[derive(Args)]
#[command(
    after_help = "What the org still holds is captured again: delete it there first. Ids of which the backup holds \
nothing are named; if it holds none of them, it ends with 1.

Examples:
  holdfast erase acme Contact 003P000001vkheIIAQ --reason \"request 17\"          prints what would go
  holdfast erase acme Contact 003P000001vkheIIAQ --reason \"request 17\" --yes    erases it"
)]
pub(crate) struct EraseArgs {
    /// Name or id of the org
    org: String,

    /// The records' object, such as Contact
    object: ObjectName,

    /// Ids of the records, 15 or 18 characters each
    #[arg(required = true, value_name = "ID")]
    ids: Vec<RecordId>,

    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Do it
    #[arg(long)]
    yes: bool,
}

/// What was erased, or would be.
#[derive(Debug, Serialize)]
struct ErasureView {
    is_erased: bool,
    #[serde(flatten)]
    erased: Erased,
}

pub(crate) async fn run(args: EraseArgs, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    let org = engine.org(&args.org).await?;
    let object = object_name::in_lake(&engine, &org.id, &args.object).await?;
    let erasure = Erasure { object, ids: args.ids, reason: args.reason };
    let erased = if args.yes {
        engine.erase(&Actor::command_line(), &org.name, &erasure).await?
    } else {
        engine.would_erase(&org.name, &erasure).await?
    };
    if erased.records.is_empty() {
        let ids = erased.not_held.iter().map(RecordId::as_str).collect::<Vec<_>>().join("`, `");
        return Err(CommandError::NothingToErase { org: org.name, object: erased.object, ids }.into());
    }
    invocation.output.answer(&ErasureView { is_erased: args.yes, erased }, |view, _| text(view))?;
    Ok(Exit::Done)
}

fn text(view: &ErasureView) -> String {
    let Erased { object, records, versions, bodies, live, not_held } = &view.erased;
    let verb = if view.is_erased { "erased" } else { "would erase" };
    let [records, versions, bodies] = [records.len() as u64, *versions, *bodies].map(number);
    let mut text =
        format!("{verb} {records} records of {object} in {versions} versions, and {bodies} file bodies\n");
    if !not_held.is_empty() {
        let ids: Vec<&str> = not_held.iter().map(RecordId::as_str).collect();
        let _ = writeln!(text, "not in the backup: {}", ids.join(" "));
    }
    if *live > 0 {
        let live = number(*live);
        let _ = writeln!(
            text,
            "not deleted in the org when last seen: {live}; the next backup captures them again"
        );
    }
    if !view.is_erased {
        text.push_str("nothing was done; the same with --yes does it\n");
    }
    text
}

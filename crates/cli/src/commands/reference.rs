//! `holdfast reference`: the reference page of the command line, made from the commands themselves.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::output::Output;
use crate::reference;

/// Print the reference of all commands, variables and settings as Markdown
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast reference > docs/cli.md")]
pub(crate) struct ReferenceArgs {}

pub(crate) fn run(_: ReferenceArgs) -> Result<Exit> {
    Output::print(&reference::page())?;
    Ok(Exit::Done)
}

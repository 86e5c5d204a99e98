//! The checks that cargo's own tools make.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::Findings;

pub(crate) fn format(root: &Path) -> anyhow::Result<Findings> {
    run(cargo(root).args(["fmt", "--all", "--", "--check"]), "run `cargo fmt --all`")
}

pub(crate) fn clippy(root: &Path) -> anyhow::Result<Findings> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    run(cargo(root).args(arguments), "clippy found something, see above")
}

pub(crate) fn docs(root: &Path) -> anyhow::Result<Findings> {
    let mut command = cargo(root);
    command.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings");
    run(&mut command, "rustdoc found something, see above")
}

/// The cargo that runs us, in the checkout.
///
/// Without what it has told us of our own package: a build script of `ring` runs again when these variables change, and most
/// of the workspace is built after it.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    command.current_dir(root);
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| told(name)) {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command, when_wrong: &str) -> anyhow::Result<Findings> {
    let status = command.status().with_context(|| format!("could not start {command:?}"))?;
    Ok(if status.success() { Findings::new() } else { vec![when_wrong.to_owned()] })
}

//! Everything that CI checks, runnable on any machine: `cargo xtask check`, and `cargo xtask generate`
//! for the documents that are written from code.

mod errors;
mod features;
mod layers;
mod licences;
mod names;
mod sizes;
mod todo;
mod tools;
mod tree;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand, ValueEnum};

/// What one check found wrong; nothing if the tree is right.
type Findings = Vec<String>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks and generated documents of Holdfast")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run all checks, or those that are named.
    Check { only: Vec<Check> },
    /// Write the documents that are generated from code.
    Generate {
        /// Change nothing; fail if a document is out of date.
        #[arg(long)]
        check: bool,
    },
}

/// The checks, quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Check {
    /// Dependencies between crates follow the table of layers.
    Layers,
    /// No file is longer than it may be (functions are clippy's business).
    Sizes,
    /// No file has a name that says nothing, and each one says what it is for.
    Names,
    /// No work is noted in the code instead of in an issue.
    Todo,
    /// docs/features.md names every requirement, and tests that exist.
    Features,
    /// docs/errors.md is what `cargo xtask generate` would write.
    Errors,
    /// Licences of other people's crates go with ours.
    Licences,
    /// `cargo fmt --check`.
    Format,
    /// `cargo clippy`, warnings are errors.
    Clippy,
    /// `cargo doc`, warnings are errors.
    Docs,
}

impl Check {
    fn run(self, root: &Path) -> anyhow::Result<Findings> {
        match self {
            Self::Layers => layers::check(root),
            Self::Sizes => sizes::check(root),
            Self::Names => names::check(root),
            Self::Todo => todo::check(root),
            Self::Features => features::check(root),
            Self::Errors => errors::check(root),
            Self::Licences => licences::check(root),
            Self::Format => tools::format(root),
            Self::Clippy => tools::clippy(root),
            Self::Docs => tools::docs(root),
        }
    }
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let is_right = match Arguments::parse().command {
        Command::Check { only } if only.is_empty() => run_all(Check::value_variants(), root),
        Command::Check { only } => run_all(&only, root),
        Command::Generate { check: true } => run_all(&[Check::Errors], root),
        Command::Generate { check: false } => report("generate", errors::generate(root).map(|()| Vec::new())),
    };
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs all of them even if one fails, so that one run tells everything.
fn run_all(checks: &[Check], root: &Path) -> bool {
    let mut wrong = Vec::new();
    for check in checks {
        let name = format!("{check:?}").to_lowercase();
        let began = Instant::now();
        if !report(&name, check.run(root)) {
            wrong.push(name.clone());
        }
        eprintln!("check {name}: {:.1} s", began.elapsed().as_secs_f32());
    }
    if wrong.is_empty() {
        eprintln!("xtask check: {} checks passed", checks.len());
    } else {
        eprintln!("xtask check: failed: {}", wrong.join(", "));
    }
    wrong.is_empty()
}

fn report(name: &str, outcome: anyhow::Result<Findings>) -> bool {
    let findings = outcome.unwrap_or_else(|error| vec![format!("{error:#}")]);
    for finding in &findings {
        eprintln!("{name}: {finding}");
    }
    findings.is_empty()
}

//! `holdfast backup`: captures an org once, up to date.

use anyhow::Result;
use clap::Args;
use holdfast_domain::ObjectName;
use holdfast_domain::manifest::{Manifest, RunStatus};
use holdfast_engine::{BackupOptions, Engine};
use tokio_util::sync::CancellationToken;

use super::manifest_view::ManifestView;
use crate::config::CaptureArgs;
use crate::exit::Exit;
use crate::interrupt;
use crate::invocation::Invocation;
use crate::progress::Progress;

/// Capture an org now, once, up to date
///
/// The first run captures everything that the integration user may see; each later one captures what
/// changed. Ctrl-C stops in good order; the next run goes on from there.
///
/// Ends with 3 if an object could not be captured, and names it.
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast backup acme
  holdfast backup acme --object Account --object Contact --json")]
pub(crate) struct BackupArgs {
    /// Name or id of the org
    org: String,

    /// Capture only this object; may be given several times
    #[arg(long = "object", value_name = "OBJECT")]
    objects: Vec<ObjectName>,

    /// Believe that what is no longer visible is gone: records, however many they are, and whole objects
    ///
    /// Many at once are most often a permission that was taken away, and are not believed otherwise. Records are
    /// marked as deleted; of objects what was captured stays, and later runs no longer call them missing.
    #[arg(long)]
    accept_missing: bool,

    /// Fetch file bodies again that were captured and are missing from the lake
    ///
    /// `holdfast check` names them. Every body is looked for, which takes one request to the storage each. One
    /// that cannot be fetched is looked for again only with this option.
    #[arg(long)]
    refetch_files: bool,

    #[command(flatten)]
    capture: CaptureArgs,
}

pub(crate) async fn run(args: BackupArgs, mut invocation: Invocation) -> Result<Exit> {
    invocation.config = invocation.config.with_capture(&args.capture);
    let engine = invocation.engine().await?;
    let org = engine.org(&args.org).await?;
    let cancel = interrupt::watch("stopping after what is under way; Ctrl-C again ends at once");
    let asked_for = args.objects.clone();
    let options = BackupOptions {
        objects: args.objects,
        accept_missing: args.accept_missing,
        refetch_files: args.refetch_files,
    };
    let manifest = capture(&engine, &org.name, options, &invocation, cancel).await?;
    let view = ManifestView::new(&org.name, &manifest).asked_for(&asked_for);
    let view = view.beside(engine.completeness(&org.name).await?);
    invocation.output.answer(&view, ManifestView::text)?;
    Ok(match exit_of(manifest.status) {
        Exit::Done if view.misses_asked() => Exit::Gaps,
        exit => exit,
    })
}

/// One backup with its progress shown.
pub(super) async fn capture(
    engine: &Engine,
    org: &str,
    options: BackupOptions,
    invocation: &Invocation,
    cancel: CancellationToken,
) -> Result<Manifest, holdfast_engine::Error> {
    let (events, progress) =
        Progress::start(&invocation.screen, engine.clock().clone(), invocation.output.is_json);
    let result = engine.backup(org, options, events, cancel).await;
    progress.finish().await;
    result
}

pub(super) fn exit_of(status: RunStatus) -> Exit {
    match status {
        RunStatus::Completed => Exit::Done,
        RunStatus::CompletedWithGaps => Exit::Gaps,
        RunStatus::Interrupted => Exit::Interrupted,
        RunStatus::Failed | RunStatus::Running => Exit::Failed,
    }
}

//! `holdfast demo`: a simulated org, its first backup, and auto backup while somebody works in it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use holdfast_engine::{BackupOptions, Clock as _, Engine, EventSink, NewOrg, SystemClock};
use holdfast_salesforce::Credentials;
use holdfast_server::ServerOptions;
use simorg::{RunningOrg, SimOrg};
use url::Url;

use super::backup::{capture, exit_of};
use super::manifest_view::ManifestView;
use super::serve::{listen, serve, welcome};
use crate::config::CaptureArgs;
use crate::demo::arrivals;
use crate::demo::simulated_user::SimulatedUser;
use crate::demo::stage::Stage;
use crate::duration::parse_duration;
use crate::exit::Exit;
use crate::interrupt;
use crate::invocation::Invocation;
use crate::progress::write_line;

const DATA_DIR: &str = "holdfast-demo";
const ORG: &str = "demo";
const RECORDS: u64 = 20_000;

/// Auto backup looks at the org this often, so that changes are seen to arrive.
const ROUND_EVERY: Duration = Duration::from_secs(5);

/// Show Holdfast at work: a simulated org, its first backup, then auto backup while somebody works in it
///
/// Everything stays in ./holdfast-demo (or --data-dir) and is found again at the next start. Ctrl-C ends it.
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast demo
  holdfast demo --records 200000 --exit-after-backup --data-dir /tmp/demo")]
pub(crate) struct DemoArgs {
    /// Records to generate, about [default: 20000, or as many as the demo in the folder has]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    records: Option<u64>,

    /// Port of the console and the HTTP API [default: any that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// End after the first backup
    #[arg(long)]
    exit_after_backup: bool,

    /// The pause between two things that the simulated user does
    #[arg(long, value_name = "TIME", default_value = "4s", value_parser = parse_duration)]
    edit_every: Duration,

    #[command(flatten)]
    capture: CaptureArgs,
}

pub(crate) async fn run(args: DemoArgs, mut invocation: Invocation) -> Result<Exit> {
    if !invocation.config.is_data_dir_given {
        invocation.config = invocation.config.with_data_dir(PathBuf::from(DATA_DIR));
    }
    invocation.config = invocation.config.with_capture(&args.capture).with_round_every(Some(ROUND_EVERY));
    let folder = invocation.config.data_dir.clone();
    let stage = Stage::open(&folder, args.records, RECORDS, SystemClock.now())?;
    let cancel = interrupt::watch("stopping; Ctrl-C again ends at once");

    write_line(&format!(
        "simulated org: {} records, in {}",
        crate::render::number(stage.facts.records),
        folder.display()
    ));
    let org = start_org(&stage).await?;
    let user = SimulatedUser::sign_in(&org.url(), org.client_id(), org.client_secret()).await?;
    let journal = stage.journal(&user.repeat(stage.deeds()?).await?).await?;
    write_line(&format!("simulated org: listening at {}", org.url()));

    let engine = invocation.engine_or_new().await?;
    connect(&engine, &org).await?;
    let manifest = match capture(&engine, ORG, BackupOptions::default(), &invocation, cancel.clone()).await {
        // Ctrl-C ends a demo, whatever it is doing.
        Err(_) if cancel.is_cancelled() => return Ok(Exit::Done),
        captured => captured?,
    };
    invocation.output.answer(&ManifestView::new(ORG, &manifest), ManifestView::text)?;
    if args.exit_after_backup {
        return Ok(exit_of(manifest.status));
    }
    engine.start_auto(ORG).await?;
    write_line(&to_try(&folder));
    let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port))).await?;
    let working = tokio::spawn(user.work(journal, args.edit_every, cancel.clone()));
    let (events, arriving) = EventSink::channel();
    let watching = tokio::spawn(arrivals::show(engine.clone(), arriving, invocation.output));
    welcome(&engine, &listener, &ServerOptions::default()).await?;
    let served = serve(engine, listener, ServerOptions::default(), events, cancel).await;
    working.await.context("the simulated user ended early")?;
    watching.await.context("the view of what arrives ended early")??;
    served?;
    write_line(&format!("the demo is in {}; `holdfast demo` goes on with it", folder.display()));
    Ok(Exit::Done)
}

async fn start_org(stage: &Stage) -> Result<RunningOrg> {
    SimOrg::demo(stage.facts.records)
        .epoch(stage.facts.epoch)
        .start()
        .await
        .context("could not start the simulated org")
}

async fn connect(engine: &Engine, org: &RunningOrg) -> Result<()> {
    let login_url: Url = org.url().parse().context("the simulated org has no address")?;
    let credentials = Credentials::ClientCredentials {
        login_url,
        client_id: org.client_id().to_owned(),
        client_secret: org.client_secret().into(),
    };
    engine.add_org(NewOrg { name: ORG.to_owned(), instance_url: None, credentials }).await?;
    Ok(())
}

/// Commands for another terminal. The program is named as this process was started.
fn to_try(folder: &Path) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "holdfast".to_owned());
    let command = |line: &str| format!("  {program} {line} --data-dir {}\n", folder.display());
    let mut text =
        "\nauto backup is on, and somebody works in the org. In another terminal, try:\n\n".to_owned();
    for line in [
        "auto status",
        "run list",
        "changes latest --object Account",
        "history demo Account ID",
        "query demo \"SELECT Id, Name, Phone FROM Account ORDER BY SystemModstamp DESC LIMIT 5\"",
        "check --read-data",
    ] {
        text.push_str(&command(line));
    }
    text.push_str("\nCtrl-C ends the demo.\n");
    text
}

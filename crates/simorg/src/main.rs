//! `simorg`: the simulated org as a program of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use simorg::{Fault, Identity, RunningOrg, SimOrg};

/// A simulated Salesforce org.
#[derive(Parser)]
#[command(
    name = "simorg",
    version,
    after_help = "Example: simorg serve --port 8080 --records Account=1000000"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve an org over HTTP until interrupted; each line on stdout is the address of one org.
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Port on the loopback interface; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Another seed gives other values.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rows of one object, e.g. `Account=100000`; may be given again for other objects. A bare number spreads that many
    /// rows over the objects.
    #[arg(long, value_name = "OBJECT=N")]
    records: Vec<String>,
    /// Load the data plan (`sf data import tree`) in this directory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Make the org of the Salesforce DX project in this directory: metadata, objects, fields and the records of its plans.
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    project: Option<PathBuf>,
    /// Load the org from this file if it exists, and save it there when the program is told to stop (Ctrl-C, SIGTERM). Of
    /// several orgs the second is kept in `FILE.2`, and so on.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Faults as a JSON list, or `@FILE` that holds one; see docs/simorg.md.
    #[arg(long, value_name = "SPEC")]
    faults: Option<String>,
    /// With person accounts.
    #[arg(long)]
    person_accounts: bool,
    #[arg(long, default_value = "simorg")]
    client_id: String,
    #[arg(long, default_value = "simorg")]
    client_secret: String,
    #[arg(long, default_value = "admin@simorg.example")]
    username: String,
    #[arg(long, default_value = "simorg")]
    password: String,
    /// What token answers give as `instance_url`, when clients reach the org by another address.
    #[arg(long, value_name = "URL")]
    instance_url: Option<String>,
    /// Serve by TLS, with a certificate for this machine and Salesforce's hosts that is made at the start.
    #[arg(long)]
    tls: bool,
    /// Write the certificate that clients must trust to this file, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_cert: Option<PathBuf>,
    /// Be a production org instead of a sandbox.
    #[arg(long)]
    production: bool,
    /// Serve this many orgs, each on a port of its own (the given one and those after it). All but the first hold only
    /// users and the like: they are there to be filled.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    orgs: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Serve(options) = Cli::parse().command;
    match serve(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Serve) -> anyhow::Result<()> {
    let identity = options.tls.then(Identity::generate).transpose()?;
    if let (Some(file), Some(identity)) = (&options.tls_cert, &identity) {
        std::fs::write(file, identity.authority_pem())
            .with_context(|| format!("could not write `{}`", file.display()))?;
    }
    let mut running = Vec::new();
    for number in 1..=options.orgs {
        let mut org = org(&options, number)?;
        if let Some(identity) = &identity {
            org = org.tls_with(identity.clone());
        }
        let started = org.start().await?;
        tell(started.org().start_notes());
        announce(&started.url());
        running.push(started);
    }
    let ended = futures::future::select_all(running.iter_mut().map(|org| Box::pin(org.ended())));
    let ended = tokio::select! {
        (ended, _, _) = ended => ended.context("the server ended"),
        told = told_to_stop() => told.context("could not wait for a signal"),
    };
    save_all(&running).and(ended)
}

/// Saves every org, whatever becomes of the others; the first failure is told.
fn save_all(running: &[RunningOrg]) -> anyhow::Result<()> {
    let saved: Vec<_> = running.iter().map(RunningOrg::save).collect();
    Ok(saved.into_iter().collect::<Result<(), _>>()?)
}

async fn told_to_stop() -> std::io::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

/// How much of a long list of notes is shown; all of it is at `GET /simorg/notes`.
const MOST_NOTES: usize = 40;

fn tell(notes: &[String]) {
    for note in notes.iter().take(MOST_NOTES) {
        eprintln!("not taken: {note}");
    }
    if notes.len() > MOST_NOTES {
        eprintln!("not taken: {} more, see GET /simorg/notes", notes.len() - MOST_NOTES);
    }
}

#[expect(clippy::print_stdout, reason = "the address is this program's answer")]
fn announce(url: &str) {
    println!("{url}");
}

/// The org of this number, counted from 1.
fn org(options: &Serve, number: u16) -> anyhow::Result<SimOrg> {
    let port = match options.port {
        0 => 0,
        port => port.checked_add(number - 1).context("there are not enough ports after `--port`")?,
    };
    let mut org = if number == 1 { filled(options)? } else { SimOrg::new().bare() };
    org = org
        .org_number(u32::from(number))
        .seed(options.seed)
        .client(&options.client_id, &options.client_secret)
        .sign_in_as(&options.username, &options.password)
        .listen(SocketAddr::from(([127, 0, 0, 1], port)));
    if let Some(file) = &options.state {
        let mut file = file.clone().into_os_string();
        if number > 1 {
            file.push(format!(".{number}"));
        }
        org = org.state(file);
    }
    if options.person_accounts {
        org = org.person_accounts();
    }
    if options.production {
        org = org.sandbox(false).edition("Enterprise Edition");
    }
    if let Some(url) = options.instance_url.as_deref().filter(|_| number == 1) {
        org = org.instance_url(url);
    }
    for fault in faults(options.faults.as_deref())? {
        org = org.fault(fault);
    }
    Ok(org)
}

/// An org with the records asked for.
fn filled(options: &Serve) -> anyhow::Result<SimOrg> {
    let total: Option<u64> = options.records.iter().find_map(|text| text.parse().ok());
    let mut org = total.map_or_else(SimOrg::new, SimOrg::demo);
    if let Some(directory) = &options.project {
        org = org.project(directory);
    }
    for text in options.records.iter().filter(|text| text.parse::<u64>().is_err()) {
        let Some((object, count)) = text.split_once('=') else {
            bail!("`--records {text}` is not of the form `Object=N`");
        };
        let count = count
            .parse()
            .with_context(|| format!("`{count}` in `--records {text}` is not a number of rows"))?;
        org = org.records(object, count);
    }
    if let Some(directory) = &options.data {
        org = org.data_dir(directory);
    }
    Ok(org)
}

fn faults(spec: Option<&str>) -> anyhow::Result<Vec<Fault>> {
    let Some(spec) = spec else { return Ok(Vec::new()) };
    let text = match spec.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("could not read `{file}`"))?,
        None => spec.to_owned(),
    };
    let faults: Vec<Fault> =
        serde_json::from_str(&text).context("`--faults` is not a JSON list of faults")?;
    if let Some((fault, why)) = faults.iter().find_map(|fault| Some((fault, fault.impossible()?))) {
        bail!("`--faults` holds {fault:?}, which can never strike: {why}");
    }
    Ok(faults)
}

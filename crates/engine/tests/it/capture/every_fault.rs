//! Every fault that the simulated org can play, at every kind of call that capture makes, alone and together.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use holdfast_domain::ErrorCode;
use holdfast_domain::manifest::RunStatus;
use holdfast_testkit::{TestApp, quick};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use simorg::faults::BodyKind;
use simorg::state::view::Scan;
use simorg::{Effect, Endpoint, Fault, RunningOrg, SimOrg};

use super::first_run::unexpected_gaps;
use crate::org::{Acts, account, somebody};

/// What capture calls in every Run of these tests.
const CALLS: [Endpoint; 10] = [
    Endpoint::Token,
    Endpoint::DescribeGlobal,
    Endpoint::Composite,
    Endpoint::QueryAll,
    Endpoint::NextPage,
    Endpoint::BulkCreate,
    Endpoint::BulkStatus,
    Endpoint::BulkResults,
    Endpoint::BulkClose,
    Endpoint::Blob,
];

fn status(status: u16, code: &str, message: &str, body: BodyKind, retry_after: Option<u64>) -> Effect {
    Effect::Status { status, code: code.to_owned(), message: message.to_owned(), body, retry_after }
}

/// What goes away by itself, whatever the call.
fn passing() -> Vec<Effect> {
    let busy = |code: u16, text: &str| status(code, text, "try again later", BodyKind::Json, None);
    vec![
        busy(500, "UNKNOWN_EXCEPTION"),
        status(503, "", "", BodyKind::Html, None),
        status(503, "SERVER_UNAVAILABLE", "busy", BodyKind::Json, Some(7)),
        status(502, "", "", BodyKind::Empty, None),
        status(420, "", "", BodyKind::Empty, None),
        status(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.", BodyKind::Json, None),
        status(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", BodyKind::Json, None),
        Effect::Disconnect { after_bytes: 0 },
        Effect::Disconnect { after_bytes: 70 },
        Effect::Truncate { after_bytes: 0 },
        Effect::Truncate { after_bytes: 70 },
        Effect::Slow { ms_per_chunk: 5 },
        Effect::Garble,
        Effect::SessionExpired,
    ]
}

/// What only one API can play.
fn special() -> Vec<(Endpoint, Effect)> {
    vec![
        (Endpoint::NextPage, Effect::LocatorLost),
        (Endpoint::BulkResults, Effect::LocatorLost),
        (Endpoint::BulkStatus, Effect::JobFailed { message: "InternalServerError".into() }),
        (Endpoint::BulkStatus, Effect::JobStuck),
    ]
}

/// An org of three Objects that are read by every kind of call, and an engine that has captured it once.
struct Stage {
    org: RunningOrg,
    app: TestApp,
    contacts: Vec<String>,
    accounts: Vec<String>,
    round: usize,
}

impl Stage {
    async fn new() -> Result<Self> {
        let org = SimOrg::new().records("Account", 12).records("Contact", 2_010).start().await?;
        let mut settings = quick();
        settings.windows.block_records = 5_000;
        settings.rest_records = 5;
        settings.job_patience = Duration::from_mins(2);
        let app = TestApp::with_settings(&org, settings).await?;
        let writer = somebody(org.org());
        for object in org.org().objects(&writer) {
            let is_shown = matches!(object.name.as_str(), "Account" | "Contact" | "ContentVersion");
            if !is_shown {
                org.org().hide_object(&object.name, true);
            }
        }
        org.faults().add(Fault::at(Endpoint::BulkCreate, Effect::RefuseBulk).on_object("Contact"));
        app.backup().await?;
        org.faults().clear();
        let (contacts, accounts) = (ids(&org, "Contact"), ids(&org, "Account"));
        Ok(Self { org, app, contacts, accounts, round: 0 })
    }

    /// Changes the accounts, which are read by Bulk, so many of the contacts, which are read by REST, and perhaps a file.
    fn change(&mut self, contacts: usize, with_file: bool) -> Result<()> {
        self.round += 1;
        let name = format!("round {}", self.round);
        let (org, writer) = (self.org.org(), somebody(self.org.org()));
        let record = account(&name);
        let record = record.as_object().context("a record")?;
        let contact = json!({ "Title": name });
        let contact = contact.as_object().context("a record")?;
        org.write(&writer, |work| {
            self.accounts.iter().try_for_each(|id| work.update("Account", id, record))?;
            self.contacts[..contacts].iter().try_for_each(|id| work.update("Contact", id, contact))
        })?;
        let file =
            json!({ "Title": name, "PathOnClient": "a.txt", "VersionData": "aGVsbG8gaGVsbG8gaGVsbG8=" });
        if with_file {
            org.insert("ContentVersion", file);
        }
        Ok(())
    }

    /// One Run with these faults, after which the lake is as the org is.
    async fn survive(&mut self, faults: &[Fault]) -> Result<()> {
        let reads_pages = faults.iter().any(|fault| fault.at == Endpoint::NextPage);
        self.change(if reads_pages { self.contacts.len() } else { 1 }, true)?;
        if faults.iter().any(|fault| fault.at == Endpoint::Token) {
            // Nobody signs in while the session is good.
            let expired = Fault::at(Endpoint::DescribeGlobal, Effect::SessionExpired);
            self.org.faults().add(expired.times(2));
        }
        for fault in faults {
            self.org.faults().add(fault.clone());
        }
        let manifest = self.app.backup().await.context("the run failed")?;
        let gaps = unexpected_gaps(&manifest);
        ensure!(gaps.is_empty(), "{gaps:?}");
        ensure!(manifest.files.failed + manifest.files.pending == 0, "{:?}", manifest.files);
        self.app.assert_lake_equals(&self.org).await
    }

    /// True if each of the faults struck. A call that goes well in spite of it may not be made again.
    fn all_struck(&self) -> bool {
        self.org.faults().list().iter().all(|rule| rule.struck > 0)
    }
}

fn ids(org: &RunningOrg, object: &str) -> Vec<String> {
    let view = org.org().admin_view();
    let object = view.object(object).expect("it is one of the built-in objects");
    let mut ids = Vec::new();
    view.scan(&object, Scan::default(), &mut |row| {
        ids.push(row.id().to_owned());
        std::ops::ControlFlow::Continue(())
    });
    ids
}

/// Where clients sign in nobody has a session yet, and what is refused is refused for good.
fn can_happen(at: Endpoint, effect: &Effect) -> bool {
    let is_refusal = matches!(effect, Effect::Status { status, .. } if *status < 500);
    at != Endpoint::Token || !(is_refusal || *effect == Effect::SessionExpired)
}

async fn survives_alone(calls: &[Endpoint], effects: &[Effect]) -> Result<()> {
    let mut stage = Stage::new().await?;
    for at in calls {
        for effect in effects.iter().filter(|effect| can_happen(*at, effect)) {
            stage.org.faults().clear();
            let fault = Fault::at(*at, effect.clone()).times(2);
            stage.survive(&[fault]).await.with_context(|| format!("{at:?}, {effect:?}"))?;
            ensure!(stage.all_struck(), "{at:?} was not called: {effect:?}");
        }
    }
    Ok(())
}

/// G-27, G-28
#[tokio::test(flavor = "multi_thread")]
async fn each_passing_fault_of_signing_in_and_describing_is_survived() -> Result<()> {
    survives_alone(&CALLS[..3], &passing()).await
}

/// G-27, G-28
#[tokio::test(flavor = "multi_thread")]
async fn each_passing_fault_of_queries_is_survived() -> Result<()> {
    survives_alone(&CALLS[3..5], &passing()).await
}

/// G-27, G-28
#[tokio::test(flavor = "multi_thread")]
async fn each_passing_fault_of_bulk_jobs_and_bodies_is_survived() -> Result<()> {
    survives_alone(&CALLS[5..], &passing()).await
}

/// G-28
#[tokio::test(flavor = "multi_thread")]
async fn lost_places_and_jobs_that_fail_or_never_end_are_survived() -> Result<()> {
    let mut stage = Stage::new().await?;
    for (at, effect) in special() {
        stage.org.faults().clear();
        let fault = Fault::at(at, effect.clone()).once();
        stage.survive(&[fault]).await.with_context(|| format!("{at:?}, {effect:?}"))?;
        ensure!(stage.all_struck(), "{at:?} was not called: {effect:?}");
    }
    Ok(())
}

/// G-27, G-28: several at once, at random. `HOLDFAST_FAULTS=1000` plays that many Runs.
#[tokio::test(flavor = "multi_thread")]
async fn faults_together_are_survived() -> Result<()> {
    let mut stage = Stage::new().await?;
    for seed in 0..crate::number("HOLDFAST_FAULTS", 25) {
        stage.org.faults().clear();
        let mut random = StdRng::seed_from_u64(seed);
        let faults: Vec<_> = (0..random.random_range(2..6)).map(|_| any_fault(&mut random)).collect();
        stage.survive(&faults).await.with_context(|| format!("seed {seed}: {faults:?}"))?;
    }
    Ok(())
}

fn any_fault(random: &mut StdRng) -> Fault {
    let (effects, special) = (passing(), special());
    let (at, effect) = if random.random_ratio(1, 5) {
        special[random.random_range(0..special.len())].clone()
    } else {
        let at = CALLS[random.random_range(1..CALLS.len())];
        (at, effects[random.random_range(0..effects.len())].clone())
    };
    Fault::at(at, effect).after(random.random_range(0..4)).times(random.random_range(1..3))
}

/// S-08: what stays stops its own Object, is told in words with the next step, and is over when it is over.
#[tokio::test(flavor = "multi_thread")]
async fn each_permanent_fault_stops_only_its_object() -> Result<()> {
    let mut stage = Stage::new().await?;
    let refused =
        |code: &str| status(400, code, "no, and it will not help to ask again", BodyKind::Json, None);
    let down = status(503, "SERVER_UNAVAILABLE", "down for good", BodyKind::Json, None);
    for (at, effect, code) in [
        (Endpoint::QueryAll, refused("MALFORMED_QUERY"), ErrorCode::RequestRefused),
        (Endpoint::QueryAll, down.clone(), ErrorCode::OrgBusy),
        (Endpoint::QueryAll, Effect::Garble, ErrorCode::AnswerUnreadable),
        (Endpoint::QueryAll, refused("INSUFFICIENT_ACCESS"), ErrorCode::PermissionMissing),
        (Endpoint::BulkCreate, refused("SOMETHING_NEW"), ErrorCode::RequestRefused),
        (Endpoint::BulkStatus, Effect::JobStuck, ErrorCode::OrgBusy),
        (Endpoint::BulkStatus, Effect::JobFailed { message: "UNEXPECTED_ERROR".into() }, ErrorCode::OrgBusy),
        (Endpoint::BulkResults, down, ErrorCode::OrgBusy),
        (Endpoint::BulkResults, Effect::Truncate { after_bytes: 30 }, ErrorCode::OrgUnreachable),
    ] {
        stage.change(1, false)?;
        // Which object a Bulk job is about does not stand in its address; here accounts are read so.
        let fault = Fault::at(at, effect.clone());
        stage.org.faults().add(if at == Endpoint::QueryAll { fault.on_object("Account") } else { fault });

        let manifest = stage.app.backup().await.with_context(|| format!("{at:?}, {effect:?}"))?;

        let gaps: Vec<_> = manifest
            .objects
            .iter()
            .filter_map(|(object, entry)| Some((object, entry.gap.as_ref()?)))
            .filter(|(_, gap)| !gap.is_expected)
            .collect();
        let told: Vec<_> = gaps.iter().map(|(object, gap)| (object.as_str(), gap.code)).collect();
        // New files may be so many that they are read by Bulk too.
        let is_struck = |object: &str| object == "Account" || object == "ContentVersion";
        ensure!(told.contains(&("Account", code)), "{at:?}, {effect:?}: {gaps:?}");
        ensure!(told.iter().all(|(object, told)| is_struck(object) && *told == code), "{gaps:?}");
        ensure!(!gaps[0].1.message.is_empty() && !code.hint().is_empty());
        ensure!(manifest.status == RunStatus::CompletedWithGaps);
        let errors = stage.app.engine.run_errors(manifest.run.as_str()).await?;
        ensure!(errors.len() == told.len(), "{errors:?}");
        stage.org.faults().clear();
        let healed = stage.app.backup().await?;
        ensure!(healed.status == RunStatus::Completed, "{:?}", unexpected_gaps(&healed));
        stage.app.assert_lake_equals(&stage.org).await?;
    }
    Ok(())
}

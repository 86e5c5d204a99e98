//! Tells what auto backup brings, one line for each Run that stored something.

use anyhow::Result;
use holdfast_domain::manifest::Manifest;
use holdfast_domain::{ErrorCode, RunId};
use holdfast_engine::{Engine, Event};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::output::Output;
use crate::progress::write_line;
use crate::render::number;

/// Shows each Run that ends, until nothing more can come.
pub(crate) async fn show(engine: Engine, mut events: UnboundedReceiver<Event>, output: Output) -> Result<()> {
    while let Some(event) = events.recv().await {
        match event {
            Event::RunFinished { run } => {
                if let Some(manifest) = manifest_of(&engine, &run).await? {
                    tell(&manifest, output)?;
                }
            }
            Event::ObjectFailed { object, gap } if !gap.is_expected => {
                write_line(&format!("{object} is not captured: {}", gap.message));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A round that found nothing leaves no Run behind.
async fn manifest_of(engine: &Engine, run: &RunId) -> Result<Option<Manifest>> {
    match engine.run(run.as_str()).await {
        Ok((_, manifest)) => Ok(manifest),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn tell(manifest: &Manifest, output: Output) -> Result<()> {
    let line = if output.is_json { serde_json::to_string(manifest)? } else { sentence(manifest) };
    Ok(Output::print(&format!("{line}\n"))?)
}

/// `10:12:05  arrived: Account 2 changed; Contact 1 new  (run …c4d5e)`.
fn sentence(manifest: &Manifest) -> String {
    let objects: Vec<String> = manifest
        .objects
        .iter()
        .filter(|(_, entry)| entry.counts.versions() > 0)
        .map(|(object, entry)| {
            let counts = &entry.counts;
            let parts: Vec<String> = [
                (counts.new, "new"),
                (counts.changed, "changed"),
                (counts.deleted, "deleted"),
                (counts.undeleted, "undeleted"),
            ]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", number(count)))
            .collect();
            format!("{object} {}", parts.join(", "))
        })
        .collect();
    let run = manifest.run.as_str();
    let time = manifest.finished_at.format("%H:%M:%S");
    format!("{time}  arrived: {}  (run {})", objects.join("; "), &run[run.len() - 12..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_domain::manifest::{Counts, FileCounts, ObjectEntry, RunStatus, Trigger};
    use holdfast_domain::{ObjectName, OrgId};

    #[test]
    fn a_round_is_told_in_one_line() {
        let counts = Counts { new: 1, changed: 1200, ..Counts::default() };
        let object = ObjectName::parse("Account").unwrap();
        let manifest = Manifest {
            format: 1,
            run: RunId::parse("01900000-0000-7000-8000-0000000000aa").unwrap(),
            org: OrgId::parse("00Dxx0000001gPLEAY").unwrap(),
            previous: None,
            trigger: Trigger::Auto,
            status: RunStatus::Completed,
            started_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            finished_at: "2026-01-01T00:00:02Z".parse().unwrap(),
            api_calls: 3,
            names_every_object: false,
            missing_permissions: None,
            objects: [(object, ObjectEntry { counts, ..ObjectEntry::default() })].into(),
            files: FileCounts::default(),
        };
        insta::assert_snapshot!(
            sentence(&manifest),
            @"00:00:02  arrived: Account 1 new, 1,200 changed  (run 0000000000aa)"
        );
    }
}

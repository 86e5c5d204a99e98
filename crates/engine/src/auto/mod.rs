//! Auto backup: an org that is switched on is captured without end, one round after another.
//!
//! A round is a Run that ends without a Manifest if it found nothing to store. Rounds are WorkItems,
//! so that any process that serves the catalog can take the next one.

mod first_backup;
mod heartbeat;
mod overview;
mod pace;
mod status;
mod worker;

use holdfast_catalog::errors;
use holdfast_catalog::orgs::{self, AutoState, Org};
use serde_json::json;

use crate::access::{Act, Actor};
use crate::engine::Engine;
use crate::error::{Doing, Result};
use crate::events::Live;

pub(crate) use first_backup::note as note_first_backup;
pub use overview::{AutoOverview, AutoPhase, FirstBackup, OrgProblem, OrgStanding};
pub(crate) use overview::{RATE_OVER, per_second};
pub use status::{AutoStatus, ObjectStatus};

impl Engine {
    /// The one switch: from here on everything that the integration user may see is captured.
    pub async fn start_auto(&self, org: &str) -> Result<()> {
        let org = self.find_org(org).await?;
        self.set_auto_state(&Actor::command_line(), &org, AutoState::Running).await
    }

    /// No call is made to the org until it is resumed. `None` means all orgs that are switched on.
    pub async fn pause_auto(&self, org: Option<&str>) -> Result<Vec<String>> {
        self.move_auto(org, &[AutoState::Running, AutoState::FilesPaused], AutoState::Paused).await
    }

    /// Goes on from each Watermark. `None` means all orgs that are paused.
    pub async fn resume_auto(&self, org: Option<&str>) -> Result<Vec<String>> {
        self.move_auto(org, &[AutoState::Paused, AutoState::FilesPaused], AutoState::Running).await
    }

    /// Records go on, file bodies wait.
    pub async fn pause_auto_files(&self, org: Option<&str>) -> Result<Vec<String>> {
        self.move_auto(org, &[AutoState::Running], AutoState::FilesPaused).await
    }

    /// Moves the orgs that are in one of the states `from`; says which.
    async fn move_auto(&self, org: Option<&str>, from: &[AutoState], to: AutoState) -> Result<Vec<String>> {
        let orgs = match org {
            Some(name) => vec![self.find_org(name).await?],
            None => orgs::list(self.catalog().db()).await.doing(|| "list the orgs".to_owned())?,
        };
        let mut moved = Vec::new();
        for org in orgs.into_iter().filter(|org| from.contains(&org.auto_state)) {
            self.set_auto_state(&Actor::command_line(), &org, to).await?;
            moved.push(org.name);
        }
        Ok(moved)
    }

    pub(crate) async fn set_auto_state(&self, actor: &Actor, org: &Org, state: AutoState) -> Result<()> {
        let mut transaction = self.begin().await?;
        let set = orgs::set_auto_state(&mut *transaction, &org.id, state).await;
        set.doing(|| format!("change auto backup of `{}`", org.name))?;
        if !worker::is_on(state) {
            // What stopped the rounds is nobody's trouble while there are none.
            let resolved = errors::resolve(&mut *transaction, &org.id, None, self.clock().now()).await;
            resolved.doing(|| format!("close the errors of `{}`", org.name))?;
        }
        let act = Act::new("auto_backup.changed").on(org.name.clone()).of_org(&org.id);
        let act = act.with(json!({ "to": state.as_str() }));
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await?;
        self.live().send(&org.id, Live::AutoBackupChanged(state));
        Ok(())
    }
}

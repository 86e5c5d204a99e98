//! The sign of life that [`Engine::serve`] leaves in the catalog, so that another process can say
//! whether auto backup is at work, and judges by the same patience.

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::settings;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::{Doing, Result};
use crate::process;

const NAME: &str = "serving";
const EVERY: TimeDelta = TimeDelta::seconds(30);
/// Three beats: one may be late, and one lost.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(90);

/// Of several processes that serve, the one that was last.
#[derive(Serialize, Deserialize)]
struct Beat {
    owner: String,
    at: DateTime<Utc>,
    /// How long something may fail before its light turns yellow.
    patience_s: Option<i64>,
}

impl Engine {
    /// Notes that this process serves, unless it has just done so.
    pub(super) async fn beat(&self, last: &mut Option<DateTime<Utc>>) -> Result<()> {
        let now = self.clock().now();
        if last.is_some_and(|last| (now - last).abs() < EVERY) {
            return Ok(());
        }
        let patience_s = Some(self.settings().patience.num_seconds());
        let beat = Beat { owner: self.owner().to_owned(), at: now, patience_s };
        let text = serde_json::to_string(&beat).expect("a name and times are always JSON");
        let set = settings::set(self.catalog().db(), NAME, &text, now).await;
        set.doing(|| "note that auto backup is at work".to_owned())?;
        *last = Some(now);
        Ok(())
    }

    /// Takes the own sign of life back. Another process that serves soon leaves its own again.
    pub(super) async fn end_beat(&self) -> Result<()> {
        if self.newest_beat().await?.is_some_and(|beat| beat.owner == self.owner()) {
            let set = settings::set(self.catalog().db(), NAME, "", self.clock().now()).await;
            set.doing(|| "note that auto backup has ended".to_owned())?;
        }
        Ok(())
    }

    /// True if and only if some process has shown within 90 s that it serves, and is not known to have died since.
    pub async fn is_served(&self) -> Result<bool> {
        Ok(self.fresh_beat().await?.is_some())
    }

    /// That of the process which serves, whose lights all others are to show; else the own.
    pub(crate) async fn patience(&self) -> Result<TimeDelta> {
        let told = self.fresh_beat().await?.and_then(|beat| TimeDelta::try_seconds(beat.patience_s?));
        Ok(told.unwrap_or(self.settings().patience))
    }

    async fn fresh_beat(&self) -> Result<Option<Beat>> {
        let now = self.clock().now();
        let is_fresh = |beat: &Beat| (now - beat.at).abs() < GOOD_FOR && !process::has_died(&beat.owner);
        Ok(self.newest_beat().await?.filter(is_fresh))
    }

    async fn newest_beat(&self) -> Result<Option<Beat>> {
        let text = settings::get(self.catalog().db(), NAME).await;
        let text = text.doing(|| "look whether auto backup is at work".to_owned())?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

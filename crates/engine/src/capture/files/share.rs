//! The share of the org's daily API calls that file bodies may use.

use std::sync::Mutex;

use holdfast_catalog::settings;
use holdfast_domain::budget::DailyCalls;

use crate::capture::context::RunContext;
use crate::error::{Doing, Error, Result};

/// Calls for bodies, of this Run and of others within the last 24 hours.
pub(super) struct Share(Mutex<DailyCalls>);

impl Share {
    pub(super) async fn open(ctx: &RunContext) -> Result<Self> {
        let known = settings::get(ctx.engine.catalog().db(), &key(ctx)).await;
        let known = known.doing(|| "read a setting".to_owned())?;
        let known = known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(Self(Mutex::new(known)))
    }

    /// Counts a call that is about to be made, if it may be made.
    pub(super) fn take(&self, ctx: &RunContext) -> Result<()> {
        let mut calls = self.0.lock().expect("no code panics while holding this lock");
        match ctx.client.usage() {
            Some(usage) if !ctx.budget.permits_file(Some(usage), calls.of_last_day(ctx.now())) => {
                Err(Error::FilesBudgetReached { percent: ctx.budget.files_percent })
            }
            _ => {
                calls.add(ctx.now(), 1);
                Ok(())
            }
        }
    }

    pub(super) async fn keep(&self, ctx: &RunContext) -> Result<()> {
        let calls = self.0.lock().expect("no code panics while holding this lock").clone();
        let text = serde_json::to_string(&calls).expect("numbers are always JSON");
        let set = settings::set(ctx.engine.catalog().db(), &key(ctx), &text, ctx.now()).await;
        set.doing(|| "write a setting".to_owned())
    }
}

fn key(ctx: &RunContext) -> String {
    format!("file_calls/{}", ctx.org)
}

//! Whether the first full backup of an org is done: from then on its page shows changes instead of progress.

use holdfast_catalog::settings;
use holdfast_domain::OrgId;

use crate::engine::Engine;
use crate::error::{Doing, Result};

/// A Run that looked at every Object has ended. An Object that failed in it goes on failing in view.
pub(crate) async fn note(engine: &Engine, org: &OrgId) -> Result<()> {
    if is_done(engine, org).await? {
        return Ok(());
    }
    let set = settings::set(engine.catalog().db(), &name(org), "done", engine.clock().now()).await;
    set.doing(|| "note that the first backup is done".to_owned())
}

pub(super) async fn is_done(engine: &Engine, org: &OrgId) -> Result<bool> {
    let found = settings::get(engine.catalog().db(), &name(org)).await;
    Ok(found.doing(|| "look whether the first backup is done".to_owned())?.is_some())
}

fn name(org: &OrgId) -> String {
    format!("first_backup/{org}")
}

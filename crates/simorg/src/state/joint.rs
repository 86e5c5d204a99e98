//! One transaction over several requests, as composite requests with `allOrNone` and graphs want it.
//!
//! While `together` runs, every write of its task works on a state of its own, which its reads see and nobody else. In the end
//! all of it is published, or nothing. If somebody else wrote meanwhile, the work is done again on what they left.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use crate::errors::ApiError;

use super::org::Org;
use super::transaction::Effects;
use super::view::Snapshot;

tokio::task_local! {
    static JOINT: Arc<Joint>;
}

/// How often work is done again before it gives up, as on a row that it cannot lock.
const MOST_ATTEMPTS: usize = 10;

struct Joint {
    /// The org that it belongs to; another org in the same process is not affected.
    org: String,
    state: Mutex<State>,
}

struct State {
    snapshot: Arc<Snapshot>,
    effects: Vec<Effects>,
}

/// Does the work as one transaction; keeps it if the second part of the answer says so.
pub(crate) async fn together<R, F>(org: &Org, mut work: impl FnMut() -> F) -> Result<R, ApiError>
where
    F: Future<Output = (R, bool)>,
{
    if JOINT.try_with(|_| ()).is_ok() {
        // Within a joint transaction only what this part did can be dropped.
        let (snapshot, done) = JOINT.with(|joint| {
            let state = joint.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.snapshot.clone(), state.effects.len())
        });
        let (outcome, keep) = work().await;
        if !keep {
            JOINT.with(|joint| {
                let mut state = joint.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.snapshot = snapshot;
                state.effects.truncate(done);
            });
        }
        return Ok(outcome);
    }
    for _ in 0..MOST_ATTEMPTS {
        let base = org.committed();
        let state = Mutex::new(State { snapshot: base.clone(), effects: Vec::new() });
        let joint = Arc::new(Joint { org: org.id().to_owned(), state });
        let (outcome, ended) = JOINT
            .scope(joint, async {
                let (outcome, keep) = work().await;
                (outcome, keep.then(take))
            })
            .await;
        if ended.is_none_or(|ended| publish(org, &base, ended)) {
            return Ok(outcome);
        }
    }
    let message = "unable to obtain exclusive access to this record";
    Err(ApiError::record("UNABLE_TO_LOCK_ROW", message, Vec::<String>::new()))
}

/// The work as a part of the same joint transaction when it is done on another thread.
pub(crate) fn carried<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let joint = JOINT.try_with(Arc::clone).ok();
    move || match joint {
        Some(joint) => JOINT.sync_scope(joint, work),
        None => work(),
    }
}

fn take() -> State {
    JOINT.with(|joint| {
        let mut state = joint.state.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = state.snapshot.clone();
        State { snapshot, effects: std::mem::take(&mut state.effects) }
    })
}

/// Publishes what was done if the org is still as it was when the work began.
fn publish(org: &Org, base: &Arc<Snapshot>, ended: State) -> bool {
    let mut ledger = org.ledger();
    if !Arc::ptr_eq(&org.committed(), base) {
        return false;
    }
    let joined = ended.effects.into_iter().reduce(|mut all, later| {
        all.absorb(later);
        all
    });
    if let Some(effects) = joined {
        effects.apply(org, &mut ledger, ended.snapshot);
    }
    true
}

/// The state of the joint transaction that this task is in.
pub(super) fn snapshot(org: &Org) -> Option<Arc<Snapshot>> {
    JOINT
        .try_with(|joint| {
            let state = joint.state.lock().unwrap_or_else(PoisonError::into_inner);
            (joint.org == org.id()).then(|| state.snapshot.clone())
        })
        .ok()
        .flatten()
}

/// Makes a committed transaction a part of the joint one; gives the effects back if there is none.
pub(super) fn join(org: &Org, work: &Arc<Snapshot>, effects: Effects) -> Option<Effects> {
    let mut effects = Some(effects);
    // The error of `try_with` says only that the task is in no joint transaction.
    JOINT
        .try_with(|joint| {
            if joint.org == org.id() {
                let mut state = joint.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.snapshot = work.clone();
                state.effects.extend(effects.take());
            }
        })
        .ok();
    effects
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::SimOrg;

    fn count(org: &Org) -> u64 {
        org.count(&org.admin(), &org.admin_view().object("Account").expect("built in"), false)
    }

    fn insert(org: &Org) {
        let record = Map::from_iter([("Name".to_owned(), json!("A"))]);
        org.write(&org.admin(), |transaction| transaction.insert("Account", &record)).unwrap();
    }

    #[tokio::test]
    async fn what_is_done_together_is_seen_by_itself_alone_until_it_is_kept() {
        let org = SimOrg::new().bare().build().unwrap();
        for (keep, left) in [(false, 0), (true, 2)] {
            let seen = together(&org, || async {
                insert(&org);
                insert(&org);
                let outside = std::thread::scope(|scope| scope.spawn(|| count(&org)).join().unwrap());
                ((count(&org), outside), keep)
            });
            assert_eq!(seen.await.unwrap(), (2, 0));
            assert_eq!(count(&org), left);
        }
    }

    #[tokio::test]
    async fn work_is_done_again_when_somebody_else_wrote_meanwhile() {
        let org = SimOrg::new().bare().build().unwrap();
        let mut attempts = 0;
        together(&org, || {
            attempts += 1;
            let first = attempts == 1;
            let org = &org;
            async move {
                insert(org);
                if first {
                    std::thread::scope(|scope| scope.spawn(|| insert(org)).join().unwrap());
                }
                ((), true)
            }
        })
        .await
        .unwrap();
        assert_eq!((attempts, count(&org)), (2, 2));
    }
}

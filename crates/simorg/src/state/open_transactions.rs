//! Transactions held open: rows are stamped when saved and become visible at commit, with the early stamp.
//!
//! What is saved is checked at once against the committed state and kept as operations; commit repeats them with the same
//! counters and stamps. Rows that an open transaction touched are locked for others.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::errors::ApiError;

use super::org::Org;
use super::transaction::{Operation, Transaction};
use super::users::User;

/// A transaction that was begun and not yet ended.
#[derive(Debug)]
pub struct OpenTransaction {
    user: Arc<User>,
    pub(crate) opened_ms: i64,
    saved: Vec<Saved>,
    pub(crate) locks: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Saved {
    operations: Vec<Operation>,
    stamp_ms: i64,
    /// The counters that the operations gave, in order.
    given: Vec<(String, u64)>,
}

impl Org {
    /// Begins a transaction and answers its number.
    pub fn open_transaction(&self, user: &Arc<User>) -> u64 {
        let opened_ms = self.stamp_ms();
        let mut ledger = self.ledger();
        ledger.next_open += 1;
        let number = ledger.next_open;
        let open =
            OpenTransaction { user: user.clone(), opened_ms, saved: Vec::new(), locks: BTreeSet::new() };
        ledger.open.insert(number, open);
        number
    }

    /// Numbers of the open transactions.
    pub fn open_transactions(&self) -> Vec<u64> {
        self.ledger().open.keys().copied().collect()
    }

    /// Saves one operation in an open transaction; answers the id of an inserted row.
    pub fn save_in(&self, number: u64, operation: Operation) -> Result<Option<String>, ApiError> {
        self.save_all_in(number, vec![operation], |transaction, operations| transaction.run(&operations[0]))
    }

    /// Saves several operations in an open transaction, all of them or none; `work` runs them in their order.
    pub fn save_all_in<R>(
        &self,
        number: u64,
        operations: Vec<Operation>,
        work: impl FnOnce(&mut Transaction<'_>, &[Operation]) -> Result<R, ApiError>,
    ) -> Result<R, ApiError> {
        let mut ledger = self.ledger();
        let open = ledger.open.get(&number).ok_or_else(ApiError::not_found)?;
        let (user, saved) = (open.user.clone(), open.saved.clone());
        let stamp_ms = self.stamp_ms();
        let already: usize = saved.iter().map(|s| s.given.len()).sum();
        let mut transaction = repeat(self, &user, &mut ledger, number, &saved)?;
        transaction.set_stamp_ms(stamp_ms);
        let outcome = work(&mut transaction, &operations)?;
        let (given, touched) = transaction.into_traces();
        let given: Vec<(String, u64)> = given.into_iter().skip(already).collect();
        for (object, counter) in &given {
            let reserved = ledger.reserved.entry(object.clone()).or_default();
            *reserved = (*reserved).max(counter + 1);
        }
        let open = ledger.open.get_mut(&number).expect("still held under the same lock");
        open.locks.extend(touched);
        open.saved.push(Saved { operations, stamp_ms, given });
        Ok(outcome)
    }

    /// Makes everything saved visible at once.
    pub fn commit(&self, number: u64) -> Result<(), ApiError> {
        let mut ledger = self.ledger();
        let open = ledger.open.get(&number).ok_or_else(ApiError::not_found)?;
        let (user, saved) = (open.user.clone(), open.saved.clone());
        let transaction = repeat(self, &user, &mut ledger, number, &saved)?;
        transaction.commit();
        ledger.open.remove(&number);
        Ok(())
    }

    /// Forgets everything saved.
    pub fn roll_back(&self, number: u64) -> Result<(), ApiError> {
        self.ledger().open.remove(&number).map(|_| ()).ok_or_else(ApiError::not_found)
    }
}

fn repeat<'a>(
    org: &'a Org,
    user: &Arc<User>,
    ledger: &'a mut super::org::Ledger,
    number: u64,
    saved: &[Saved],
) -> Result<Transaction<'a>, ApiError> {
    let forced: VecDeque<(String, u64)> = saved.iter().flat_map(|s| s.given.clone()).collect();
    let mut transaction =
        Transaction::begin(org, user.clone(), ledger, org.stamp_ms()).repeating(number, forced);
    for save in saved {
        transaction.set_stamp_ms(save.stamp_ms);
        for operation in &save.operations {
            transaction.run(operation)?;
        }
    }
    Ok(transaction)
}

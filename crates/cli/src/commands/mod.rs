//! The commands, one file each: what it takes, the call of the engine, and how the answer reads.

pub(crate) mod audit;
pub(crate) mod auto;
pub(crate) mod backup;
pub(crate) mod changes;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod demo;
pub(crate) mod erase;
pub(crate) mod history;
mod manifest_view;
pub(crate) mod org;
mod org_add;
mod org_coverage;
pub(crate) mod query;
pub(crate) mod rebuild;
pub(crate) mod reference;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod user;
mod user_rights;

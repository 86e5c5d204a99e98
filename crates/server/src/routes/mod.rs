//! One file per noun: handlers that extract, call the engine once and answer, each with its description.

pub(crate) mod audit_entries;
pub(crate) mod auto_backup;
pub(crate) mod changes;
pub(crate) mod coverage;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod invitations;
pub(crate) mod me;
pub(crate) mod members;
pub(crate) mod objects;
pub(crate) mod org_sign_ins;
pub(crate) mod orgs;
pub(crate) mod queries;
pub(crate) mod records;
pub(crate) mod rights;
pub(crate) mod runs;
pub(crate) mod session;
pub(crate) mod single_sign_on;
pub(crate) mod system;
pub(crate) mod tokens;
pub(crate) mod volume;
pub(crate) mod work_items;

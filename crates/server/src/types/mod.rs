//! What goes over the wire, one file per noun. Absent values are left out, never `null`.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod auto_backup;
pub(crate) mod live;
mod mirror;
pub(crate) mod orgs;
pub(crate) mod problem;
pub(crate) mod records;
pub(crate) mod runs;
pub(crate) mod single_sign_on;
pub(crate) mod team;
pub(crate) mod tokens;
pub(crate) mod work_items;

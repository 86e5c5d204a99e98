//! The Metadata API: which types and components the org has, by SOAP (`/services/Soap/m/NN.0`) and, for deploys, by REST.
//!
//! The room `components` knows the types and holds the components, `inventory` adds to them what follows from the schema.
//! `retrieve` and `deploy` turn packages into components and back; `jobs` plays that both take their time.

pub(crate) mod archive;
mod calls;
pub(crate) mod code;
mod crud;
pub mod defaults;
mod deploy;
mod describe;
pub(crate) mod inventory;
mod jobs;
mod list;
mod manifest;
mod merge;
mod profile;
pub(crate) mod properties;
mod rest;
mod retrieve;
pub mod schema;
mod shapes;

pub use calls::router as soap_router;
pub use deploy::effects::{Automation, automations};
pub(crate) use deploy::rows::follow_code;
pub(crate) use deploy::{put_component, remove_component};
pub use jobs::{Settings, State};
pub use rest::router;

/// What those are told who may not use this API.
const NOT_ALLOWED: &str =
    "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions";

fn may_use(user: &crate::state::User) -> bool {
    user.permissions.modify_all_data || user.permissions.holds("ModifyMetadata")
}

/// The namespace of packages and of every metadata file.
pub const NAMESPACE: &str = "http://soap.sforce.com/2006/04/metadata";

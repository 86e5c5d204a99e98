//! Signing in: the token endpoint with every grant that Holdfast uses, and renewing a session in flight.

mod error;
mod jwt;
mod session;
mod sfdx;
mod token;
mod web_flow;

pub use error::OAuthError;
pub use session::{GrantGate, GrantHooks, LentGrant, NotLent, RotationHook};
pub use sfdx::parse_sfdx_auth_url;
pub use token::{Tokens, revoke};
pub use web_flow::{Pkce, authorize_url, exchange_code, new_state};

pub(crate) use session::{Session, SessionKeeper};
pub(crate) use token::check_address;

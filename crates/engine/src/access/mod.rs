//! Who may do what: members, how they sign in, what they are allowed, and the log of what they did.
//!
//! Every act that matters to security is written to the audit log in the same transaction as the act. The clock is
//! the engine's, so that sessions, links and waits can be tested by moving it. Of every secret that somebody else holds
//! only a hash is kept.

mod account;
mod audit;
mod by;
mod caller;
mod error;
mod first_owner;
mod invitations;
mod members;
mod orgs;
mod password;
mod rights;
mod second_factor;
mod secrets;
mod sessions;
mod sign_in;
mod single_sign_on;
mod throttle;
mod tokens;

use std::time::Duration;

pub use audit::{Act, Actor, AuditPage, AuditVerification};
pub use by::By;
pub use caller::{Caller, Origin, Through};
pub use error::AccessError;
pub use holdfast_catalog::audit_entries::{AuditEntry, Filter as AuditFilter};
pub use holdfast_catalog::tokens::Token;
pub use invitations::{InvitationGiven, NewInvitation};
pub use members::{MemberChange, MemberView};
pub use orgs::{BegunSignIn, CameBack, NewOrgSignIn, OrgChange, SignInTo};
pub use rights::{MemberRights, OrgRights, RightsChange, RightsOnOrg};
pub use second_factor::{Proof, TotpSetUp};
pub use sessions::SignedIn;
pub use sign_in::PasswordSignIn;
pub use single_sign_on::{Claims, SingleSignOn};
pub use tokens::{NewToken, TokenGiven};

/// How long what lets somebody in stays good.
#[derive(Debug, Clone)]
pub struct AccessSettings {
    /// A session that nobody uses for so long ends: a working day without lunch at another machine.
    pub session_idle: Duration,
    /// A session ends after this, used or not: stolen cookies do not live for ever.
    pub session_longest: Duration,
    /// Time to type a code, or to come back from somebody else's sign-in page.
    pub sign_in_within: Duration,
    /// People are on holiday for a week.
    pub invitation_for: Duration,
    /// The link of the first start stands in a terminal or a log, so it is short-lived; a restart makes a new one.
    pub first_owner_for: Duration,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_hours(12),
            session_longest: Duration::from_hours(7 * 24),
            sign_in_within: Duration::from_mins(10),
            invitation_for: Duration::from_hours(7 * 24),
            first_owner_for: Duration::from_hours(24),
        }
    }
}

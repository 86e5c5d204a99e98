//! On whose word something is done: a caller of the API, or whoever may use the machine itself.

use holdfast_domain::access::TeamPermission;

use super::audit::Actor;
use super::caller::Caller;
use crate::error::Result;

/// Whoever can run commands on the machine can read `secret.key` too, so nothing is refused to them; what they do
/// is in the audit log all the same.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    Caller(&'a Caller),
    CommandLine,
}

impl By<'_> {
    pub(super) fn may(self, permission: TeamPermission) -> Result<()> {
        match self {
            Self::Caller(caller) => caller.may(permission),
            Self::CommandLine => Ok(()),
        }
    }

    pub(super) fn actor(self) -> Actor {
        match self {
            Self::Caller(caller) => caller.actor(),
            Self::CommandLine => Actor::command_line(),
        }
    }

    /// For somebody who is shown who invited them.
    pub(super) fn name(self) -> String {
        match self {
            Self::Caller(caller) => caller.member.name.clone(),
            Self::CommandLine => "whoever runs Holdfast".to_owned(),
        }
    }
}

impl<'a> From<&'a Caller> for By<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self::Caller(caller)
    }
}

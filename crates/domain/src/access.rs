//! Who may do what: roles in the team, rights on single orgs, and what an API token leaves of both.
//!
//! A right on an org comes from one of three places: owning the org's connection, the role, or a grant. The
//! sums are made here, so that server, command line and tests cannot differ.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What a member is in the team.
    Role {
        Owner = "owner",
        Member = "member",
    }
}

words! {
    /// Whether a member is a person, or a shared inbox that receives messages and signs in for scripts.
    MemberKind {
        Person = "person",
        Service = "service",
    }
}

words! {
    /// What can be allowed to a member on one org.
    Right {
        /// See the org, its status, runs, errors and counts.
        View = "view",
        /// See what records hold.
        Browse = "browse",
        /// Start, pause and resume.
        Execute = "execute",
        /// Change settings, and connect the org again.
        Edit = "edit",
        /// Forget the org's connection.
        Delete = "delete",
        /// Write to an org.
        Restore = "restore",
        /// Take data out as a file.
        Download = "download",
    }
}

words! {
    /// What can be allowed in the team as a whole.
    TeamPermission {
        TeamManage = "team:manage",
        OrgConnect = "org:connect",
        AuditRead = "audit:read",
        SettingsManage = "settings:manage",
    }
}

impl Role {
    /// The one table of which role holds which permission.
    pub fn permissions(self) -> &'static [TeamPermission] {
        match self {
            Self::Owner => TeamPermission::ALL,
            Self::Member => &[],
        }
    }

    /// What a role may do on every org, without a grant.
    fn rights(self) -> Rights {
        match self {
            Self::Owner => [Right::View, Right::Delete].into_iter().collect(),
            Self::Member => Rights::NONE,
        }
    }
}

/// A set of rights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights(u8);

impl Rights {
    pub const NONE: Self = Self(0);

    pub fn all() -> Self {
        Right::ALL.iter().copied().collect()
    }

    pub fn contains(self, right: Right) -> bool {
        self.0 & bit(right) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// With what follows from them: who browses must see what there is.
    #[must_use]
    pub fn with_implied(self) -> Self {
        if self.contains(Right::Browse) { self.union(Right::View.into()) } else { self }
    }

    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.iter().copied().filter(move |right| self.contains(*right))
    }

    /// As it is stored: words with commas between.
    pub fn to_text(self) -> String {
        self.iter().map(Right::as_str).collect::<Vec<_>>().join(",")
    }

    pub fn parse(text: &str) -> Option<Self> {
        text.split(',').filter(|word| !word.is_empty()).map(Right::parse).collect()
    }
}

impl From<Right> for Rights {
    fn from(right: Right) -> Self {
        Self(bit(right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<T: IntoIterator<Item = Right>>(rights: T) -> Self {
        Self(rights.into_iter().fold(0, |set, right| set | bit(right)))
    }
}

fn bit(right: Right) -> u8 {
    1 << right as u8
}

/// Who owns the connection of an org, seen from one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    Mine,
    SomebodyElses,
    /// Nobody's: the org was connected by the command line, or its owner left. The owners of the team share it.
    Shared,
}

/// What a member may do on an org.
pub fn rights_on_org(role: Role, ownership: Ownership, granted: Rights) -> Rights {
    match (ownership, role) {
        (Ownership::Mine, _) | (Ownership::Shared, Role::Owner) => Rights::all(),
        (Ownership::SomebodyElses | Ownership::Shared, _) => role.rights().union(granted).with_implied(),
    }
}

words! {
    /// What an API token may be used for; never more than its member may do.
    Scope {
        View = "view",
        Browse = "browse",
        Execute = "execute",
        Edit = "edit",
        Delete = "delete",
        Restore = "restore",
        Download = "download",
        /// What needs a permission of the team.
        Team = "team",
    }
}

impl Scope {
    fn right(self) -> Option<Right> {
        Right::parse(self.as_str())
    }
}

/// The scopes of one token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(pub Vec<Scope>);

impl Scopes {
    pub fn rights(&self) -> Rights {
        self.0.iter().filter_map(|scope| scope.right()).collect::<Rights>().with_implied()
    }

    pub fn is_for_team(&self) -> bool {
        self.0.contains(&Scope::Team)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L-01, L-02, S-31
    #[test]
    fn rights_come_from_owning_from_the_role_and_from_grants() {
        use Ownership::{Mine, Shared, SomebodyElses};
        let browse = Rights::from(Right::Browse);
        for (role, ownership, granted, expected) in [
            (Role::Member, SomebodyElses, Rights::NONE, ""),
            (Role::Member, Shared, Rights::NONE, ""),
            (Role::Member, SomebodyElses, browse, "view,browse"),
            (Role::Member, SomebodyElses, Right::Execute.into(), "execute"),
            (Role::Owner, SomebodyElses, Rights::NONE, "view,delete"),
            (Role::Owner, SomebodyElses, browse, "view,browse,delete"),
            (Role::Owner, Shared, Rights::NONE, "view,browse,execute,edit,delete,restore,download"),
            (Role::Member, Mine, Rights::NONE, "view,browse,execute,edit,delete,restore,download"),
        ] {
            let rights = rights_on_org(role, ownership, granted);
            assert_eq!(rights.to_text(), expected, "{role} {ownership:?} {granted:?}");
            assert_eq!(Rights::parse(expected), Some(rights));
        }
        assert_eq!(Rights::parse("view,fly"), None);
    }

    #[test]
    fn only_owners_hold_permissions_of_the_team() {
        assert_eq!(Role::Owner.permissions(), TeamPermission::ALL);
        assert_eq!(Role::Member.permissions(), []);
    }

    #[test]
    fn scopes_are_rights_and_the_team() {
        let scopes = Scopes(vec![Scope::Browse, Scope::Team]);
        assert_eq!(scopes.rights().to_text(), "view,browse");
        assert!(scopes.is_for_team());
        let all: Rights = Scope::ALL.iter().filter_map(|scope| scope.right()).collect();
        assert_eq!(all, Rights::all());
    }
}

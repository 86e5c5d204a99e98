//! Words of the wire and the enums of the engine that they stand for, each way by an exhaustive match.

use holdfast_catalog::connections::ConnectionStatus;
use holdfast_catalog::object_lists;
use holdfast_catalog::objects::Phase;
use holdfast_catalog::orgs;
use holdfast_catalog::sessions;
use holdfast_domain::{access, change, manifest, restorability, retry};
use holdfast_engine::{auto, search, work_items};

use super::account::{SignInWay, TeamPermission};
use super::auto_backup::{AutoPhase, ObjectPhase, ObjectSort, ObjectWord};
use super::orgs::{AutoState, ConnectionState, Light, Restorability};
use super::problem::{MemberKind, Right, Role};
use super::records::DeletedRecords;
use super::runs::{Change, RunStatus, Trigger};
use super::tokens::Scope;
use super::work_items::{WorkKind, WorkState};

macro_rules! mirror {
    ($word:ident = $meant:ty { $($variant:ident = $other:ident),* $(,)? }) => {
        impl From<$meant> for $word {
            fn from(meant: $meant) -> Self {
                match meant { $(<$meant>::$other => Self::$variant,)* }
            }
        }

        impl From<$word> for $meant {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => Self::$other,)* }
            }
        }
    };
    ($word:ident = $meant:ty { $($variant:ident),* $(,)? }) => {
        mirror!($word = $meant { $($variant = $variant),* });
    };
}

mirror!(Role = access::Role { Owner, Member });
mirror!(MemberKind = access::MemberKind { Person, Service });
mirror!(Right = access::Right { View, Browse, Execute, Edit, Delete, Restore, Download });
mirror!(Scope = access::Scope { View, Browse, Execute, Edit, Delete, Restore, Download, Team });
mirror!(TeamPermission = access::TeamPermission { TeamManage, OrgConnect, AuditRead, SettingsManage });
mirror!(SignInWay = sessions::SignInWay { Password, SingleSignOn, FirstOwner, Invitation });
mirror!(AutoState = orgs::AutoState { Off, Running, FilesPaused, Paused });
mirror!(ConnectionState = ConnectionStatus { Works, NeedsReauthorisation });
mirror!(Light = retry::Light { Green, Yellow, Grey, Blue });
mirror!(Restorability = restorability::Restorability { Restorable, ReadableOnly, Never });
mirror!(AutoPhase = auto::AutoPhase { Off, Waiting, FirstBackup, CapturingChanges, Paused });
mirror!(ObjectPhase = Phase { Waiting, FirstCapture, CapturingChanges, Stopped });
mirror!(ObjectWord = object_lists::Word { Running, Warning, Stopped, Paused, Waiting });
mirror!(ObjectSort = object_lists::Sort {
    Name = Name,
    Status = Status,
    LiveRecords = LiveRecords,
    RemainingRecords = RemainingRecords,
    LastCapturedAt = LastCaptured,
    FailingSince = FailingSince,
});
mirror!(DeletedRecords = search::DeletedRecords { Include, Exclude, Only });
mirror!(Change = change::Change { New, Changed, Deleted, Undeleted });
mirror!(Trigger = manifest::Trigger { Backup, Auto });
mirror!(RunStatus = manifest::RunStatus { Running, Completed, CompletedWithGaps, Failed, Interrupted });
mirror!(WorkKind = work_items::WorkKind { Backup, Check, Compaction });
mirror!(WorkState = work_items::WorkState { Waiting, Running, Done, Failed, Interrupted });

//! What a Run tells while it goes on: for progress bars, logs and live views.

use holdfast_catalog::orgs::AutoState;
use holdfast_domain::manifest::{Counts, FileCounts, Gap};
use holdfast_domain::{ObjectName, OrgId, RunId};
use tokio::sync::broadcast;

/// One step of a Run. Counts of `BlockProgress` are since the Block began; the others are final.
#[derive(Debug, Clone)]
pub enum Event {
    RunStarted {
        run: RunId,
    },
    /// The Objects that the integration user may see.
    ScopeKnown {
        objects: usize,
        not_capturable: usize,
    },
    /// How many records an Object has to read in this Run, as far as known.
    ObjectPlanned {
        object: ObjectName,
        records: u64,
    },
    /// About how many API calls the Run will make, and how many the budget leaves it, if the org has said so.
    Forecast {
        api_calls: u64,
        left: Option<u64>,
    },
    /// The describe changed since the last Run.
    SchemaChanged {
        object: ObjectName,
        what: String,
    },
    BlockProgress {
        object: ObjectName,
        records: u64,
    },
    /// `api_calls` are those of the Run so far.
    BlockStored {
        object: ObjectName,
        records: u64,
        counts: Counts,
        api_calls: u64,
    },
    ObjectDone {
        object: ObjectName,
        counts: Counts,
    },
    ObjectFailed {
        object: ObjectName,
        gap: Gap,
    },
    /// A failure that is being retried by itself.
    Retrying {
        object: Option<ObjectName>,
        attempt: u32,
        error: String,
        pause_ms: u64,
    },
    FilesProgress {
        files: FileCounts,
    },
    RunFinished {
        run: RunId,
    },
}

/// What those who watch all orgs are told.
#[derive(Debug, Clone)]
pub struct LiveEvent {
    pub org: OrgId,
    pub what: Live,
}

#[derive(Debug, Clone)]
pub enum Live {
    Run(Event),
    AutoBackupChanged(AutoState),
    /// Connected, changed or removed.
    OrgChanged,
}

/// Events that wait for a slow watcher; it is told how many more it missed.
const WAITING: usize = 4096;

/// Tells any number of watchers what happens in this process.
#[derive(Debug, Clone)]
pub(crate) struct LiveEvents(broadcast::Sender<LiveEvent>);

impl Default for LiveEvents {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl LiveEvents {
    pub(crate) fn send(&self, org: &OrgId, what: Live) {
        // Nobody may be watching.
        let _ = self.0.send(LiveEvent { org: org.clone(), what });
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<LiveEvent> {
        self.0.subscribe()
    }
}

/// Where events go. Sending never waits: a slow watcher misses events, a Run does not slow down.
#[derive(Clone, Default)]
pub struct EventSink {
    watcher: Option<tokio::sync::mpsc::UnboundedSender<Event>>,
    live: Option<(OrgId, LiveEvents)>,
}

impl EventSink {
    pub fn channel() -> (Self, tokio::sync::mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        (Self { watcher: Some(sender), live: None }, receiver)
    }

    /// The same watcher, and all who watch this org.
    pub(crate) fn and_live(self, org: &OrgId, live: &LiveEvents) -> Self {
        Self { live: Some((org.clone(), live.clone())), ..self }
    }

    pub fn send(&self, event: Event) {
        if let Some((org, live)) = &self.live {
            live.send(org, Live::Run(event.clone()));
        }
        if let Some(sender) = &self.watcher {
            // A watcher that has gone away is no reason to stop a Run.
            let _ = sender.send(event);
        }
    }
}

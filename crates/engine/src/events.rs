//! What a Run tells while it goes on: for progress bars, logs and, later, live views.

use holdfast_domain::manifest::{Counts, FileCounts, Gap};
use holdfast_domain::{ObjectName, RunId};

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

/// Where events go. Sending never waits: a slow watcher misses events, a Run does not slow down.
#[derive(Clone, Default)]
pub struct EventSink(Option<tokio::sync::mpsc::UnboundedSender<Event>>);

impl EventSink {
    pub fn channel() -> (Self, tokio::sync::mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        (Self(Some(sender)), receiver)
    }

    pub fn send(&self, event: Event) {
        if let Some(sender) = &self.0 {
            // A watcher that has gone away is no reason to stop a Run.
            let _ = sender.send(event);
        }
    }
}

//! The named durable steps, and a seam that lets a test stop the work just before one of them.
//!
//! Each place that makes something durable (or removes something) calls [`StepHook::before`] first.
//! In production nothing is set and the call costs a branch. A test sets a hook that breaks, which
//! ends the operation as if the process had died there; a binary under test aborts in its hook.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::{Error, Result};

macro_rules! steps {
    ($($(#[$doc:meta])* $variant:ident = $text:literal;)*) => {
        /// A point just before something becomes durable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Step { $($(#[$doc])* $variant,)* }

        impl Step {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name by which a test asks for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

steps! {
    LakeDocument = "lake_document";
    OrgDocument = "org_document";
    Describe = "describe";
    Manifest = "manifest";
    /// A finished file body moves from its temporary name to its hash.
    BlobPlace = "blob_place";
    /// A Parquet data file, before the commit that names it.
    DataFile = "data_file";
    Commit = "commit";
    /// The commit is durable and nobody has been told yet.
    Committed = "committed";
    Checkpoint = "checkpoint";
    LastCheckpoint = "last_checkpoint";
    /// Before each removal of an old log entry.
    CleanLog = "clean_log";
    /// Before each removal of a data file that no state within the grace time needs.
    Vacuum = "vacuum";
}

type Hook = dyn Fn(Step) -> ControlFlow<()> + Send + Sync;

/// Called before each durable step; the default lets everything pass.
#[derive(Clone, Default)]
pub struct StepHook(Option<Arc<Hook>>);

impl StepHook {
    pub fn new(hook: impl Fn(Step) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Breaks at one coming of one step, written as `commit` (the first) or `commit:3` (the third); a
    /// program under test never returns from `end`. None if and only if there is no such step.
    pub fn at(text: &str, end: impl Fn() + Send + Sync + 'static) -> Option<Self> {
        let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
        let step = *Step::ALL.iter().find(|step| step.as_str() == name)?;
        let left = AtomicI64::new(nth.parse().ok().filter(|nth| *nth > 0)?);
        Some(Self::new(move |coming| {
            if coming == step && left.fetch_sub(1, Ordering::Relaxed) == 1 {
                end();
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }))
    }

    /// Fails with [`Error::StoppedAt`] if and only if the hook breaks at this step.
    pub fn before(&self, step: Step) -> Result<()> {
        match self.0.as_ref().map(|hook| hook(step)) {
            Some(ControlFlow::Break(())) => Err(Error::StoppedAt { step }),
            Some(ControlFlow::Continue(())) | None => Ok(()),
        }
    }
}

impl fmt::Debug for StepHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "StepHook(set)" } else { "StepHook(none)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_breaks_once_at_the_coming_it_was_told() {
        let hook = StepHook::at("commit:2", || {}).unwrap();

        let outcomes: Vec<_> = (0..3).map(|_| hook.before(Step::Commit).is_ok()).collect();

        assert_eq!(outcomes, [true, false, true]);
        assert!(hook.before(Step::Manifest).is_ok());
        assert!(StepHook::at("lunch", || {}).is_none());
        assert!(StepHook::at("commit:0", || {}).is_none());
    }
}

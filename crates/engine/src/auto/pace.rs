//! How often auto backup looks at an Object: often where things change, seldom where nothing does.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_domain::ObjectName;

/// An Object that has been quiet for long is looked at once an hour, whatever its history.
const SELDOM: TimeDelta = TimeDelta::hours(1);

/// What is remembered of one org between rounds; losing it costs one look at every Object.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    looks: HashMap<ObjectName, Look>,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl Pace {
    /// A round has looked at the Object.
    pub(crate) fn looked(&mut self, object: &ObjectName, at: DateTime<Utc>, has_changed: bool) {
        let look = self.looks.entry(object.clone()).or_insert(Look { at, changed_at: at });
        look.at = at;
        if has_changed {
            look.changed_at = at;
        }
    }

    /// The Objects that need no look yet: a tenth of the time since the last change is soon enough.
    pub(crate) fn not_due(&self, now: DateTime<Utc>) -> Vec<ObjectName> {
        let is_due = |look: &Look| now - look.at >= ((now - look.changed_at) / 10).min(SELDOM);
        self.looks.iter().filter(|(_, look)| !is_due(look)).map(|(object, _)| object.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_apart_while_nothing_changes() {
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let object = ObjectName::parse("Account").unwrap();
        let mut pace = Pace::default();
        pace.looked(&object, start, true);
        let mut looks = 0;
        let mut now = start;
        while now < start + TimeDelta::days(1) {
            now += TimeDelta::minutes(1);
            if pace.not_due(now).is_empty() {
                pace.looked(&object, now, false);
                looks += 1;
            }
        }
        assert!((30..90).contains(&looks), "{looks} looks in a quiet day");

        pace.looked(&object, now, true);
        assert!(pace.not_due(now + TimeDelta::minutes(1)).is_empty());
    }
}

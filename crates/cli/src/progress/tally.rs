//! What a Run's events add up to. Pure: time is passed in.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_domain::ObjectName;
use holdfast_domain::manifest::{Counts, FileCounts};
use holdfast_engine::Event;

use crate::render;

/// The state of a Run, as far as its events have told it.
#[derive(Debug)]
pub(crate) struct Tally {
    started: DateTime<Utc>,
    objects_in_scope: usize,
    objects_done: usize,
    counts: Counts,
    files: FileCounts,
    reading: BTreeMap<ObjectName, Reading>,
    /// Records read of Objects that are done.
    finished_records: u64,
    api_calls: u64,
}

/// One Object that is being read.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Reading {
    planned: Option<u64>,
    stored: u64,
    in_block: u64,
    bytes: u64,
}

impl Reading {
    pub(crate) fn records(self) -> u64 {
        self.stored + self.in_block
    }

    fn to_come(self) -> Option<u64> {
        self.total().map(|total| total - self.records())
    }

    /// Records to read; never less than what was read already.
    pub(crate) fn total(self) -> Option<u64> {
        self.planned.map(|planned| planned.max(self.records()))
    }
}

/// How far a Run is; two of them differ if and only if it moved in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) objects: usize,
    pub(crate) records: u64,
    pub(crate) files: u64,
}

/// A first failure is usually over at the second try; this many make it worth a line.
const WORTH_TELLING: u32 = 2;

/// What is worth a line of its own, on a terminal too.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Forecast { text: String },
    Retrying { text: String },
    SchemaChanged { object: ObjectName, what: String },
}

impl Tally {
    pub(crate) fn new(started: DateTime<Utc>) -> Self {
        Self {
            started,
            objects_in_scope: 0,
            objects_done: 0,
            counts: Counts::default(),
            files: FileCounts::default(),
            reading: BTreeMap::new(),
            finished_records: 0,
            api_calls: 0,
        }
    }

    /// Takes in one event; what a reader must see at once is handed back.
    pub(crate) fn take(&mut self, event: Event) -> Option<Notice> {
        match event {
            Event::RunStarted { .. } | Event::RunFinished { .. } => None,
            Event::ScopeKnown { objects, .. } => {
                self.objects_in_scope = objects;
                None
            }
            Event::ObjectPlanned { object, records } => {
                self.reading.entry(object).or_default().planned = Some(records);
                None
            }
            Event::BlockProgress { object, records } => {
                self.reading.entry(object).or_default().in_block = records;
                None
            }
            Event::BlockStored { object, records, counts, api_calls } => {
                self.api_calls = api_calls;
                let reading = self.reading.entry(object).or_default();
                reading.stored += records;
                reading.in_block = 0;
                reading.bytes += counts.bytes;
                None
            }
            Event::ObjectDone { object, counts } => {
                self.leave(&object);
                self.counts += counts;
                None
            }
            // The log tells why, and the answer at the end.
            Event::ObjectFailed { object, .. } => {
                self.leave(&object);
                None
            }
            Event::FilesProgress { files } => {
                self.files = files;
                None
            }
            Event::Forecast { api_calls, left } => {
                let left = left.map(|left| format!("; the budget leaves {}", render::number(left)));
                let calls = render::number(api_calls);
                Some(Notice::Forecast {
                    text: format!("about {calls} API calls to make{}", left.unwrap_or_default()),
                })
            }
            Event::SchemaChanged { object, what } => Some(Notice::SchemaChanged { object, what }),
            Event::Retrying { attempt, .. } if attempt < WORTH_TELLING => None,
            Event::Retrying { object, attempt, error, pause_ms } => {
                let place = object.map(|object| format!("{object}: ")).unwrap_or_default();
                let pause =
                    render::duration(TimeDelta::milliseconds(i64::try_from(pause_ms).unwrap_or(i64::MAX)));
                Some(Notice::Retrying { text: format!("{place}{error}; try {} in {pause}", attempt + 1) })
            }
        }
    }

    fn leave(&mut self, object: &ObjectName) {
        if let Some(reading) = self.reading.remove(object) {
            self.finished_records += reading.records();
        }
        self.objects_done += 1;
    }

    /// The Objects of which a part has been read, those with most to come first, `longest` at most.
    pub(crate) fn under_way(&self, longest: usize) -> Vec<(&ObjectName, Reading)> {
        let mut all: Vec<_> = self.reading.iter().map(|(object, reading)| (object, *reading)).collect();
        all.retain(|(_, reading)| reading.records() > 0 && reading.to_come() != Some(0));
        all.sort_by_key(|(_, reading)| std::cmp::Reverse(reading.to_come()));
        all.truncate(longest);
        all
    }

    pub(crate) fn records(&self) -> u64 {
        self.finished_records + self.reading.values().map(|reading| reading.records()).sum::<u64>()
    }

    pub(crate) fn moved(&self) -> Moved {
        Moved { objects: self.objects_done, records: self.records(), files: self.files.stored }
    }

    fn bytes(&self) -> u64 {
        self.counts.bytes + self.files.bytes + self.reading.values().map(|reading| reading.bytes).sum::<u64>()
    }

    /// Everything in one line that fits 80 columns.
    pub(crate) fn line(&self, now: DateTime<Utc>) -> String {
        let elapsed = now - self.started;
        let ms = u64::try_from(elapsed.num_milliseconds()).unwrap_or(0).max(1);
        let rate = self.records().saturating_mul(1000) / ms;
        let mut parts = vec![
            format!("{} of {} objects", self.objects_done, self.objects_in_scope.max(self.objects_done)),
            format!("{} records", render::number(self.records())),
        ];
        if self.files.stored > 0 || self.files.pending > 0 {
            let known = self.files.stored + self.files.pending + self.files.failed;
            parts.push(format!("{} of {} files", render::number(self.files.stored), render::number(known)));
        }
        parts.push(render::bytes(self.bytes()));
        parts.push(format!("{}/s", render::number(rate)));
        if self.api_calls > 0 {
            parts.push(format!("{} API calls", render::number(self.api_calls)));
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap()
    }

    fn account() -> ObjectName {
        ObjectName::parse("Account").unwrap()
    }

    /// G-04
    #[test]
    fn blocks_in_flight_count_once_when_they_are_stored() {
        let mut tally = Tally::new(at(0));
        tally.take(Event::ScopeKnown { objects: 2, not_capturable: 0 });
        tally.take(Event::ObjectPlanned { object: account(), records: 2500 });
        tally.take(Event::BlockProgress { object: account(), records: 2000 });
        assert_eq!(tally.records(), 2000);
        let counts = Counts { new: 2000, bytes: 4096, ..Counts::default() };
        tally.take(Event::BlockStored { object: account(), records: 2000, counts, api_calls: 7 });
        tally.take(Event::BlockProgress { object: account(), records: 500 });
        assert_eq!(tally.records(), 2500);
        insta::assert_snapshot!(tally.line(at(2)), @"0 of 2 objects, 2,500 records, 4.0 KiB, 1,250/s, 7 API calls");
        let counts = Counts { new: 2500, bytes: 5120, ..Counts::default() };
        tally.take(Event::ObjectDone { object: account(), counts });
        insta::assert_snapshot!(tally.line(at(2)), @"1 of 2 objects, 2,500 records, 5.0 KiB, 1,250/s, 7 API calls");
    }

    /// G-04
    #[test]
    fn a_total_is_never_less_than_what_was_read() {
        let mut tally = Tally::new(at(0));
        tally.take(Event::ObjectPlanned { object: account(), records: 10 });
        tally.take(Event::BlockProgress { object: account(), records: 8 });
        assert_eq!(tally.under_way(9)[0].1.total(), Some(10));
        tally.take(Event::BlockProgress { object: account(), records: 12 });
        assert_eq!(tally.reading[&account()].total(), Some(12));
        assert!(tally.under_way(9).is_empty(), "nothing is known to come");
    }

    #[test]
    fn a_first_failure_is_no_notice_a_second_one_is() {
        let retrying = |attempt| Event::Retrying {
            object: Some(account()),
            attempt,
            error: "503".to_owned(),
            pause_ms: 400,
        };
        let mut tally = Tally::new(at(0));
        assert_eq!(tally.take(retrying(1)), None);
        let text = "Account: 503; try 3 in 0.4 s".to_owned();
        assert_eq!(tally.take(retrying(2)), Some(Notice::Retrying { text }));
    }
}

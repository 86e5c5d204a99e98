//! Progress bars: one line for the whole Run, and a bar for each Object that is being read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use holdfast_domain::ObjectName;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::tally::{Reading, Tally};

/// More bars than this would push the overall line off a small screen.
const MOST_BARS: usize = 8;

pub(crate) struct Bars {
    screen: MultiProgress,
    overall: ProgressBar,
    objects: BTreeMap<ObjectName, ProgressBar>,
}

impl Bars {
    pub(crate) fn new(screen: MultiProgress) -> Self {
        let overall = screen.add(ProgressBar::no_length().with_style(style("{spinner} {msg}")));
        Self { screen, overall, objects: BTreeMap::new() }
    }

    /// A line above the bars that stays.
    pub(crate) fn tell(&self, line: &str) {
        self.screen.suspend(|| super::write_line(line));
    }

    pub(crate) fn redraw(&mut self, tally: &Tally, now: DateTime<Utc>) {
        self.overall.set_message(tally.line(now));
        self.overall.tick();
        let under_way: BTreeMap<_, _> = tally.under_way(MOST_BARS).into_iter().collect();
        self.objects.retain(|object, bar| {
            let is_read = under_way.contains_key(object);
            if !is_read {
                bar.finish_and_clear();
            }
            is_read
        });
        for (object, reading) in under_way {
            if !self.objects.contains_key(object) {
                let bar = self.screen.insert_before(&self.overall, ProgressBar::no_length());
                bar.set_prefix(crate::render::cell_text(object.as_str(), 28));
                self.objects.insert(object.clone(), bar);
            }
            if let Some(bar) = self.objects.get(object) {
                set(bar, reading);
            }
        }
    }

    pub(crate) fn close(self) {
        for bar in self.objects.values() {
            bar.finish_and_clear();
        }
        self.overall.finish_and_clear();
    }
}

fn set(bar: &ProgressBar, reading: Reading) {
    match reading.total() {
        Some(total) if bar.length() != Some(total) => {
            bar.set_style(style("  {prefix:<28} {bar:24} {human_pos:>11} of {human_len}"));
            bar.set_length(total);
        }
        Some(_) => {}
        None => bar.set_style(style("  {prefix:<28} {human_pos:>36}")),
    }
    bar.set_position(reading.records());
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates of this file are well formed")
        .progress_chars("█▌░")
}

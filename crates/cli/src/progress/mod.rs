//! What a person sees while a Run goes on: bars on a terminal, otherwise a line now and then.
//!
//! Everything goes to standard error. Events are taken in as they come; the screen follows at a
//! steady pace, so that a fast Run does not spend its time on drawing.

mod bars;
pub(crate) mod tally;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_engine::{Clock, Event, EventSink};
use indicatif::{MultiProgress, ProgressDrawTarget};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use self::bars::Bars;
use self::tally::{Moved, Notice, Tally};

/// How often bars are redrawn.
const REDRAW_EVERY: Duration = Duration::from_millis(200);

/// Where there is no terminal: how often a line is written while something moves, and while nothing does.
const LINE_EVERY: TimeDelta = TimeDelta::seconds(10);
const SIGN_OF_LIFE_EVERY: TimeDelta = TimeDelta::seconds(60);

/// An org that is down fails many requests at once; one of them speaks for all.
const RETRIES_EVERY: TimeDelta = TimeDelta::seconds(10);

/// Where bars are drawn: on a terminal, or nowhere.
pub(crate) fn screen() -> MultiProgress {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    MultiProgress::with_draw_target(target)
}

/// Shows a Run's events until its sink is gone.
pub(crate) struct Progress {
    task: JoinHandle<()>,
}

impl Progress {
    /// Starts to show; events go into the sink.
    pub(crate) fn start(screen: &MultiProgress, clock: Arc<dyn Clock>, is_quiet: bool) -> (EventSink, Self) {
        let (sink, events) = EventSink::channel();
        let view = if is_quiet {
            View::Nothing
        } else if io::stderr().is_terminal() {
            View::Bars(Bars::new(screen.clone()))
        } else {
            View::Lines(Lines { last: clock.now(), told: None })
        };
        (sink, Self { task: tokio::spawn(show(events, view, clock)) })
    }

    /// Waits until the last event was shown. The Run has dropped its sink by then.
    pub(crate) async fn finish(self) {
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the progress view ended early");
        }
    }
}

enum View {
    Bars(Bars),
    Lines(Lines),
    Nothing,
}

/// What the last line said, and when.
struct Lines {
    last: DateTime<Utc>,
    told: Option<Moved>,
}

impl Lines {
    fn is_due(&mut self, moved: Moved, now: DateTime<Utc>) -> bool {
        let pause = if self.told == Some(moved) { SIGN_OF_LIFE_EVERY } else { LINE_EVERY };
        let is_due = now - self.last >= pause;
        if is_due {
            *self = Self { last: now, told: Some(moved) };
        }
        is_due
    }
}

/// Lets one notice of a retry through, and counts those that it speaks for.
#[derive(Default)]
struct Retries {
    last: Option<DateTime<Utc>>,
    silent: u64,
}

impl Retries {
    /// The line to show now, if any.
    fn line(&mut self, text: &str, now: DateTime<Utc>) -> Option<String> {
        if self.last.is_some_and(|last| now - last < RETRIES_EVERY) {
            self.silent += 1;
            return None;
        }
        self.last = Some(now);
        let others = match std::mem::take(&mut self.silent) {
            0 => String::new(),
            silent => format!(" ({silent} more like this before)"),
        };
        Some(format!("trying again: {text}{others}"))
    }
}

async fn show(mut events: UnboundedReceiver<Event>, mut view: View, clock: Arc<dyn Clock>) {
    let mut tally = Tally::new(clock.now());
    let mut retries = Retries::default();
    loop {
        let pause = clock.sleep(REDRAW_EVERY);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => {
                        let line = tally.take(event).and_then(|notice| line_of(&notice, &mut retries, clock.now()));
                        if let Some(line) = line {
                            view.tell(&line);
                        }
                    }
                    None => return view.close(),
                },
                () = &mut pause => break,
            }
        }
        view.redraw(&tally, clock.now());
    }
}

impl View {
    fn tell(&self, line: &str) {
        match self {
            Self::Bars(bars) => bars.tell(line),
            Self::Lines(_) => write_line(line),
            Self::Nothing => {}
        }
    }

    fn redraw(&mut self, tally: &Tally, now: DateTime<Utc>) {
        match self {
            Self::Bars(bars) => bars.redraw(tally, now),
            Self::Lines(lines) => {
                if lines.is_due(tally.moved(), now) {
                    write_line(&tally.line(now));
                }
            }
            Self::Nothing => {}
        }
    }

    fn close(self) {
        if let Self::Bars(bars) = self {
            bars.close();
        }
    }
}

/// A line beside the answer. Where standard error is closed, nobody wants to read it.
pub(crate) fn write_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn line_of(notice: &Notice, retries: &mut Retries, now: DateTime<Utc>) -> Option<String> {
    match notice {
        Notice::Forecast { text } => Some(text.clone()),
        Notice::Retrying { text } => retries.line(text, now),
        Notice::SchemaChanged { object, what } => Some(format!("{object}: {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap()
    }

    #[test]
    fn one_retry_speaks_for_all_that_fail_at_once() {
        let mut retries = Retries::default();
        assert_eq!(retries.line("Account", at(0)).as_deref(), Some("trying again: Account"));
        assert_eq!(retries.line("Contact", at(1)), None);
        assert_eq!(retries.line("Case", at(2)), None);
        assert_eq!(
            retries.line("Lead", at(10)).as_deref(),
            Some("trying again: Lead (2 more like this before)")
        );
    }

    #[test]
    fn lines_come_calmly_and_more_so_while_nothing_moves() {
        let mut lines = Lines { last: at(0), told: None };
        let due: Vec<_> = [(5, 1), (10, 1), (20, 1), (30, 2), (40, 2), (89, 2), (90, 2)]
            .into_iter()
            .filter(|(second, records)| {
                lines.is_due(Moved { objects: 0, records: *records, files: 0 }, at(*second))
            })
            .map(|(second, _)| second)
            .collect();
        assert_eq!(due, [10, 30, 90]);
    }
}

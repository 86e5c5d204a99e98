//! Random histories of an org, each Run of which is compared with a plain model: nothing lost, nothing invented.
//!
//! `HOLDFAST_HISTORIES=1000` plays that many, `HOLDFAST_HISTORY_SEED=17` begins with that one;
//! one in which they disagree is tried shorter `HOLDFAST_SHRINKS` times.

mod act;
mod compare;
mod kinds;
mod model;
mod world;

use std::time::Duration;

use holdfast_engine::Settings;
use holdfast_testkit::quick;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::number;

/// The longest of the histories.
const ACTS: usize = 32;

/// S-60
#[test]
fn every_run_of_a_random_history_agrees_with_a_plain_model() {
    if let Some(found) =
        counterexample(&settings(), number("HOLDFAST_HISTORIES", 20), number("HOLDFAST_SHRINKS", 150))
    {
        panic!("{found}");
    }
}

/// Small enough that a few records pass through every path: several windows, REST pages and Bulk jobs.
fn settings() -> Settings {
    let mut settings = quick();
    settings.windows.block_records = 7;
    settings.rest_records = 4;
    settings
}

/// The first history in which a Run and the model disagree, made as short as it can be.
fn counterexample(settings: &Settings, histories: u64, shrinks: u64) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let first = number("HOLDFAST_HISTORY_SEED", 0);
    (first..first + histories).find_map(|seed| {
        let config = Config {
            cases: 1,
            failure_persistence: None,
            max_shrink_iters: u32::try_from(shrinks).unwrap_or(u32::MAX),
            ..Config::default()
        };
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let outcome = runner.run(&act::history(ACTS), |history| {
            runtime.block_on(world::play(settings, &history)).map_err(TestCaseError::fail)
        });
        match outcome {
            Ok(()) => None,
            Err(TestError::Fail(why, _)) => Some(format!("history {seed}: {why}")),
            Err(TestError::Abort(why)) => panic!("history {seed} could not be made: {why}"),
        }
    })
}

/// What is told only by looking an overlap back.
#[test]
fn without_the_overlap_a_late_commit_is_lost() {
    let mut settings = settings();
    settings.windows.overlap = Duration::ZERO;
    settings.windows.lag = Duration::ZERO;
    assert!(counterexample(&settings, 60, 0).is_some());
}

#[test]
fn without_the_id_sweep_a_hard_delete_is_missed() {
    let mut settings = settings();
    settings.precautions.id_sweep = false;
    assert!(counterexample(&settings, 60, 0).is_some());
}

#[test]
fn without_the_backfill_a_new_field_stays_empty() {
    let mut settings = settings();
    settings.precautions.backfill = false;
    assert!(counterexample(&settings, 60, 0).is_some());
}

//! The lake as its users see it, on the local disk and in memory.

#![expect(clippy::unwrap_used, reason = "in a test a failure ends it, wherever it happens")]

mod blobs;
mod blocks;
mod check;
mod crash;
mod documents;
mod erase;
mod faults;
mod golden;
mod keys;
mod large;
mod log;
mod model;
mod rows;
mod stores;
mod tables;

//! Queries over real lakes, and other people's readers over the same files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in the functions that tests share")]

mod captured_org;
mod document;
mod limits;
mod moments;
mod other_readers;
mod python;
mod sql;

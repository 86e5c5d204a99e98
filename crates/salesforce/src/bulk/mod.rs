//! Bulk API 2.0 query jobs: making, watching and removing them, and reading their results.

mod csv;
mod jobs;
mod page;

pub use jobs::{BulkJob, BulkJobState};
pub use page::BulkPage;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::client::Client;

/// The path of one job; ids and locators are opaque and are escaped as such.
fn job_path(client: &Client, job: &str) -> String {
    client.data_path(&format!("/jobs/query/{}", utf8_percent_encode(job, NON_ALPHANUMERIC)))
}

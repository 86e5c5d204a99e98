//! Processes the rows of a closed job: all of the upload is read once to find what is wrong with it, then saved chunk by chunk.

use std::borrow::Cow;

use super::job::Job;
use super::ledger::Ledger;
use crate::dml::Row;
use crate::errors::ApiError;
use crate::ingest::{BATCH, CHUNK, Columns, CsvError, Loader, Reader};
use crate::server::AppState;

/// Runs away from the threads that serve connections.
pub(super) fn process(state: &AppState, job: &Job) {
    let mut ledger = Ledger::default();
    let outcome = saved(state, job, &mut ledger);
    // Set once, here only.
    job.ledger.set(ledger).ok();
    job.progress().outcome = Some(outcome);
    job.finished.set();
}

fn saved(state: &AppState, job: &Job, ledger: &mut Ledger) -> Result<(), String> {
    let mut reader = Reader::new(job.text(), job.dialect());
    let mut values = Vec::new();
    let has_header = reader.read(&mut values).map_err(|error| error.to_string())?;
    let rows = check(reader.clone(), values.len())?;
    if !has_header || rows == 0 {
        return Err("InvalidBatch : Records not found".to_owned());
    }
    let view = state.org.view(&job.user);
    let object = view
        .object(&job.object)
        .ok_or_else(|| format!("InvalidBatch : Unable to find object: {}", job.object))?;
    let columns = Columns::of(&view, &object, &job.operation, &values)
        .map_err(|refused| format!("InvalidBatch : {refused}"))?;
    drop(view);
    state.bulk2.count_batches(state.org.now(), rows.div_ceil(BATCH) as u64);
    let loader = Loader {
        org: state.org.clone(),
        user: job.user.clone(),
        object: job.object.clone(),
        operation: job.operation.clone(),
        assigns: job.assignment_rule.is_some(),
    };
    loop {
        let place = reader.place();
        let chunk = chunk(&mut reader, &columns, &mut values).map_err(|error| error.to_string())?;
        if chunk.is_empty() || job.is_cancelled() {
            return Ok(());
        }
        let size = chunk.len() as u64;
        let failed = ledger.add(place, loader.save(chunk)?);
        let mut progress = job.progress();
        progress.processed += size;
        progress.failed += failed;
    }
}

/// Reads everything once; answers how many rows there are.
fn check(mut reader: Reader<'_>, columns: usize) -> Result<usize, String> {
    let (mut rows, mut values) = (0, Vec::new());
    while reader.read(&mut values).map_err(|error| error.to_string())? {
        rows += 1;
        if values.len() > columns {
            return Err(format!(
                "InvalidBatch : Failed to parse CSV. Row {rows} has {} values for {columns} columns",
                values.len()
            ));
        }
    }
    Ok(rows)
}

fn chunk<'a>(
    reader: &mut Reader<'a>,
    columns: &Columns,
    values: &mut Vec<Cow<'a, str>>,
) -> Result<Vec<Result<Row, ApiError>>, CsvError> {
    let mut rows = Vec::with_capacity(CHUNK);
    while rows.len() < CHUNK && reader.read(values)? {
        rows.push(columns.row(values));
    }
    Ok(rows)
}

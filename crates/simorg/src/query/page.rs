//! Writes one page of an answer.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::json::{Place, write_text, write_value};
use crate::model::{FieldType, Value};
use crate::server::AppState;
use crate::soql::{Column, Outcome, Plan, children, is_shown, reaches_bin, row_at};
use crate::state::{Row, View};

use super::Call;
use super::cursors::{Cursor, Found};
use super::record::{Kids, Shape, Writer};

pub(crate) const MAX_PAGE: usize = 2000;
pub(super) const MIN_PAGE: usize = 200;
/// The most groups that one answer holds; there is no second page of them.
const MAX_GROUPS: usize = 2000;

/// Reads rows for one call.
pub(super) struct Reader<'a> {
    pub state: &'a AppState,
    pub call: &'a Call,
    pub view: &'a View,
}

impl Reader<'_> {
    pub(super) fn first_page(&self, plan: Plan, outcome: Outcome) -> Result<String, ApiError> {
        match outcome {
            Outcome::Count(count) => Ok(format!("{{\"totalSize\":{count},\"done\":true,\"records\":[]}}")),
            Outcome::Groups(groups) => grouped(&groups),
            Outcome::Rows(rows) => {
                let mut body = String::new();
                self.rows(&mut body, &Arc::new(plan), rows)?;
                Ok(body)
            }
        }
    }

    pub(super) fn next_page(&self, found: &Found) -> Result<String, ApiError> {
        let mut body = String::new();
        self.page(&mut body, &found.cursor, found.offset)?;
        Ok(body)
    }

    /// All rows of a new answer: on one page, or with a cursor for the rest.
    fn rows(&self, body: &mut String, plan: &Arc<Plan>, rows: Vec<u64>) -> Result<(), ApiError> {
        let page_size = page_size(plan, self.call.page_size);
        let cursor = |id: String| Cursor {
            id,
            user_id: self.call.session.user.id.clone(),
            plan: plan.clone(),
            rows,
            all: self.call.all,
            page_size,
            opened: self.state.org.now(),
        };
        self.page_of(body, cursor, page_size)
    }

    fn page_of(
        &self,
        body: &mut String,
        make: impl FnOnce(String) -> Cursor,
        page_size: usize,
    ) -> Result<(), ApiError> {
        let once = make(String::new());
        if once.rows.len() <= page_size {
            return self.page(body, &once, 0);
        }
        let kept = self.state.query.open(|id| Cursor { id, ..once });
        self.page(body, &kept, 0)
    }

    fn page(&self, body: &mut String, cursor: &Cursor, offset: usize) -> Result<(), ApiError> {
        let total = cursor.rows.len();
        let end = total.min(offset + cursor.page_size);
        let is_done = end == total;
        write!(body, "{{\"totalSize\":{total},\"done\":{is_done},").expect("writing to a string");
        if !is_done {
            let resource = if cursor.all { "queryAll" } else { "query" };
            let version = self.call.version.text();
            write!(body, "\"nextRecordsUrl\":\"/services/data/v{version}/{resource}/{}-{end}\",", cursor.id)
                .expect("writing to a string");
        }
        body.push_str("\"records\":[");
        self.records(body, &cursor.plan, &cursor.rows[offset..end], cursor.all)?;
        body.push_str("]}");
        Ok(())
    }

    pub(super) fn records(
        &self,
        body: &mut String,
        plan: &Arc<Plan>,
        counters: &[u64],
        all: bool,
    ) -> Result<(), ApiError> {
        let shows_bin = reaches_bin(plan.object(), self.view, all);
        let rows: Vec<Row> = counters
            .iter()
            .filter_map(|counter| row_at(plan, self.view, *counter))
            .filter(|row| is_shown(row, shows_bin))
            .collect();
        let shape = Shape::of(plan.columns());
        let kids = self.kids(plan, &rows, all);
        let version = self.call.version.text();
        let writer = Writer { view: self.view, version: &version };
        for (at, row) in rows.iter().enumerate() {
            body.push_str(if at == 0 { "" } else { "," });
            writer.record(body, row, &plan.object.name, &shape, &mut |body, child| {
                let counters = kids
                    .get(&child.relationship)
                    .and_then(|of| of.get(row.id()))
                    .cloned()
                    .unwrap_or_default();
                if counters.is_empty() {
                    body.push_str("null");
                    return Ok(());
                }
                self.rows(body, &Arc::new((*child.plan).clone()), counters)
            })?;
        }
        Ok(())
    }

    fn kids(&self, plan: &Plan, rows: &[Row], all: bool) -> Kids {
        let columns = plan.columns().iter().filter_map(|column| match column {
            Column::Child(child) => Some(child),
            _ => None,
        });
        let mut parents: Option<HashSet<String>> = None;
        let mut kids = Kids::new();
        for child in columns {
            let parents = parents.get_or_insert_with(|| rows.iter().map(|row| row.id().to_owned()).collect());
            kids.insert(child.relationship.clone(), children(child, parents, self.view, all));
        }
        kids
    }
}

fn grouped(groups: &[Vec<(String, Value)>]) -> Result<String, ApiError> {
    if groups.len() > MAX_GROUPS {
        let text = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch";
        return Err(ApiError::bad_request("EXCEEDED_ID_LIMIT", text));
    }
    let mut body = format!("{{\"totalSize\":{},\"done\":true,\"records\":[", groups.len());
    for (at, group) in groups.iter().enumerate() {
        body.push_str(if at == 0 { "" } else { "," });
        body.push_str("{\"attributes\":{\"type\":\"AggregateResult\"}");
        for (name, value) in group {
            body.push(',');
            write_text(&mut body, name);
            body.push(':');
            let place = Place { version: "", object: "AggregateResult", id: "", field: name };
            write_value(&mut body, value, place);
        }
        body.push('}');
    }
    body.push_str("]}");
    Ok(body)
}

/// Long text makes pages small, and a body makes them smallest ("Change the Batch Size in Queries", REST API Developer Guide).
fn page_size(plan: &Plan, asked: usize) -> usize {
    let mut long_texts = 0;
    let mut bodies = 0;
    for column in plan.columns() {
        if let Column::Field(path) = column {
            long_texts += usize::from(path.def().is_long_text());
            bodies += usize::from(path.def().kind == FieldType::Base64);
        }
    }
    let most = match (bodies, long_texts) {
        (0, 0) => MAX_PAGE,
        (0, 1) => MAX_PAGE / 2,
        _ => MIN_PAGE,
    };
    asked.min(most)
}

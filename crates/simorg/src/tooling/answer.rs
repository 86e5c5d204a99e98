//! Runs a statement over the catalog and writes what it finds as the Tooling API does.

use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::query;
use crate::server::{ApiVersion, AppState, Session};
use crate::soql::{self, Column, Context, Outcome, Plan, WITH_DURABLE_IDS};
use crate::state::{Org, View};

use super::catalog::Catalog;
use super::json;

/// The most rows of a page.
pub(super) const PAGE: usize = 2000;

/// Objects of the catalog that the data API answers too.
const IN_DATA_API: [&str; 18] = [
    "EntityDefinition",
    "FieldDefinition",
    "EntityParticle",
    "RelationshipDomain",
    "RelationshipInfo",
    "UserEntityAccess",
    "UserFieldAccess",
    "TabDefinition",
    "FlowDefinitionView",
    "ApexPage",
    "ApexComponent",
    "AuraDefinition",
    "AuraDefinitionBundle",
    "StaticResource",
    "ListView",
    "WebLink",
    "ExternalString",
    "DuplicateRule",
];

/// The object behind FROM, outside of brackets: the first one, as subqueries of the SELECT list stand in brackets.
fn object_of(statement: &str) -> Option<String> {
    let mut depth = 0;
    let mut outside = String::with_capacity(statement.len());
    for letter in statement.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 => outside.push(letter),
            _ => {}
        }
    }
    let mut words = outside.split_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("from"))?;
    words.next().map(str::to_owned)
}

/// Whether the data API answers this statement from the catalog: the org has no such table.
pub(crate) fn is_in_data_api(org: &Org, statement: &str) -> bool {
    let Some(object) = object_of(statement) else { return false };
    let snapshot = org.snapshot();
    IN_DATA_API.iter().any(|name| name.eq_ignore_ascii_case(&object)) && snapshot.table(&object).is_none()
}

/// The records of a statement and what they are of.
pub(super) struct Found {
    pub(super) object: String,
    pub(super) records: Vec<Json>,
    pub(super) total: usize,
}

fn catalog_for(state: &AppState, statement: &str) -> std::sync::Arc<Catalog> {
    let statement = statement.to_lowercase();
    let access = statement.contains("entityaccess") || statement.contains("fieldaccess");
    state.tooling.catalog(&state.org, access)
}

/// The catalog as this user sees it.
pub(crate) fn view_for(state: &AppState, session: &Session, statement: &str) -> View {
    catalog_for(state, statement).view(&session.user)
}

/// The answer of the data API for an object of the catalog.
pub(crate) fn data_query(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    statement: &str,
) -> Result<String, ApiError> {
    let found = run(state, session, version, statement, false)?;
    if found.records.len() > PAGE {
        let text = format!(
            "{} does not support queryMore(), use LIMIT to restrict the results to a single batch",
            found.object
        );
        return Err(ApiError::bad_request("EXCEEDED_ID_LIMIT", text));
    }
    Ok(json!({"totalSize": found.total, "done": true, "records": found.records}).to_string())
}

/// What the columns of a statement are, without its rows.
pub(super) fn columns(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    statement: &str,
) -> Result<Json, ApiError> {
    let view = view_for(state, session, statement);
    Ok(query::columns(&plan(state, version, &view, statement)?))
}

fn plan(state: &AppState, version: ApiVersion, view: &View, statement: &str) -> Result<Plan, ApiError> {
    let context = Context { view, version: u32::from(version.0), today: state.org.now().date_naive() };
    soql::plan(statement, context).map_err(ApiError::from)
}

/// Plans and runs a statement. `tooling` decides where urls lead.
pub(super) fn run(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    statement: &str,
    tooling: bool,
) -> Result<Found, ApiError> {
    let catalog = catalog_for(state, statement);
    let view = catalog.view(&session.user);
    let plan = plan(state, version, &view, statement)?;
    let object = plan.object().name.clone();
    let rows = match soql::run(&plan, &view, false) {
        Outcome::Rows(rows) => rows,
        Outcome::Count(count) => {
            let total = usize::try_from(count).unwrap_or(usize::MAX);
            return Ok(Found { object, records: Vec::new(), total });
        }
        Outcome::Groups(_) => {
            return Err(ApiError::not_simulated("GROUP BY in the Tooling API"));
        }
    };
    one_row_for_metadata(&plan, rows.len())?;
    if WITH_DURABLE_IDS.contains(&object.as_str()) && rows.len() > PAGE {
        let text = format!(
            "{object} does not support queryMore(), use LIMIT to restrict the results to a single batch"
        );
        return Err(ApiError::bad_request("EXCEEDED_ID_LIMIT", text));
    }
    let text = query::records(state, session, version, &view, plan, &rows)?;
    let records = serde_json::from_str(&format!("[{text}]"))
        .map_err(|error| ApiError::json_parser(error.to_string()))?;
    let Json::Array(mut records) = records else {
        return Ok(Found { object, records: Vec::new(), total: 0 });
    };
    let snapshot = state.org.snapshot();
    let finisher = Finisher { catalog: &catalog, snapshot: &snapshot, tooling };
    for record in &mut records {
        finisher.finish(record);
    }
    let total = records.len();
    Ok(Found { object, records, total })
}

/// A query for `Metadata` or `FullName` must find one row ("Tooling API Objects", Tooling API guide).
fn one_row_for_metadata(plan: &Plan, rows: usize) -> Result<(), ApiError> {
    let asks = plan.columns().iter().any(|column| {
        matches!(column, Column::Field(path) if path.hops.is_empty() && matches!(path.def().name.as_str(), "Metadata" | "FullName"))
    });
    if asks && rows > 1 {
        return Err(ApiError::malformed_query(format!(
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one row for retrieval. Result size: {rows}"
        )));
    }
    Ok(())
}

/// Turns what the engine writes into what the API shows.
pub(super) struct Finisher<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) snapshot: &'a crate::state::view::Snapshot,
    pub(super) tooling: bool,
}

impl Finisher<'_> {
    pub(super) fn finish(&self, value: &mut Json) {
        match value {
            Json::Array(list) => list.iter_mut().for_each(|value| self.finish(value)),
            Json::Object(object) => self.object(object),
            _ => {}
        }
    }

    fn object(&self, object: &mut Map<String, Json>) {
        let kind =
            object.get("attributes").and_then(|attributes| attributes["type"].as_str()).map(str::to_owned);
        let Some(kind) = kind else {
            // The list of a subquery.
            object.values_mut().for_each(|value| self.finish(value));
            return;
        };
        let in_catalog = self.catalog.snapshot.table(&kind).is_some() && self.snapshot.table(&kind).is_none()
            || WITH_DURABLE_IDS.contains(&kind.as_str());
        for (name, value) in object.iter_mut() {
            match (name.as_str(), &value) {
                ("attributes", _) => self.url(value),
                ("Metadata", Json::String(reference)) => *value = json::metadata(self.snapshot, reference),
                ("ReferenceTo" | "RecordTypesSupported", Json::String(text)) if in_catalog => {
                    *value = serde_json::from_str(text).unwrap_or(Json::Null);
                }
                _ => self.finish(value),
            }
        }
    }

    fn url(&self, attributes: &mut Json) {
        let Some(url) = attributes["url"].as_str() else { return };
        let (front, id) = url.rsplit_once('/').unwrap_or(("", url));
        let id = self.catalog.durable.get(id).map_or(id, String::as_str);
        let front = if self.tooling {
            front.replacen("/sobjects/", "/tooling/sobjects/", 1)
        } else {
            front.to_owned()
        };
        attributes["url"] = Json::String(format!("{front}/{id}"));
    }
}

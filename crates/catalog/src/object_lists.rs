//! The Objects of an org in pages: filtered, sorted and cut by the database, because an org may have thousands.

use holdfast_domain::{ObjectName, OrgId};
use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use crate::fields::Fields;
use crate::objects::{COLUMNS, Kept, ObjectState, OngoingFailure, Phase, read};
use crate::{Db, Error};

/// What stands beside an Object's light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Running,
    Warning,
    Stopped,
    Paused,
    Waiting,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Name,
    /// What needs a person first.
    Status,
    LiveRecords,
    RemainingRecords,
    LastCaptured,
    FailingSince,
}

/// Which Objects, in which order.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Part of the name, in any case.
    pub name_part: Option<String>,
    pub word: Option<Word>,
    pub phase: Option<Phase>,
    pub has_error: Option<bool>,
    pub sort: Sort,
    pub is_descending: bool,
    /// What has been failing since then, or longer, has a yellow light.
    pub yellow_since_us: i64,
    /// What fails is the org as a whole, and has for long.
    pub are_all_yellow: bool,
    /// No Object of the org is captured at present.
    pub is_paused: bool,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub key: i64,
    pub name: ObjectName,
}

/// How many Objects have which word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WordCounts {
    pub running: u64,
    pub warning: u64,
    pub stopped: u64,
    pub paused: u64,
    pub waiting: u64,
}

/// One page, and beside each Object its place.
pub async fn list<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    query: &ListQuery,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<(ObjectState, Place)>, Error> {
    let mut values = Values::new(org, query);
    let mut condition = condition(query, &mut values);
    let key = key(query);
    let direction = if query.is_descending { "DESC" } else { "ASC" };
    let by_name = if query.sort == Sort::Name { direction } else { "ASC" };
    if let Some(place) = after {
        let (past, past_name) =
            (if query.is_descending { "<" } else { ">" }, if by_name == "DESC" { "<" } else { ">" });
        let (number, name) = (values.number(place.key), values.text(place.name.as_str().to_lowercase()));
        let same = format!("{key} = {number} AND lower(name) {past_name} {name}");
        condition = format!("{condition} AND ({key} {past} {number} OR ({same}))");
    }
    let limit = values.number(i64::from(limit));
    let sql = format!(
        "SELECT {COLUMNS}, {key} AS sort_key FROM objects WHERE {condition} \
         ORDER BY {key} {direction}, lower(name) {by_name} LIMIT {limit}"
    );
    let rows = values.bound_to(&sql).fetch_all(db).await.map_err(Error::doing("list the objects"))?;
    rows.iter()
        .map(|row| {
            let state = read(row)?;
            let place = Place { key: Fields(row).number("sort_key")?, name: state.name.clone() };
            Ok((state, place))
        })
        .collect()
}

pub async fn count<'c>(db: impl Db<'c>, org: &OrgId, query: &ListQuery) -> Result<u64, Error> {
    let mut values = Values::new(org, query);
    let condition = condition(query, &mut values);
    let sql = format!("SELECT COUNT(*) AS objects FROM objects WHERE {condition}");
    let row = values.bound_to(&sql).fetch_one(db).await.map_err(Error::doing("count the objects"))?;
    Fields(&row).count("objects")
}

/// Of all Objects of the org, whatever the query filters.
pub async fn count_words<'c>(db: impl Db<'c>, org: &OrgId, query: &ListQuery) -> Result<WordCounts, Error> {
    let values = Values::new(org, query);
    let counted = |word: Word| {
        format!("CAST(COALESCE(SUM(CASE WHEN {} THEN 1 ELSE 0 END), 0) AS BIGINT)", has_word(word, query))
    };
    let sql = format!(
        "SELECT {} AS running, {} AS warning, {} AS stopped, {} AS paused, {} AS waiting \
         FROM objects WHERE org_id = $1",
        counted(Word::Running),
        counted(Word::Warning),
        counted(Word::Stopped),
        counted(Word::Paused),
        counted(Word::Waiting),
    );
    let row = values.bound_to(&sql).fetch_one(db).await.map_err(Error::doing("count the objects"))?;
    let fields = Fields(&row);
    Ok(WordCounts {
        running: fields.count("running")?,
        warning: fields.count("warning")?,
        stopped: fields.count("stopped")?,
        paused: fields.count("paused")?,
        waiting: fields.count("waiting")?,
    })
}

const IS_YELLOW: &str = "(failing_since IS NOT NULL AND failing_since <= $2)";

fn is_yellow(query: &ListQuery) -> &'static str {
    if query.are_all_yellow { "($2 = $2)" } else { IS_YELLOW }
}

/// True for exactly one word of each Object.
fn has_word(word: Word, query: &ListQuery) -> String {
    let is_yellow = is_yellow(query);
    let is_well = format!("phase <> 'stopped' AND NOT {is_yellow}");
    let is_paused = query.is_paused;
    match word {
        Word::Stopped => "phase = 'stopped'".to_owned(),
        Word::Warning => format!("phase <> 'stopped' AND {is_yellow}"),
        Word::Paused if is_paused => format!("{is_well} AND phase <> 'waiting'"),
        Word::Paused => "1 = 0".to_owned(),
        Word::Waiting => format!("{is_well} AND phase = 'waiting'"),
        Word::Running if is_paused => "1 = 0".to_owned(),
        Word::Running => format!("{is_well} AND phase <> 'waiting'"),
    }
}

fn key(query: &ListQuery) -> String {
    match query.sort {
        // Postgres takes a bare number here for a column's position.
        Sort::Name => "(0 * attempts)".to_owned(),
        Sort::Status => format!(
            "(CASE WHEN phase <> 'stopped' AND {} THEN 0 WHEN failing_since IS NOT NULL THEN 1 \
             WHEN phase = 'stopped' THEN 2 WHEN phase = 'waiting' THEN 3 ELSE 4 END + 0 * attempts)",
            is_yellow(query)
        ),
        Sort::LiveRecords => "live_records".to_owned(),
        Sort::RemainingRecords => "COALESCE(remaining_records, 0)".to_owned(),
        Sort::LastCaptured => "COALESCE(last_captured_at, 0)".to_owned(),
        Sort::FailingSince => "COALESCE(failing_since, 9223372036854775807)".to_owned(),
    }
}

fn condition(query: &ListQuery, values: &mut Values) -> String {
    // Each value must be used: PostgreSQL refuses one that is not.
    let mut condition = "org_id = $1 AND $2 = $2".to_owned();
    if let Some(part) = &query.name_part {
        let escaped: String = part
            .to_lowercase()
            .chars()
            .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
            .collect();
        let pattern = values.text(format!("%{escaped}%"));
        condition = format!("{condition} AND lower(name) LIKE {pattern} ESCAPE '\\'");
    }
    if let Some(word) = query.word {
        condition = format!("{condition} AND {}", has_word(word, query));
    }
    if let Some(phase) = query.phase {
        let phase = values.text(phase.as_str().to_owned());
        condition = format!("{condition} AND phase = {phase}");
    }
    match query.has_error {
        Some(true) => condition += " AND failing_since IS NOT NULL",
        Some(false) => condition += " AND failing_since IS NULL",
        None => {}
    }
    condition
}

/// The values of a statement that is put together; `$1` is the org, `$2` since when a light is yellow.
struct Values(Vec<Value>);

enum Value {
    Text(String),
    Number(i64),
}

impl Values {
    fn new(org: &OrgId, query: &ListQuery) -> Self {
        Self(vec![Value::Text(org.to_string()), Value::Number(query.yellow_since_us)])
    }

    fn text(&mut self, text: String) -> String {
        self.0.push(Value::Text(text));
        format!("${}", self.0.len())
    }

    fn number(&mut self, number: i64) -> String {
        self.0.push(Value::Number(number));
        format!("${}", self.0.len())
    }

    fn bound_to(self, sql: &str) -> Query<'_, Any, AnyArguments<'_>> {
        self.0.into_iter().fold(sqlx::query(sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        })
    }
}

impl Word {
    /// The word of one Object, by the same rules as the database applies.
    pub fn of(state: &ObjectState, query: &ListQuery) -> Self {
        let is_long = |trouble: &OngoingFailure| trouble.since.timestamp_micros() <= query.yellow_since_us;
        let is_yellow = query.are_all_yellow || state.trouble.as_ref().is_some_and(is_long);
        match state.phase {
            Phase::Stopped => Self::Stopped,
            _ if is_yellow => Self::Warning,
            Phase::Waiting => Self::Waiting,
            _ if query.is_paused => Self::Paused,
            _ => Self::Running,
        }
    }
}

/// Sums over the Objects of an org.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObjectTotals {
    /// Objects that are captured, or are to be.
    pub objects: u64,
    /// Of those, the ones whose first capture is done.
    pub caught_up: u64,
    pub kept: Kept,
    pub remaining_records: u64,
    /// Objects of which nobody has counted yet what remains.
    pub uncounted: u64,
    pub last_captured_us: Option<i64>,
    pub oldest_verified_us: Option<i64>,
    /// Captured Objects that were never verified.
    pub unverified: u64,
    /// Objects whose first capture is done, that were verified and do not fail at present.
    pub verified: u64,
    /// Fields that were captured, and are no longer visible, of Objects that are captured.
    pub gone_fields: u64,
    /// Objects that have been failing for long.
    pub yellow: u64,
    /// Objects that were captured, and have been stopped for long without a person's word.
    pub lost: u64,
}

/// How many names stand in the list, with a blank between them.
const GONE_FIELDS: &str = "CASE WHEN gone_fields IS NULL THEN 0 \
     ELSE LENGTH(gone_fields) - LENGTH(REPLACE(gone_fields, ' ', '')) + 1 END";

/// Objects that are not captured, but for those whose stop has this reason.
pub async fn count_stopped<'c>(db: impl Db<'c>, org: &OrgId, but_for: &str) -> Result<u64, Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS stopped FROM objects \
         WHERE org_id = $1 AND phase = 'stopped' AND COALESCE(stopped_reason, '') <> $2",
    )
    .bind(org.as_str())
    .bind(but_for)
    .fetch_one(db)
    .await
    .map_err(Error::doing("count the objects that are not captured"))?;
    Fields(&row).count("stopped")
}

pub async fn totals<'c>(db: impl Db<'c>, org: &OrgId, yellow_since_us: i64) -> Result<ObjectTotals, Error> {
    let sum = |what: &str| format!("CAST(COALESCE(SUM({what}), 0) AS BIGINT)");
    let count = |condition: &str| sum(&format!("CASE WHEN {condition} THEN 1 ELSE 0 END"));
    let is_captured = "phase = 'capturing_changes'";
    let sql = format!(
        "SELECT {} AS objects, {} AS caught_up, {} AS live, {} AS remaining, {} AS uncounted, \
         MAX(last_captured_at) AS last_captured, MIN(CASE WHEN {is_captured} THEN verified_at END) AS verified, \
         {} AS unverified, {} AS verified_now, {} AS gone, {} AS versions, {} AS bytes, {} AS yellow, {} AS lost \
         FROM objects WHERE org_id = $1",
        count("phase <> 'stopped'"),
        count(is_captured),
        sum("live_records"),
        sum("CASE WHEN phase IN ('waiting', 'first_capture') THEN COALESCE(remaining_records, 0) ELSE 0 END"),
        count("phase IN ('waiting', 'first_capture') AND remaining_records IS NULL"),
        count(&format!("{is_captured} AND verified_at IS NULL")),
        count(&format!("{is_captured} AND verified_at IS NOT NULL AND failing_since IS NULL")),
        sum(&format!("CASE WHEN phase <> 'stopped' THEN {GONE_FIELDS} ELSE 0 END")),
        sum("versions"),
        sum("bytes"),
        count(&format!("phase <> 'stopped' AND {IS_YELLOW}")),
        count(&format!("phase = 'stopped' AND last_captured_at IS NOT NULL AND {IS_YELLOW}")),
    );
    let row = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(yellow_since_us)
        .fetch_one(db)
        .await
        .map_err(Error::doing("add up the objects"))?;
    let fields = Fields(&row);
    Ok(ObjectTotals {
        objects: fields.count("objects")?,
        caught_up: fields.count("caught_up")?,
        kept: Kept {
            live_records: fields.count("live")?,
            versions: fields.count("versions")?,
            bytes: fields.count("bytes")?,
        },
        remaining_records: fields.count("remaining")?,
        uncounted: fields.count("uncounted")?,
        last_captured_us: fields.optional_number("last_captured")?,
        oldest_verified_us: fields.optional_number("verified")?,
        unverified: fields.count("unverified")?,
        verified: fields.count("verified_now")?,
        gone_fields: fields.count("gone")?,
        yellow: fields.count("yellow")?,
        lost: fields.count("lost")?,
    })
}

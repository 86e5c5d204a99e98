//! What details add up to in their master: counts, sums, least and greatest values.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::formula::decimal_of;
use crate::model::{
    FieldDef, FieldSource, FilterOperator, ObjectDef, RollUp, RollUpFilter, RollUpKind, Value, ids,
};

use super::row::Row;
use super::table::{Found, Table};
use super::view::Snapshot;

/// The roll-ups of a master over this field of this child, with the fields that hold them.
pub(crate) fn over<'a>(
    master: &'a ObjectDef,
    child: &'a str,
    via: &'a str,
) -> impl Iterator<Item = (&'a FieldDef, &'a RollUp)> {
    master.roll_ups().filter_map(move |field| match &field.source {
        FieldSource::RollUp(sum)
            if sum.child.eq_ignore_ascii_case(child) && sum.via.eq_ignore_ascii_case(via) =>
        {
            Some((field, sum))
        }
        _ => None,
    })
}

/// What a detail counts for; `None` if the filters leave it out or it is blank.
pub(crate) fn part(sum: &RollUp, detail: &Row) -> Option<Value> {
    if !sum.filters.iter().all(|filter| passes(filter, detail)) {
        return None;
    }
    if sum.kind == RollUpKind::Count {
        return Some(Value::Int(1));
    }
    Some(detail.value_of(&sum.of)).filter(|value| !value.is_null())
}

/// What these parts come to, as the field holds it.
pub(crate) fn total(sum: &RollUp, field: &FieldDef, parts: &[Value]) -> Value {
    match sum.kind {
        RollUpKind::Count => Value::Number(parts.len().to_string()),
        RollUpKind::Sum => number(field, added(parts)),
        RollUpKind::Min | RollUpKind::Max => {
            let mut best: Option<&Value> = None;
            for part in parts {
                if best.is_none_or(|best| is_better(sum.kind, part, best)) {
                    best = Some(part);
                }
            }
            best.cloned().unwrap_or(Value::Null)
        }
    }
}

/// The value after some parts went and others came; `None` if only all details together tell it.
pub(crate) fn moved(
    sum: &RollUp,
    field: &FieldDef,
    held: &Value,
    gone: &[Value],
    come: &[Value],
) -> Option<Value> {
    match sum.kind {
        RollUpKind::Count | RollUpKind::Sum => {
            let value = decimal_of(held)?.checked_add(added(come))?.checked_sub(added(gone))?;
            Some(number(field, value))
        }
        RollUpKind::Min | RollUpKind::Max => {
            if gone.iter().any(|part| order(part, held) == Some(Ordering::Equal)) {
                return None;
            }
            let parts: Vec<Value> =
                come.iter().chain([held]).filter(|part| !part.is_null()).cloned().collect();
            Some(total(sum, field, &parts))
        }
    }
}

/// The roll-up of a master that was never written: its details are those that were generated for it.
pub(crate) fn generated(
    snapshot: &Arc<Snapshot>,
    masters: &Table,
    index: u64,
    sum: &RollUp,
    field: &FieldDef,
) -> Value {
    let mut parts = Vec::new();
    if let Some(table) = snapshot.table(&sum.child) {
        let first = table.def.first_counter;
        let apart = usize::try_from(masters.generated().max(1)).unwrap_or(usize::MAX);
        let mut detail: Option<Row> = None;
        for at in (index..table.generated()).step_by(apart) {
            let found = Found::Generated(at);
            match &mut detail {
                Some(detail) => detail.move_to(first + at, found),
                None => detail = Some(Row::new(snapshot.clone(), table.clone(), first + at, found)),
            }
            parts.extend(detail.as_ref().and_then(|detail| part(sum, detail)));
        }
    }
    total(sum, field, &parts)
}

/// Computes a roll-up that is new, or sums up something else than before, for the masters that are there already. No stamp
/// moves.
///
/// Generated masters whose details are those that were generated for them need nothing: they are computed when they are read.
pub(crate) fn fill(snapshot: &mut Snapshot, object: &str, field: &str) {
    let old = Arc::new(snapshot.clone());
    let Some(masters) = old.table(object) else { return };
    let Some(field) = masters.def.field(field) else { return };
    let FieldSource::RollUp(sum) = &field.source else { return };
    let due = masters_to_fill(&old, masters, sum);
    let parts = parts_by_master(&old, &masters.def, sum, &due);
    let table = snapshot.table_mut(object).expect("just seen");
    for counter in due {
        let Some(mut row) = table.take(counter) else { continue };
        if let Some(Found::Generated(index)) = masters.find(counter) {
            for other in masters.def.roll_ups() {
                if let FieldSource::RollUp(sum) = &other.source {
                    row.set(other.slot, &generated(&old, masters, index, sum, other));
                }
            }
        }
        row.set(field.slot, &total(sum, field, parts.get(&counter).map_or(&[], Vec::as_slice)));
        table.put(counter, row);
    }
}

/// Masters that were written, that written details belong to, or that have lost a generated one.
fn masters_to_fill(snapshot: &Arc<Snapshot>, masters: &Table, sum: &RollUp) -> BTreeSet<u64> {
    let mut due: BTreeSet<u64> = masters.written_rows().map(|(counter, _)| counter).collect();
    let Some(details) = snapshot.table(&sum.child) else { return due };
    if let Some(via) = details.def.field(&sum.via) {
        due.extend(details.written_rows().filter_map(|(_, row)| match row.get(via.slot) {
            Value::Id(id) if id.starts_with(&masters.def.id_prefix) => ids::counter_of(&id),
            _ => None,
        }));
    }
    if masters.generated() > 0 {
        let first = masters.def.first_counter;
        due.extend(details.generated_and_gone().map(|index| first + index % masters.generated()));
    }
    due
}

fn parts_by_master(
    snapshot: &Arc<Snapshot>,
    master: &ObjectDef,
    sum: &RollUp,
    due: &BTreeSet<u64>,
) -> HashMap<u64, Vec<Value>> {
    let mut parts: HashMap<u64, Vec<Value>> = HashMap::new();
    let Some(table) = snapshot.table(&sum.child).filter(|_| !due.is_empty()) else { return parts };
    for (counter, found) in table.rows() {
        let detail = Row::new(snapshot.clone(), table.clone(), counter, found);
        let Value::Id(id) = detail.value_of(&sum.via) else { continue };
        if detail.is_deleted() || !id.starts_with(&master.id_prefix) {
            continue;
        }
        if let Some(master) = ids::counter_of(&id).filter(|master| due.contains(master))
            && let Some(part) = part(sum, &detail)
        {
            parts.entry(master).or_default().push(part);
        }
    }
    parts
}

fn added(parts: &[Value]) -> Decimal {
    parts.iter().filter_map(decimal_of).fold(Decimal::ZERO, Decimal::saturating_add)
}

fn number(field: &FieldDef, value: Decimal) -> Value {
    let mut rounded = value.round_dp(field.scale);
    rounded.rescale(field.scale);
    Value::Number(rounded.to_string())
}

fn is_better(kind: RollUpKind, part: &Value, best: &Value) -> bool {
    order(part, best) == Some(if kind == RollUpKind::Min { Ordering::Less } else { Ordering::Greater })
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (decimal_of(a), decimal_of(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.compare(b),
    }
}

fn passes(filter: &RollUpFilter, detail: &Row) -> bool {
    let held = detail.value_of(&filter.field);
    let any = |test: &dyn Fn(&str) -> bool| filter.value.split(',').any(|wanted| test(wanted.trim()));
    let text = held.to_plain_text().to_lowercase();
    let compared = |wanted: &dyn Fn(Ordering) -> bool| {
        against(&held, &filter.value).and_then(|value| order(&held, &value)).is_some_and(wanted)
    };
    match filter.operator {
        FilterOperator::Equals => any(&|wanted| equals(&held, wanted)),
        FilterOperator::NotEqual => !any(&|wanted| equals(&held, wanted)),
        FilterOperator::LessThan => compared(&Ordering::is_lt),
        FilterOperator::GreaterThan => compared(&Ordering::is_gt),
        FilterOperator::LessOrEqual => compared(&Ordering::is_le),
        FilterOperator::GreaterOrEqual => compared(&Ordering::is_ge),
        FilterOperator::Contains => any(&|wanted| text.contains(&wanted.to_lowercase())),
        FilterOperator::NotContain => !any(&|wanted| text.contains(&wanted.to_lowercase())),
        FilterOperator::StartsWith => any(&|wanted| text.starts_with(&wanted.to_lowercase())),
        FilterOperator::Includes => any(&|wanted| selects(&text, wanted)),
        FilterOperator::Excludes => !any(&|wanted| selects(&text, wanted)),
    }
}

fn selects(text: &str, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    // Values that must be selected together have a semicolon between them.
    !text.is_empty() && wanted.split(';').all(|wanted| text.split(';').any(|part| part == wanted))
}

fn equals(held: &Value, wanted: &str) -> bool {
    if wanted.is_empty() || held.is_null() {
        return wanted.is_empty() && held.is_null();
    }
    against(held, wanted).is_some_and(|value| order(held, &value) == Some(Ordering::Equal))
}

/// The value of a filter, of the same type as what it is compared with.
fn against(held: &Value, wanted: &str) -> Option<Value> {
    Some(match held {
        Value::Bool(_) => Value::Bool(wanted.eq_ignore_ascii_case("true") || wanted == "1"),
        Value::Int(_) | Value::Number(_) => Value::Number(wanted.trim().parse::<Decimal>().ok()?.to_string()),
        Value::Text(_) => Value::Text(wanted.to_owned()),
        Value::Id(_) => Value::Id(crate::model::ids::canonical(wanted)?),
        Value::Date(_) => Value::Date(date(wanted)?),
        Value::DateTime(_) => {
            let at = wanted.parse::<chrono::DateTime<chrono::Utc>>().ok();
            let day = || date(wanted).and_then(|day| day.and_hms_opt(0, 0, 0)).map(|at| at.and_utc());
            Value::DateTime(at.or_else(day)?.timestamp_millis())
        }
        _ => return None,
    })
}

fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok().or_else(|| NaiveDate::parse_from_str(text, "%m/%d/%Y").ok())
}

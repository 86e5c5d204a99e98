//! The answer to `explain=`: how the rows of a query would be found, and how many there are of them.
//!
//! The ways are those of the simulated org itself; cost is the share of the rows that are read, above 1 for a scan of the
//! table ("Get Feedback on Query Performance", REST API Developer Guide).

use serde_json::{Value as Json, json};

use crate::soql::{Plan, Way, way_to};
use crate::state::View;

/// What a scan of a whole table costs more than its share says.
const SCAN_COST: f64 = 1.3;

pub(super) fn describe(plan: &Plan, view: &View, with_deleted: bool) -> Json {
    let object = plan.object();
    let total = view.count(object, with_deleted);
    let way = way_to(plan, view, with_deleted);
    let (operation, fields, cardinality) = match &way {
        Way::Ids(named) => ("Index", vec!["Id".to_owned()], named.len() as u64),
        Way::Indexed(field, rows) => ("Index", vec![field.clone()], rows.len() as u64),
        Way::Range(range) => ("Index", vec!["Id".to_owned()], range.end.saturating_sub(range.start)),
        Way::Scan(scan) if scan.stamped.is_some() => {
            ("Index", vec!["SystemModstamp".to_owned()], stamped(plan, view, with_deleted))
        }
        Way::Scan(_) => ("TableScan", Vec::new(), total),
    };
    let cardinality = cardinality.min(total);
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    let share = cardinality as f64 / total.max(1) as f64;
    let cost = if operation == "TableScan" { SCAN_COST } else { share };
    let hidden = object.field("IsDeleted").filter(|_| !with_deleted);
    let notes: Vec<Json> = hidden
        .into_iter()
        .map(|field| {
            json!({
                "description": "Not considering filter for optimization because unindexed",
                "fields": [field.name],
                "tableEnumOrId": object.name,
            })
        })
        .collect();
    json!({
        "plans": [{
            "cardinality": cardinality,
            "fields": fields,
            "leadingOperationType": operation,
            "notes": notes,
            "relativeCost": cost,
            "sobjectCardinality": total,
            "sobjectType": object.name,
        }],
    })
}

/// How many rows the window of stamps leaves.
fn stamped(plan: &Plan, view: &View, with_deleted: bool) -> u64 {
    let mut count = 0;
    crate::soql::each_candidate(plan, view, with_deleted, &mut |_| {
        count += 1;
        std::ops::ControlFlow::Continue(())
    });
    count
}

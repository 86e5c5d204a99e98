//! Records whose values changed and whose stamp did not: those that got a new field with a value, and those whose
//! computed fields changed. They are read again.

use holdfast_domain::schema::{FieldKind, ObjectSchema};
use holdfast_lake::TableWriter;
use holdfast_lake::delta::Marks;

use super::computed;
use super::context::RunContext;
use super::fetch::{Fetched, fetch};
use super::object_run::ObjectRun;
use super::select::Select;
use super::turn::{BlockNote, Progress, begin_block, finish_block, give_up, plan};
use crate::error::Result;

pub(crate) async fn capture(
    ctx: &RunContext,
    run: &mut ObjectRun,
    writer: &mut TableWriter,
    filter: Option<&str>,
) -> Result<Progress> {
    let started_at = ctx.now();
    let select = Select::records(&run.described.schema, filter.map(str::to_owned));
    let mut expected = None;
    loop {
        let mut block = begin_block(ctx, run, writer, run.occasion).await?;
        match fetch(ctx, &select, plan(ctx, run, expected), &mut block).await {
            Ok(Fetched::TooMany { records }) => {
                give_up(block).await;
                expected = Some(records);
            }
            Ok(Fetched::All { records, .. }) => {
                let mut marks = Marks::default();
                marks.0.insert(run.complete_mark(), run.held.complete_at(ctx.started_at));
                let note = BlockNote { way: WAY, from_us: None, until_us: None, records, started_at };
                finish_block(ctx, run, block, marks, note).await?;
                if filter.is_none() {
                    computed::note(ctx, run, started_at).await?;
                }
                return Ok(Progress::StepDone);
            }
            Err(error) => {
                give_up(block).await;
                return Err(error);
            }
        }
    }
}

/// How the timeline names it.
pub(crate) const WAY: &str = "backfill";

/// `None`, which means every record, if one of the fields cannot be filtered or is never empty.
pub(crate) fn has_a_value(schema: &ObjectSchema, fields: &[String]) -> Option<String> {
    let conditions: Option<Vec<_>> = fields
        .iter()
        .map(|name| {
            let field = schema.field(name)?;
            let can_filter = field.filterable && field.kind != FieldKind::Boolean;
            can_filter.then(|| format!("{} != null", field.name))
        })
        .collect();
    conditions.map(|conditions| conditions.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_with_a_value_are_read_where_that_can_be_asked() {
        let schema: ObjectSchema = serde_json::from_value(serde_json::json!({"name": "X__c", "fields": [
            {"name": "A__c", "type": "string"}, {"name": "B__c", "type": "double"},
            {"name": "Long__c", "type": "textarea", "filterable": false}, {"name": "Flag__c", "type": "boolean"}]}))
        .unwrap();
        let filter = |fields: &[&str]| {
            has_a_value(&schema, &fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(filter(&["A__c", "B__c"]).as_deref(), Some("A__c != null OR B__c != null"));
        assert_eq!(filter(&["A__c", "Long__c"]), None);
        assert_eq!(filter(&["Flag__c"]), None);
    }
}

//! Roll-up summaries: a saved detail moves its master's sums and the master's `SystemModstamp`.

use std::collections::BTreeSet;

use crate::model::value::hundredths_text;
use crate::model::{FieldSource, ObjectDef, RollUp, RollUpKind, Value, ids};
use crate::state::view::Snapshot;

use super::cascade::referring;
use super::{Transaction, set};

/// A master by object name and counter.
pub(super) type Master = (String, u64);

impl Transaction<'_> {
    /// The masters of a row that sum up its object.
    pub(super) fn masters_of(&self, def: &ObjectDef, counter: u64) -> Vec<Master> {
        let mut masters = Vec::new();
        let id = ids::record_id(&def.id_prefix, counter);
        let Some(row) = Snapshot::find(&self.work, &id) else { return masters };
        for field in def.fields.iter().filter(|field| field.cascade_delete) {
            for target in &field.reference_to {
                let sums = self
                    .work
                    .table(target)
                    .is_some_and(|table| rolls_up(&table.def, &def.name, &field.name).next().is_some());
                if let (true, Value::Id(master)) = (sums, row.value(field))
                    && let Some(counter) = ids::counter_of(&master)
                {
                    masters.push((target.clone(), counter));
                }
            }
        }
        masters
    }

    /// Brings the sums of these masters up to date.
    pub(super) fn roll_up(&mut self, masters: &[Master]) {
        let masters: BTreeSet<&Master> = masters.iter().collect();
        for (object, counter) in masters {
            let def = self.work.table(object).expect("found in this snapshot").def.clone();
            let id = ids::record_id(&def.id_prefix, *counter);
            if Snapshot::find(&self.work, &id).is_none_or(|row| row.is_deleted()) {
                continue;
            }
            let mut row = self.table_row(&def, *counter);
            for field in &def.fields {
                if let FieldSource::RollUp(sum) = &field.source {
                    let value = self.sum(&def, *counter, sum);
                    set(&mut row, field.slot, Value::Number(value));
                }
            }
            self.stamp_system(&def, &mut row);
            self.put(&def, *counter, row);
        }
    }

    fn sum(&self, master: &ObjectDef, counter: u64, roll_up: &RollUp) -> String {
        let Some(table) = self.work.table(&roll_up.child) else { return "0".to_owned() };
        let Some(via) = table.def.field(&roll_up.via) else { return "0".to_owned() };
        let details = referring(&self.work, table, via.slot, &master.id_prefix, &BTreeSet::from([counter]));
        if roll_up.kind == RollUpKind::Count {
            return details.len().to_string();
        }
        let Some(of) = table.def.field(&roll_up.of) else { return "0".to_owned() };
        let hundredths: i128 = details
            .into_iter()
            .filter_map(|counter| Snapshot::find(&self.work, &ids::record_id(&table.def.id_prefix, counter)))
            .map(|row| row.value(of).hundredths())
            .sum();
        hundredths_text(hundredths)
    }
}

fn rolls_up<'a>(master: &'a ObjectDef, child: &'a str, via: &'a str) -> impl Iterator<Item = &'a RollUp> {
    master.fields.iter().filter_map(move |field| match &field.source {
        FieldSource::RollUp(sum) if sum.child == child && sum.via == via => Some(sum),
        _ => None,
    })
}

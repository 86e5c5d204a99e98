//! Counters of new rows and autonumbers.

use std::sync::Arc;

use crate::model::ObjectDef;
use crate::model::autonumber::Display;

use super::Transaction;

impl Transaction<'_> {
    /// The counter of the next row; one that another open transaction reserved is never given again.
    pub(super) fn next_counter(&mut self, def: &ObjectDef) -> u64 {
        let key = def.name.to_ascii_lowercase();
        let forced = self.forced.front().is_some_and(|(object, _)| *object == key);
        let table = Arc::make_mut(&mut self.work).table_mut(&def.name).expect("the object exists");
        let counter = if forced {
            let (_, counter) = self.forced.pop_front().expect("just seen");
            counter
        } else {
            if let Some(reserved) = self.ledger.reserved.get(&key) {
                table.reserve_until(*reserved);
            }
            table.reserve()
        };
        table.reserve_until(counter + 1);
        self.given.push((key, counter));
        counter
    }

    /// The next autonumber by a format such as `INV-{0000}`.
    pub(super) fn next_number(&mut self, object: &str, field: &str, format: &str) -> String {
        let generated = self.work.table(object).map_or(0, |table| table.generated());
        let key = (object.to_ascii_lowercase(), field.to_ascii_lowercase());
        let number = self.ledger.autonumbers.entry(key).or_insert(generated);
        *number += 1;
        Display::on(super::convert::day_of(self.stamp_ms), format).number(*number)
    }
}

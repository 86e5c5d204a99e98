//! When the values of computed fields are read again.
//!
//! A formula over another record or over today's date, and a roll-up that Salesforce reckons anew, change
//! without the record's SystemModstamp: no time window brings them.

use chrono::TimeDelta;

use crate::manifest::Trigger;

/// One page of REST: reading so few anew costs one call.
const FEW: u64 = 2_000;

/// True if and only if the `live` records of an Object with computed fields, last read whole `age` ago, are to be
/// read again. Nobody knows when those of `None` were read.
pub fn is_refresh_due(age: Option<TimeDelta>, live: u64, trigger: Trigger) -> bool {
    let good_for = match trigger {
        _ if live > FEW => TimeDelta::days(1),
        Trigger::Auto => TimeDelta::hours(1),
        Trigger::Backup => TimeDelta::zero(),
    };
    live > 0 && age.is_none_or(|age| age >= good_for)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_records_are_refreshed_often_and_many_once_a_day() {
        let minutes = |minutes| Some(TimeDelta::minutes(minutes));
        let table = [
            (minutes(0), 2_000, Trigger::Backup, true),
            (minutes(59), 2_000, Trigger::Auto, false),
            (minutes(60), 2_000, Trigger::Auto, true),
            (minutes(60), 2_001, Trigger::Backup, false),
            (minutes(24 * 60), 2_001, Trigger::Backup, true),
            (minutes(24 * 60), 2_001, Trigger::Auto, true),
            (None, 1_000_000, Trigger::Auto, true),
            (None, 0, Trigger::Backup, false),
        ];
        for (age, live, trigger, expected) in table {
            assert_eq!(is_refresh_due(age, live, trigger), expected, "{age:?} {live} {trigger:?}");
        }
    }
}

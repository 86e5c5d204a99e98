//! Whose turn it is: which Object is served next, so that a huge one does not starve the small ones.

use crate::ids::ObjectName;

/// An Object with something to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub object: ObjectName,
    /// Records still to read, as far as known.
    pub records: u64,
    /// How many Blocks this Run has already given it.
    pub turns: u32,
    /// Must not start while this Object is still waiting or running (its records name the filter).
    pub after: Option<ObjectName>,
}

/// From this many records on, an Object counts as large.
pub const LARGE: u64 = 50_000;

/// The index of the Object to serve next: the one with the fewest turns, then the smallest.
///
/// Large Objects get at most half of the `slots` (at least one), so a slot for small ones is always near.
pub fn next_turn(waiting: &[Waiting], running: &[Waiting], slots: usize) -> Option<usize> {
    let large_running = running.iter().filter(|object| object.records >= LARGE).count();
    let large_allowed = large_running < (slots / 2).max(1);
    let is_busy = |name: &ObjectName| waiting.iter().chain(running).any(|other| other.object == *name);
    let may_start = |object: &Waiting| {
        (object.records < LARGE || large_allowed) && !object.after.as_ref().is_some_and(is_busy)
    };
    waiting
        .iter()
        .enumerate()
        .filter(|(_, object)| may_start(object))
        .min_by_key(|(_, object)| (object.turns, object.records, object.object.clone()))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(object: &str, records: u64, turns: u32) -> Waiting {
        Waiting { object: ObjectName::parse(object).unwrap(), records, turns, after: None }
    }

    /// G-14
    #[test]
    fn a_huge_object_does_not_starve_small_ones() {
        let objects =
            [waiting("Huge", 100_000_000, 0), waiting("Other", 90_000_000, 0), waiting("Small", 10, 3)];
        let first = next_turn(&objects, &[], 4).unwrap();
        assert_eq!(objects[first].object.as_str(), "Other");

        let running = [waiting("A", LARGE, 1), waiting("B", LARGE, 1)];
        let next = next_turn(&objects, &running, 4).unwrap();
        assert_eq!(objects[next].object.as_str(), "Small");
    }

    /// G-14
    #[test]
    fn turns_go_round() {
        let objects = [waiting("A", 5, 2), waiting("B", 500, 1)];
        assert_eq!(next_turn(&objects, &[], 1), Some(1));
    }

    #[test]
    fn an_object_waits_for_the_one_that_names_its_records() {
        let link = Waiting { after: Some(ObjectName::parse("Doc").unwrap()), ..waiting("Link", 1, 0) };
        assert_eq!(next_turn(&[link.clone(), waiting("Doc", 9, 5)], &[], 2), Some(1));
        assert_eq!(next_turn(std::slice::from_ref(&link), &[waiting("Doc", 9, 5)], 2), None);
        assert_eq!(next_turn(&[link], &[], 2), Some(0));
    }
}

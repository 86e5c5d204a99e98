//! Whether records that the org no longer shows may be taken for deleted.
//!
//! A record that is gone and a record that the integration user may no longer see look the same. A
//! few unexplained absences are deletions that left no trace; many at once are most often a
//! permission that was taken away, and to record those as deletions would be to invent them.

/// Absences that neither the recycle bin nor the delete log explains, up to which they are believed:
/// twenty records, or a twentieth of what is held.
pub fn is_plausible(absent: u64, held: u64) -> bool {
    absent <= 20 || absent.saturating_mul(20) <= held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_deletions_and_many_are_a_lost_permission() {
        assert!(is_plausible(0, 0));
        assert!(is_plausible(20, 20));
        assert!(!is_plausible(21, 21));
        assert!(!is_plausible(1_200, 1_800));
        assert!(is_plausible(50, 1_000));
        assert!(!is_plausible(51, 1_000));
    }
}

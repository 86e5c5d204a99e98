//! When generated rows were created and last changed.
//!
//! Most changes are years old, a recent tail is fresh, and a twelfth of all rows share one second, as after a data load.
//! The order of stamps is a fixed shuffle of the order of ids.

use serde::{Deserialize, Serialize};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Parts of the ranks in thousandths, and the ages in seconds at which each part begins and ends.
const PARTS: [(u64, u64, i64, i64); 5] = [
    (0, 620, 6 * 365 * DAY, 200 * DAY),
    (620, 700, 200 * DAY, 200 * DAY),
    (700, 900, 200 * DAY, 30 * DAY),
    (900, 985, 30 * DAY, DAY),
    (985, 1000, DAY, HOUR),
];

/// The times of the rows of one object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stamps {
    count: u64,
    epoch_s: i64,
    step: u64,
    step_back: u64,
}

impl Stamps {
    pub fn new(count: u64, epoch_ms: i64) -> Stamps {
        let step = coprime_near(count);
        Stamps { count, epoch_s: epoch_ms.div_euclid(1000), step, step_back: inverse(step, count) }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The whole second before which all generated rows were made.
    pub fn epoch_s(&self) -> i64 {
        self.epoch_s
    }

    /// `SystemModstamp` in seconds.
    pub fn modified_s(&self, index: u64) -> i64 {
        self.at_rank(multiply(index, self.step, self.count))
    }

    /// `CreatedDate` in seconds: follows the ids, and is never after the last change.
    pub fn created_s(&self, index: u64) -> i64 {
        self.created_by_id_s(index).min(self.modified_s(index))
    }

    /// Grows with the index.
    fn created_by_id_s(&self, index: u64) -> i64 {
        let age = 6 * 365 * DAY + 10 * DAY;
        self.epoch_s - age + scaled(index, self.count, age - 2 * HOUR)
    }

    /// No row before this index was created at this time or later.
    pub fn first_created(&self, from_ms: i64) -> u64 {
        let second = div_up(from_ms);
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.created_by_id_s(middle) < second {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Indexes of the rows whose stamp lies in the range.
    pub fn indexes(&self, from_ms: i64, until_ms: i64) -> Vec<u64> {
        let first = self.first_rank_at(div_up(from_ms));
        let end = self.first_rank_at(div_up(until_ms));
        (first..end).map(|rank| multiply(rank, self.step_back, self.count)).collect()
    }

    fn at_rank(&self, rank: u64) -> i64 {
        let thousandth = multiply_divide(rank, 1000, self.count.max(1));
        let (from, until, oldest, newest) =
            PARTS.into_iter().find(|part| thousandth < part.1).unwrap_or(PARTS[PARTS.len() - 1]);
        let first = self.part_begins(from);
        let size = self.part_begins(until) - first;
        self.epoch_s - oldest + scaled(rank - first, size, oldest - newest)
    }

    /// The first rank of the part that begins after so many thousandths.
    fn part_begins(&self, thousandths: u64) -> u64 {
        let floor = multiply_divide(self.count, thousandths, 1000);
        floor + u64::from(multiply(self.count, thousandths, 1000) > 0)
    }

    fn first_rank_at(&self, second: i64) -> u64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at_rank(middle) < second {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

fn div_up(ms: i64) -> i64 {
    ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) > 0)
}

/// `whole * part / of`, for a whole that is not negative.
fn scaled(part: u64, of: u64, whole: i64) -> i64 {
    let whole = u64::try_from(whole).expect("times go forward");
    i64::try_from(multiply_divide(whole, part, of.max(1))).expect("a part of a whole i64")
}

/// `a * b / divisor`; a division of 128 bits takes far longer, so it is the exception.
fn multiply_divide(a: u64, b: u64, divisor: u64) -> u64 {
    match a.checked_mul(b) {
        Some(product) => product / divisor,
        None => u64::try_from(u128::from(a) * u128::from(b) / u128::from(divisor)).expect("fits 64 bits"),
    }
}

fn multiply(a: u64, b: u64, modulus: u64) -> u64 {
    let modulus = modulus.max(1);
    match a.checked_mul(b) {
        Some(product) => product % modulus,
        None => {
            u64::try_from(u128::from(a) * u128::from(b) % u128::from(modulus)).expect("below the modulus")
        }
    }
}

fn coprime_near(count: u64) -> u64 {
    let mut step = u64::try_from(u128::from(count) * 618 / 1000).expect("a part of a u64").max(1);
    while greatest_divisor(step, count) > 1 {
        step += 1;
    }
    step
}

fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

/// The number that undoes multiplication with `step`, by Euclid.
fn inverse(step: u64, modulus: u64) -> u64 {
    let (mut r, mut next_r) = (i128::from(modulus), i128::from(step));
    let (mut t, mut next_t) = (0_i128, 1_i128);
    while next_r != 0 {
        let quotient = r / next_r;
        (r, next_r) = (next_r, r - quotient * next_r);
        (t, next_t) = (next_t, t - quotient * next_t);
    }
    u64::try_from(t.rem_euclid(i128::from(modulus.max(1)))).expect("below the modulus")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_780_000_000_000;

    #[test]
    fn a_range_finds_exactly_the_rows_stamped_in_it() {
        for count in [1, 2, 7, 1000, 4321] {
            let stamps = Stamps::new(count, NOW_MS);
            let (from, until) = (NOW_MS / 1000 - 210 * DAY, NOW_MS / 1000 - 20 * DAY);
            let mut found = stamps.indexes(from * 1000, until * 1000);
            found.sort_unstable();
            let expected: Vec<u64> =
                (0..count).filter(|i| (from..until).contains(&stamps.modified_s(*i))).collect();
            assert_eq!(found, expected, "{count} rows");
        }
    }

    #[test]
    fn nothing_before_the_first_created_was_created_later() {
        let stamps = Stamps::new(4321, NOW_MS);
        let from = NOW_MS / 1000 - 900 * DAY;
        let first = stamps.first_created(from * 1000);
        assert!(first > 1000);
        assert!((0..first).all(|index| stamps.created_s(index) < from));
        assert!((first..4321).any(|index| stamps.created_s(index) >= from));
    }

    #[test]
    fn stamps_are_skewed_and_thousands_share_one_second() {
        let stamps = Stamps::new(100_000, NOW_MS);
        let at: Vec<i64> = (0..100_000).map(|i| stamps.modified_s(i)).collect();
        let load = NOW_MS / 1000 - 200 * DAY;
        assert!(at.iter().filter(|s| **s == load).count() >= 8000);
        let fresh = at.iter().filter(|s| **s >= NOW_MS / 1000 - DAY).count();
        assert!((1000..2000).contains(&fresh), "{fresh}");
        assert!(at.iter().all(|s| *s <= NOW_MS / 1000 - HOUR / 2));
        assert!(at.windows(2).any(|w| w[0] > w[1]), "stamps do not follow the ids");
        assert!((0..100_000).all(|i| stamps.created_s(i) <= stamps.modified_s(i)));
    }
}

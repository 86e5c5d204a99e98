//! Places of things by their names, whatever the case of the letters: a hash table that holds no text of its own.
//!
//! Whoever asks tells whether a place is the right one, since only they know the names.

/// Places by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// A place plus one, or 0 where nothing is; a power of two of them, at least half free.
    places: Vec<u32>,
}

impl Names {
    /// The places of these names in their order. Of equal names the last is found.
    pub(crate) fn of<'a>(names: impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator) -> Names {
        let mut known = Names { places: vec![0; (names.len() * 2).next_power_of_two().max(2)] };
        for (place, name) in names.enumerate().rev() {
            let mut at = known.start(name);
            while known.places[at] != 0 {
                at = known.after(at);
            }
            known.places[at] =
                u32::try_from(place + 1).expect("an org has fewer objects and fields than that");
        }
        known
    }

    /// The place of a name; `is` tells whether the thing at a place has that name.
    pub(crate) fn find(&self, name: &str, is: impl Fn(usize) -> bool) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let mut at = self.start(name);
        while let Some(place) = (self.places[at] as usize).checked_sub(1) {
            if is(place) {
                return Some(place);
            }
            at = self.after(at);
        }
        None
    }

    fn start(&self, name: &str) -> usize {
        usize::try_from(hash(name) % self.places.len() as u64).expect("below a length")
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.places.len() { 0 } else { at + 1 }
    }
}

/// The same for names that differ in the case of their letters only.
fn hash(name: &str) -> u64 {
    const CASE: u64 = 0x2020_2020_2020_2020;
    let mix = |hash: u64, part: u64| {
        let mixed = (hash ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ (mixed >> 29)
    };
    name.as_bytes().chunks(8).fold(name.len() as u64, |hash, chunk| {
        let mut part = [0; 8];
        part[..chunk.len()].copy_from_slice(chunk);
        mix(hash, u64::from_le_bytes(part) | CASE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_others_are_not() {
        let all: Vec<String> = (0..500).map(|n| format!("Field_{n}_of_an_Object__c")).collect();
        let names = Names::of(all.iter().map(String::as_str));
        let find = |name: &str| names.find(name, |at| all[at].eq_ignore_ascii_case(name));
        for (at, name) in all.iter().enumerate() {
            assert_eq!(find(name), Some(at));
            assert_eq!(find(&name.to_uppercase()), Some(at));
            assert_eq!(find(&format!("{name}x")), None);
        }
        assert_eq!(Names::default().find("a", |_| true), None);
        assert_eq!(Names::of(["a", "b", "A"].into_iter()).find("a", |at| at != 1), Some(2));
    }
}

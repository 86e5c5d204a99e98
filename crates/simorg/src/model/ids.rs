//! Record ids: 15 base-62 characters of key prefix, pod and counter, plus 3 characters that make case unimportant.
//!
//! The alphabet is `0-9 A-Z a-z`, so text order of ids of one object is the order of their counters.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The two characters after the key prefix, the same in the whole org.
pub const POD: &str = "5g";

/// The id of the record with this counter, 18 characters.
pub fn record_id(key_prefix: &str, counter: u64) -> String {
    let mut text = String::with_capacity(18);
    write_record_id(&mut text, key_prefix, counter);
    text
}

pub(crate) fn write_record_id(out: &mut String, key_prefix: &str, counter: u64) {
    let mut id = [b'0'; 18];
    id[..3].copy_from_slice(key_prefix.as_bytes());
    id[3..5].copy_from_slice(POD.as_bytes());
    let mut rest = counter;
    let mut place = 15;
    while rest > 0 && place > 5 {
        place -= 1;
        id[place] = DIGITS[usize::try_from(rest % 62).expect("below 62")];
        rest /= 62;
    }
    let suffix = suffix_of(&id[..15]);
    id[15..].copy_from_slice(&suffix);
    out.push_str(std::str::from_utf8(&id).expect("prefix and alphabet are ASCII"));
}

/// The counter of an id of 15 or 18 characters made by this org.
pub fn counter_of(id: &str) -> Option<u64> {
    let digits = id.get(5..15)?;
    if id.get(3..5)? != POD {
        return None;
    }
    digits.bytes().try_fold(0_u64, |sum, byte| sum.checked_mul(62)?.checked_add(digit(byte)?))
}

/// The counter of an id of 18 characters that `record_id` makes again from its prefix and this counter.
pub(crate) fn own_counter_of(id: &str) -> Option<u64> {
    let bytes = id.as_bytes();
    let is_own = bytes.len() == 18 && id.is_ascii() && suffix_of(&bytes[..15]) == bytes[15..];
    counter_of(id).filter(|_| is_own)
}

fn digit(byte: u8) -> Option<u64> {
    match byte {
        b'0'..=b'9' => Some(u64::from(byte - b'0')),
        b'A'..=b'Z' => Some(u64::from(byte - b'A') + 10),
        b'a'..=b'z' => Some(u64::from(byte - b'a') + 36),
        _ => None,
    }
}

/// An id of 15 characters with its check suffix. The caller passes 15 ASCII letters and digits.
pub fn with_suffix(fifteen: &str) -> String {
    let mut text = String::with_capacity(18);
    text.push_str(fifteen);
    text.extend(suffix_of(fifteen.as_bytes()).map(char::from));
    text
}

fn suffix_of(fifteen: &[u8]) -> [u8; 3] {
    [0, 5, 10].map(|start| {
        let group = fifteen.iter().skip(start).take(5).enumerate();
        let bits = group.fold(0_usize, |bits, (at, b)| bits | (usize::from(b.is_ascii_uppercase()) << at));
        SUFFIX[bits]
    })
}

/// The 18-character form of an id given with 15 or 18 characters; `None` if it has not the shape of an id or a wrong suffix.
pub fn canonical(id: &str) -> Option<String> {
    if !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    match id.len() {
        15 => Some(with_suffix(id)),
        18 => {
            let full = with_suffix(&id[..15]);
            (full[15..].eq_ignore_ascii_case(&id[15..])).then_some(full)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_match_those_of_real_ids() {
        for (fifteen, suffix) in
            [("001P000001vkheI", "IAQ"), ("00Dxx0000001gPL", "EAY"), ("012000000000000", "AAA")]
        {
            assert_eq!(with_suffix(fifteen), format!("{fifteen}{suffix}"));
            assert_eq!(canonical(fifteen).as_deref(), Some(format!("{fifteen}{suffix}").as_str()));
        }
        assert_eq!(canonical("001P000001vkheIAAA"), None);
        assert_eq!(canonical("001"), None);
        assert_eq!(canonical("001P000001vkhe-"), None);
    }

    #[test]
    fn counters_survive_the_way_there_and_back_and_keep_their_order() {
        let ids: Vec<String> =
            [0, 1, 61, 62, 3843, 10_000_000, u64::from(u32::MAX)].map(|n| record_id("001", n)).into();
        let mut sorted = ids.clone();
        sorted.sort();
        assert_eq!(ids, sorted);
        assert_eq!(counter_of(&ids[5]), Some(10_000_000));
        assert_eq!(counter_of("001P000001vkheI"), None);
    }
}

//! Exact decimal numbers as SOQL compares and sums them: 18 digits after the point, so that long numbers do not meet
//! in a rounded double.

use std::iter;

/// A number times 10^18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Decimal(i128);

const SCALE: usize = 18;
const ONE: i128 = 1_000_000_000_000_000_000;

impl Decimal {
    pub(crate) fn from_int(value: i64) -> Self {
        Self(i128::from(value) * ONE)
    }

    /// Reads plain digits with an optional sign and point; more than 18 decimals are cut.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let padded = fraction.bytes().chain(iter::repeat(b'0')).take(SCALE);
        let mut value: i128 = 0;
        for byte in whole.bytes().chain(padded) {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            value = value.checked_mul(10)?.checked_add(digit)?;
        }
        Some(Self(if negative { -value } else { value }))
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Plain digits, no exponent, no needless zeros.
    pub(crate) fn to_digits(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) =
            (self.0.unsigned_abs() / ONE.unsigned_abs(), self.0.unsigned_abs() % ONE.unsigned_abs());
        if fraction == 0 {
            return format!("{sign}{whole}");
        }
        let fraction = format!("{fraction:018}");
        format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_stay_apart() {
        let (a, b) = (Decimal::parse("123456789012345678"), Decimal::parse("123456789012345679"));
        assert!(a < b);
        assert_eq!(Decimal::parse("100.0"), Decimal::parse("100"));
        assert_eq!(Decimal::parse("-0.5").unwrap().plus(Decimal::from_int(2)).to_digits(), "1.5");
        assert_eq!(Decimal::parse("1e5"), None);
    }
}

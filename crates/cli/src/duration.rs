//! Stretches of time as people write them: `90s`, `10m`, `2h`.

use std::time::Duration;

/// Reads a whole number with a unit; a bare number is seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let reason = || format!("`{text}` is not a time such as 90s, 10m or 2h");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(reason()),
    };
    let value: u64 = digits.parse().map_err(|_| reason())?;
    let total = value.checked_mul(seconds).filter(|total| *total <= 366 * 86_400).ok_or_else(reason)?;
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("10m"), Ok(Duration::from_mins(10)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_hours(2)));
        for absurd in ["", "m", "-5s", "1.5h", "10 m", "10y", "99999999999999999999", "99999d"] {
            assert!(parse_duration(absurd).is_err(), "{absurd}");
        }
    }
}

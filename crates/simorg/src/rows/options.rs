//! The headers that say how rows are to be saved.

use axum::http::HeaderMap;

use crate::dml::Options;

/// What `Sforce-Auto-Assign` and `Sforce-Duplicate-Rule-Header` ask for.
pub(crate) fn options(headers: &HeaderMap) -> Options {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    // The id of a rule asks for that rule; all rules of an object are one here.
    let auto_assign = text("sforce-auto-assign").map(|value| !value.eq_ignore_ascii_case("false"));
    let allows = |part: &str| part.replace(' ', "").eq_ignore_ascii_case("allowSave=true");
    let allow_duplicates =
        text("sforce-duplicate-rule-header").is_some_and(|value| value.split([',', ';']).any(allows));
    Options { auto_assign, allow_duplicates, ..Options::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_whatever_their_case() {
        for (name, value, expected) in [
            ("Sforce-Auto-Assign", "FALSE", (Some(false), false)),
            ("Sforce-Auto-Assign", "01Q000000000001AAA", (Some(true), false)),
            ("Sforce-Duplicate-Rule-Header", "allowSave=true, includeRecordDetails=false", (None, true)),
            ("Sforce-Duplicate-Rule-Header", "allowSave=false", (None, false)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let read = options(&headers);
            assert_eq!((read.auto_assign, read.allow_duplicates), expected, "{name}: {value}");
        }
    }
}

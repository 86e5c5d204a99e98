//! `@{ref.field}` and `@{ref.records[0].Id}`: places in the answers of earlier sub-requests.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::errors::ApiError;

/// The text with every reference replaced by what it names.
pub(super) fn resolved(text: &str, known: &HashMap<String, Json>) -> Result<String, ApiError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let Some((reference, after)) = after.split_once('}') else { break };
        out.push_str(before);
        match look_up(reference, known)? {
            Json::String(value) => out.push_str(value),
            other => out.push_str(&other.to_string()),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The same in every text of a body.
pub(super) fn resolved_json(body: Json, known: &HashMap<String, Json>) -> Result<Json, ApiError> {
    Ok(match body {
        Json::String(text) => Json::String(resolved(&text, known)?),
        Json::Array(items) => {
            Json::Array(items.into_iter().map(|item| resolved_json(item, known)).collect::<Result<_, _>>()?)
        }
        Json::Object(map) => Json::Object(
            map.into_iter()
                .map(|(key, value)| Ok((key, resolved_json(value, known)?)))
                .collect::<Result<_, ApiError>>()?,
        ),
        other => other,
    })
}

fn look_up<'a>(reference: &str, known: &'a HashMap<String, Json>) -> Result<&'a Json, ApiError> {
    let unknown = || {
        ApiError::bad_request(
            "PROCESSING_HALTED",
            format!("Invalid reference specified. No value for {reference} found."),
        )
    };
    let pointer = reference.replace('[', ".").replace(']', "");
    let mut segments = pointer.split('.');
    let mut place = known.get(segments.next().unwrap_or_default()).ok_or_else(unknown)?;
    for segment in segments {
        let next = match place {
            Json::Array(items) => segment.parse::<usize>().ok().and_then(|at| items.get(at)),
            other => other.get(segment),
        };
        place = next.ok_or_else(unknown)?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_reach_into_earlier_answers() {
        let known =
            HashMap::from([("q".to_owned(), serde_json::json!({"records": [{"Id": "001"}], "n": 2}))]);
        assert_eq!(resolved("/a/@{q.records[0].Id}/b@{q.n}", &known).unwrap(), "/a/001/b2");
        assert_eq!(resolved("no reference", &known).unwrap(), "no reference");
        assert_eq!(resolved("@{missing.id}", &known).unwrap_err().code, "PROCESSING_HALTED");
    }
}

//! What a request says of its method, its body and the form of its answer, beyond HTTP's own terms.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::errors::ApiError;

/// A `POST` may name another method, for clients that cannot send it ("Update a Record", REST API Developer Guide).
const METHOD_PARAMETER: &str = "_HttpMethod";

/// The request with the method that its address asks for.
pub(super) fn with_asked_method(mut request: Request) -> Request {
    if *request.method() != Method::POST {
        return request;
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let is_method = |pair: &&str| pair.split('=').next() == Some(METHOD_PARAMETER);
    let asked = query.split('&').find(is_method).and_then(|pair| pair.split_once('='));
    let Some(method) = asked.and_then(|(_, method)| method.to_ascii_uppercase().parse::<Method>().ok())
    else {
        return request;
    };
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_method(pair)).collect();
    let address = if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
    if let Ok(uri) = address.parse::<Uri>() {
        *request.uri_mut() = uri;
        *request.method_mut() = method;
    }
    request
}

/// A path without the suffix that asks for JSON.
pub(super) fn without_json(path: &str) -> String {
    let (place, query) = path.split_once('?').map_or((path, ""), |(place, query)| (place, query));
    match without_suffix(place, ".json") {
        Some(place) if query.is_empty() => place.to_owned(),
        Some(place) => format!("{place}?{query}"),
        None => path.to_owned(),
    }
}

/// The place without the suffix that it ends in. The value of an external id may look like one and stays.
fn without_suffix<'a>(place: &'a str, suffix: &str) -> Option<&'a str> {
    let is_value = place.starts_with("/sobjects/") && place.split('/').count() > 4;
    place.strip_suffix(suffix).filter(|_| !is_value)
}

/// Refuses bodies that are not JSON, and answers that would have to be XML. `path` begins after the version.
pub(super) fn check(path: &str, request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    // What can be decoded has no such header any more.
    let encoding = text(headers, header::CONTENT_ENCODING.as_str());
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        let message = format!("Content-Encoding '{encoding}' is not supported");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message));
    }
    // The upload and the results of a job are CSV.
    if path.starts_with("/jobs/") {
        return Ok(());
    }
    let accepted = text(headers, header::ACCEPT.as_str());
    let takes_json = ["json", "*/*", "application/*"].iter().any(|range| accepted.contains(range));
    let is_xml = path.split('?').next().is_some_and(|place| without_suffix(place, ".xml").is_some());
    if is_xml || (accepted.contains("/xml") && !takes_json) {
        return Err(ApiError::not_simulated("answers in XML"));
    }
    let is_empty = text(headers, header::CONTENT_LENGTH.as_str()) == "0"
        || !(headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING));
    let given = text(headers, header::CONTENT_TYPE.as_str());
    let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        _ if is_empty => Ok(()),
        "" | "application/json" | "multipart/form-data" | "multipart/mixed" => Ok(()),
        "application/xml" | "text/xml" => Err(ApiError::not_simulated("requests in XML")),
        _ => {
            let message = format!("MediaType of '{kind}' is not supported by this resource");
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether the answer is to be laid out for people.
pub(super) fn wants_layout(headers: &HeaderMap) -> bool {
    matches!(text(headers, "x-prettyprint"), "1" | "true")
}

/// The answer laid out, if it is JSON.
pub(super) async fn laid_out(answer: Response) -> Response {
    if !text(answer.headers(), header::CONTENT_TYPE.as_str()).starts_with("application/json") {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", "the body broke off")
            .into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = std::str::from_utf8(&bytes)
        .map_or_else(|_| Body::from(bytes.clone()), |text| Body::from(layout(text)));
    Response::from_parts(parts, body)
}

/// JSON as Salesforce lays it out: a line for each field of an object, the elements of a list one after the other.
fn layout(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut open: Vec<char> = Vec::new();
    let (mut is_text, mut is_escaped) = (false, false);
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        if is_text {
            out.push(letter);
            is_text = is_escaped || letter != '"';
            is_escaped = letter == '\\' && !is_escaped;
            continue;
        }
        match letter {
            '{' | '[' => {
                out.push(letter);
                open.push(letter);
                match letters.peek() {
                    Some('}' | ']') => {}
                    _ if letter == '{' => line(&mut out, &open),
                    _ => out.push(' '),
                }
            }
            '}' | ']' => {
                let is_empty = out.ends_with(['{', '[']);
                open.pop();
                if letter == '}' && !is_empty {
                    line(&mut out, &open);
                } else {
                    out.push(' ');
                }
                out.push(letter);
            }
            ',' if open.last() == Some(&'{') => {
                out.push(',');
                line(&mut out, &open);
            }
            ',' => out.push_str(", "),
            ':' => out.push_str(" : "),
            _ => {
                is_text = letter == '"';
                out.push(letter);
            }
        }
    }
    out
}

/// A new line below what is open; lists do not move it to the right.
fn line(out: &mut String, open: &[char]) {
    out.push('\n');
    for _ in open.iter().filter(|bracket| **bracket == '{') {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_laid_out_as_salesforce_does_it() {
        let json = r#"{"a":1,"b":[{"c":"x:{,\"\\"},{"d":null}],"e":[],"f":{},"g":[1,2]}"#;
        let laid_out = [
            "{",
            r#"  "a" : 1,"#,
            r#"  "b" : [ {"#,
            r#"    "c" : "x:{,\"\\""#,
            "  }, {",
            r#"    "d" : null"#,
            "  } ],",
            r#"  "e" : [ ],"#,
            r#"  "f" : { },"#,
            r#"  "g" : [ 1, 2 ]"#,
            "}",
        ];
        assert_eq!(layout(json), laid_out.join("\n"));
    }

    #[test]
    fn a_suffix_asks_for_json() {
        for (path, expected) in [
            ("/limits.json", "/limits"),
            ("/query.json?q=a.json", "/query?q=a.json"),
            ("/sobjects/Account/describe.json", "/sobjects/Account/describe"),
            ("/sobjects/X__c/Key__c/file.json", "/sobjects/X__c/Key__c/file.json"),
            ("/limits?x=.json", "/limits?x=.json"),
        ] {
            assert_eq!(without_json(path), expected);
        }
    }

    #[test]
    fn only_a_post_is_another_method() {
        let asked = |method: Method, uri: &str| {
            let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
            let request = with_asked_method(request);
            (request.method().clone(), request.uri().to_string())
        };
        assert_eq!(asked(Method::POST, "/x?_HttpMethod=PATCH"), (Method::PATCH, "/x".to_owned()));
        assert_eq!(
            asked(Method::POST, "/x?a=1&_HttpMethod=delete&b=%20"),
            (Method::DELETE, "/x?a=1&b=%20".to_owned())
        );
        assert_eq!(asked(Method::GET, "/x?_HttpMethod=PATCH").0, Method::GET);
        assert_eq!(asked(Method::POST, "/x?q=_HttpMethod").0, Method::POST);
    }
}

//! The two cookies: who is signed in, and which sign-in at the identity provider this browser began, sealed.
//!
//! Both are `HttpOnly`, so that no script can read them, and `SameSite=Lax`, so that no other site can use them for
//! anything but following a link. The second factor is typed under the same cookie, whose session is good for nothing else.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::own_address::OwnAddress;

pub(crate) const SESSION: &str = "holdfast_session";
pub(crate) const SIGN_IN: &str = "holdfast_sign_in";

/// The value of a cookie; the last one if a browser sends several.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
}

/// A `Set-Cookie` that lasts so long.
pub(crate) fn set(name: &str, value: &str, seconds: u64, own: &OwnAddress) -> HeaderValue {
    let secure = if own.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).expect("names and values are ASCII, base64 at most")
}

pub(crate) fn clear(name: &str, own: &OwnAddress) -> HeaderValue {
    set(name, "", 0, own)
}

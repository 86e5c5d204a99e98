//! Functions of texts. Positions count characters from 1.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::formula::EvaluationError;
use crate::formula::datum::{Datum, plain, too_big};
use crate::formula::functions::Function;
use crate::model::ids;

use super::{Evaluated, number};

/// The longest text that padding may make.
const MOST_CHARACTERS: usize = 32_000;
/// The longest text that a formula may come to on its way, so that none asks for all memory: any field fits into it.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

pub(super) fn call(function: Function, values: &[Datum]) -> Evaluated {
    use Function as F;
    let text = |at: usize| match values.get(at) {
        Some(Datum::Text(text)) => text.as_str(),
        _ => "",
    };
    let first = text(0);
    Ok(match function {
        F::Begins => found_in(first, text(1), first.starts_with(text(1))),
        F::Contains => found_in(first, text(1), first.contains(text(1))),
        F::Includes => Datum::Bool(first.split(';').any(|part| part == text(1)) && !first.is_empty()),
        F::PicklistCount if first.is_empty() => whole(0),
        F::PicklistCount => whole(first.split(';').count()),
        F::Br => Datum::Text("<br>".to_owned()),
        F::CaseSafeId => Datum::text(case_safe(first)),
        F::Chr => character(values)?,
        F::Ascii => first.chars().next().map_or(Datum::Blank, |letter| whole(letter as usize)),
        F::Find => find(values, first, text(1)),
        F::Hyperlink => hyperlink(first, text(1), text(2)),
        F::Image => Datum::Text(image(first, text(1), values)),
        F::InitCap => Datum::text(capitalised(first)),
        F::IsNumber => Datum::Bool(read_number(first).is_some()),
        F::Left | F::Right => part(function == F::Left, first, values),
        F::Len => whole(first.chars().count()),
        F::Lower => Datum::text(first.to_lowercase()),
        F::Upper => Datum::text(first.to_uppercase()),
        F::Lpad | F::Rpad => padded(function == F::Lpad, first, values),
        F::Mid => middle(first, values),
        F::Reverse => Datum::text(first.chars().rev().collect()),
        F::Substitute if text(1).is_empty() => Datum::Blank,
        F::Substitute => substituted(first, text(1), text(2))?,
        F::Text => Datum::text(values[0].shown()),
        F::Trim => Datum::text(first.trim_matches(|letter: char| letter <= ' ').to_owned()),
        F::Value if first.is_empty() => Datum::Blank,
        F::Value => {
            let invalid = || EvaluationError(format!("The value '{first}' is not a valid number."));
            Datum::Number(read_number(first).ok_or_else(invalid)?)
        }
        _ => return Err(EvaluationError(format!("{function:?} is no function of texts"))),
    })
}

fn substituted(text: &str, old: &str, new: &str) -> Evaluated {
    let places = text.matches(old).count();
    within_bounds((text.len() - places * old.len()).saturating_add(places.saturating_mul(new.len())))?;
    Ok(Datum::text(text.replace(old, new)))
}

pub(super) fn within_bounds(bytes: usize) -> Result<(), EvaluationError> {
    if bytes > MOST_BYTES { Err(too_big()) } else { Ok(()) }
}

fn whole(count: usize) -> Datum {
    Datum::Number(Decimal::from(count))
}

/// Everything contains "", but whether a blank contains a text is unknown.
fn found_in(text: &str, wanted: &str, found: bool) -> Datum {
    if text.is_empty() && !wanted.is_empty() { Datum::Blank } else { Datum::Bool(found) }
}

/// Signs, a point and an exponent are taken, other characters are not.
fn read_number(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) || digits.contains('_') {
        return None;
    }
    digits.parse().ok().or_else(|| Decimal::from_scientific(digits).ok())
}

fn case_safe(id: &str) -> String {
    match id.get(..15) {
        Some(fifteen) if matches!(id.len(), 15 | 18) => {
            ids::canonical(fifteen).unwrap_or_else(|| id.to_owned())
        }
        _ => id.to_owned(),
    }
}

fn character(values: &[Datum]) -> Evaluated {
    let Some(code) = number(values, 0) else { return Ok(Datum::Blank) };
    let letter = code.trunc().to_u32().and_then(char::from_u32).filter(|letter| *letter != '\0');
    letter
        .map(|letter| Datum::Text(letter.to_string()))
        .ok_or_else(|| EvaluationError("Out of range argument to CHR() function".to_owned()))
}

/// The place of the first text in the second, 0 if it is not there.
fn find(values: &[Datum], wanted: &str, text: &str) -> Datum {
    if wanted.is_empty() || text.is_empty() {
        return whole(0);
    }
    let from = match values.get(2) {
        Some(Datum::Number(start)) => count(*start).saturating_sub(1),
        _ => 0,
    };
    let Some((skipped, _)) = text.char_indices().nth(from) else { return whole(0) };
    let place = text[skipped..].find(wanted).map(|at| from + text[skipped..skipped + at].chars().count() + 1);
    whole(place.unwrap_or(0))
}

fn count(number: Decimal) -> usize {
    number.trunc().to_usize().unwrap_or(if number.is_sign_negative() { 0 } else { usize::MAX })
}

fn part(left: bool, text: &str, values: &[Datum]) -> Datum {
    let Some(length) = number(values, 1).map(count) else { return Datum::Blank };
    if left {
        return Datum::text(text.chars().take(length).collect());
    }
    let skipped = text.chars().count().saturating_sub(length);
    Datum::text(text.chars().skip(skipped).collect())
}

fn middle(text: &str, values: &[Datum]) -> Datum {
    let (Some(start), Some(length)) = (number(values, 1), number(values, 2)) else { return Datum::Blank };
    let skipped = count(start).saturating_sub(1);
    Datum::text(text.chars().skip(skipped).take(count(length)).collect())
}

/// A text that is too long is cut. Padding goes round and round.
fn padded(left: bool, text: &str, values: &[Datum]) -> Datum {
    let Some(length) = number(values, 1).map(count) else { return Datum::Blank };
    let own = text.chars().count();
    let padding = match values.get(2) {
        None => " ",
        Some(Datum::Text(padding)) => padding,
        Some(_) => return Datum::Blank,
    };
    if text.is_empty() || length <= own {
        return Datum::text(text.chars().take(length).collect());
    }
    let missing: String =
        padding.chars().cycle().take(length.min(MOST_CHARACTERS).saturating_sub(own)).collect();
    Datum::Text(if left { format!("{missing}{text}") } else { format!("{text}{missing}") })
}

fn capitalised(text: &str) -> String {
    let mut begins = true;
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if begins {
            out.extend(letter.to_uppercase());
        } else {
            out.extend(letter.to_lowercase());
        }
        begins = !letter.is_alphanumeric();
    }
    out
}

/// As the API gives links of formula fields.
fn hyperlink(url: &str, name: &str, target: &str) -> Datum {
    if url.is_empty() {
        return Datum::text(name.to_owned());
    }
    let target = if target.is_empty() { "_blank" } else { target };
    Datum::Text(format!("<a href=\"{url}\" target=\"{target}\">{name}</a>"))
}

fn image(url: &str, name: &str, values: &[Datum]) -> String {
    let size = match (number(values, 2), number(values, 3)) {
        (Some(height), Some(width)) => {
            format!(" style=\"height:{}px; width:{}px;\"", plain(height), plain(width))
        }
        _ => String::new(),
    };
    format!("<img src=\"{url}\" alt=\"{name}\"{size} border=\"0\"/>")
}

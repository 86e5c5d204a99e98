//! Regular expressions as Java reads them, as far as they mean the same here.

use regex::Regex;

use super::EvaluationError;

/// A pattern that a whole text must match.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// `Err` says what Java knows and this does not: looking around, references back, possessive repetition.
    pub(super) fn new(pattern: &str) -> Result<Pattern, String> {
        let translated = translate(pattern)?;
        Regex::new(&format!(r"\A(?:{translated})\z")).map(Pattern).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim().to_owned()
        })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

pub(super) fn matches(text: &str, pattern: &str) -> Result<bool, EvaluationError> {
    let pattern = Pattern::new(pattern).map_err(EvaluationError)?;
    Ok(pattern.matches(text))
}

/// In Java the classes `\d`, `\w` and `\s` hold ASCII characters only.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    let (mut repeats, mut in_class) = (false, 0_u32);
    while let Some(letter) = letters.next() {
        if letter == '+' && repeats && in_class == 0 {
            return Err("possessive repetition".to_owned());
        }
        repeats = matches!(letter, '+' | '*' | '?' | '}');
        match letter {
            '[' => in_class += 1,
            ']' => in_class = in_class.saturating_sub(1),
            _ => {}
        }
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str(r"[\t\n\x0B\x0C\r ]"),
            Some('S') => out.push_str(r"[^\t\n\x0B\x0C\r ]"),
            Some('b') => out.push_str(r"(?-u:\b)"),
            Some('B') => return Err("what is no word boundary".to_owned()),
            Some(escaped) => {
                out.push('\\');
                out.push(escaped);
            }
            None => return Err("a lone backslash".to_owned()),
        }
    }
    Ok(out)
}

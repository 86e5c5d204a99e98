//! Texts with wildcards, as LIKE of SOQL and the words of SOSL have them.

/// Letters are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(pub(crate) Vec<Piece>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Any,
    One,
    Letter(char),
}

impl Pattern {
    /// Reads a pattern of LIKE whose other escapes are already resolved: `%` is any text, `_` is one character, `\%` and
    /// `\_` are themselves.
    pub(crate) fn like(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut chars = text.chars().flat_map(char::to_lowercase).peekable();
        while let Some(c) = chars.next() {
            let piece = match c {
                '%' if pieces.last() == Some(&Piece::Any) => continue,
                '%' => Piece::Any,
                '_' => Piece::One,
                '\\' => match chars.next_if(|next| matches!(next, '%' | '_')) {
                    Some(next) => Piece::Letter(next),
                    None => Piece::Letter('\\'),
                },
                other => Piece::Letter(other),
            };
            pieces.push(piece);
        }
        Self(pieces)
    }

    /// Matches without regard to case, in time bounded by the product of the lengths.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let (mut at, mut piece) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(piece) {
                Some(Piece::Any) => {
                    retry = Some((at, piece));
                    piece += 1;
                }
                Some(Piece::One) => (at, piece) = (at + 1, piece + 1),
                Some(Piece::Letter(letter)) if *letter == text[at] => (at, piece) = (at + 1, piece + 1),
                _ => match retry {
                    Some((from, any)) => {
                        retry = Some((from + 1, any));
                        (at, piece) = (from + 1, any + 1);
                    }
                    None => return false,
                },
            }
        }
        self.0[piece..].iter().all(|piece| *piece == Piece::Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_and_escaped_ones_do_not() {
        for (pattern, text, expected) in [
            ("acme%", "ACME Corp", true),
            ("%corp", "Acme Corp", true),
            ("%c_rp%", "acme corp ltd", true),
            ("acme", "acme corp", false),
            ("a%b%c", "aXbXbYc", true),
            ("a%b%c", "aXbXbY", false),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("%", "", true),
            ("_", "", false),
            ("ÄR%", "ärger", true),
        ] {
            assert_eq!(Pattern::like(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }
}

//! The text between the braces of FIND: words, phrases, wildcards and the operators between them.
//!
//! Words next to each other must all be found. Without parentheses NOT binds before AND, and AND before OR ("FIND
//! {`SearchQuery`}", SOQL and SOSL Reference). Text is cut into words at everything that is neither letter nor digit.

use crate::wildcard::{Pattern, Piece};

/// How deep parentheses may lie in one another; reading and matching go level by level.
const MOST_LEVELS: usize = 100;

/// A search expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// Words that stand next to each other in one field; `*` is any text, `?` any one character.
    Words(Vec<Pattern>),
    And(Vec<Term>),
    Or(Vec<Term>),
    Not(Box<Term>),
}

/// Why a search text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermError {
    TooShort,
    Malformed,
}

enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Words(Vec<Pattern>),
}

impl Term {
    pub(super) fn parse(text: &str) -> Result<Term, TermError> {
        let mut parser = Parser { tokens: tokens(text)?, next: 0, levels: 0 };
        let letters = parser.tokens.iter().map(Token::letters).sum::<usize>();
        if letters < 2 {
            return Err(TermError::TooShort);
        }
        let term = parser.any()?;
        if parser.next < parser.tokens.len() { Err(TermError::Malformed) } else { Ok(term) }
    }

    /// Whether a record with these fields, each cut into words, is found.
    pub(super) fn matches(&self, fields: &[Vec<String>]) -> bool {
        match self {
            Term::Words(words) => fields.iter().any(|field| {
                field
                    .windows(words.len())
                    .any(|held| words.iter().zip(held).all(|(pattern, word)| pattern.matches(word)))
            }),
            Term::And(terms) => terms.iter().all(|term| term.matches(fields)),
            Term::Or(terms) => terms.iter().any(|term| term.matches(fields)),
            Term::Not(term) => !term.matches(fields),
        }
    }
}

/// The words of a text in lower case.
pub(super) fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

impl Token {
    fn letters(&self) -> usize {
        let Token::Words(words) = self else { return 0 };
        let is_letter = |piece: &&Piece| matches!(piece, Piece::Letter(_));
        words.iter().map(|word| word.0.iter().filter(is_letter).count()).sum()
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, TermError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.peek().copied() {
        match c {
            _ if c.is_whitespace() => {
                chars.next();
            }
            '(' | ')' => {
                chars.next();
                tokens.push(if c == '(' { Token::Open } else { Token::Close });
            }
            '"' => {
                chars.next();
                let phrase = quoted(&mut chars).ok_or(TermError::Malformed)?;
                push_words(&mut tokens, &phrase);
            }
            _ => {
                let word = bare(&mut chars);
                match word.iter().map(|(c, _)| *c).collect::<String>().to_uppercase().as_str() {
                    "AND" => tokens.push(Token::And),
                    "OR" => tokens.push(Token::Or),
                    "NOT" => tokens.push(Token::Not),
                    _ => push_words(&mut tokens, &word),
                }
            }
        }
    }
    Ok(tokens)
}

/// Characters, and whether each was escaped.
type Written = Vec<(char, bool)>;

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Written> {
    let mut phrase = Vec::new();
    loop {
        match chars.next()? {
            '"' => return Some(phrase),
            '\\' => phrase.push((chars.next()?, true)),
            other => phrase.push((other, false)),
        }
    }
}

fn bare(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Written {
    let mut word = Vec::new();
    while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"')) {
        match c {
            '\\' => word.extend(chars.next().map(|escaped| (escaped, true))),
            other => word.push((other, false)),
        }
    }
    word
}

fn push_words(tokens: &mut Vec<Token>, written: &Written) {
    let mut words: Vec<Pattern> = Vec::new();
    let mut word = Vec::new();
    for (c, escaped) in written {
        match c {
            '*' if !escaped => word.push(Piece::Any),
            '?' if !escaped => word.push(Piece::One),
            c if c.is_alphanumeric() => word.extend(c.to_lowercase().map(Piece::Letter)),
            _ => words.extend((!word.is_empty()).then(|| Pattern(std::mem::take(&mut word)))),
        }
    }
    words.extend((!word.is_empty()).then_some(Pattern(word)));
    if !words.is_empty() {
        tokens.push(Token::Words(words));
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    /// Parentheses that are open.
    levels: usize,
}

impl Parser {
    fn take(&mut self, wanted: fn(&Token) -> bool) -> bool {
        let taken = self.tokens.get(self.next).is_some_and(wanted);
        self.next += usize::from(taken);
        taken
    }

    fn any(&mut self) -> Result<Term, TermError> {
        let mut terms = vec![self.all()?];
        while self.take(|token| matches!(token, Token::Or)) {
            terms.push(self.all()?);
        }
        Ok(if terms.len() == 1 { terms.swap_remove(0) } else { Term::Or(terms) })
    }

    fn all(&mut self) -> Result<Term, TermError> {
        let mut terms = vec![self.one()?];
        loop {
            let joined = self.take(|token| matches!(token, Token::And));
            let negated = self.take(|token| matches!(token, Token::Not));
            let goes_on = matches!(self.tokens.get(self.next), Some(Token::Words(_) | Token::Open))
                || joined
                || negated;
            if !goes_on {
                break;
            }
            let term = self.one()?;
            terms.push(if negated { Term::Not(Box::new(term)) } else { term });
        }
        Ok(if terms.len() == 1 { terms.swap_remove(0) } else { Term::And(terms) })
    }

    fn one(&mut self) -> Result<Term, TermError> {
        if self.take(|token| matches!(token, Token::Open)) {
            self.levels += 1;
            if self.levels > MOST_LEVELS {
                return Err(TermError::Malformed);
            }
            let inner = self.any()?;
            self.levels -= 1;
            return if self.take(|token| matches!(token, Token::Close)) {
                Ok(inner)
            } else {
                Err(TermError::Malformed)
            };
        }
        match self.tokens.get(self.next) {
            Some(Token::Words(words)) => {
                let words = words.clone();
                self.next += 1;
                Ok(Term::Words(words))
            }
            _ => Err(TermError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(search: &str, text: &str) -> bool {
        Term::parse(search).unwrap().matches(&[words_of(text)])
    }

    #[test]
    fn words_phrases_wildcards_and_operators_find_what_they_say() {
        for (search, text, expected) in [
            ("acme", "ACME Corp", true),
            ("acm", "Acme", false),
            ("acm*", "Acme", true),
            ("a?me", "Acme", true),
            ("*cme", "Acme", true),
            ("acme corp", "Corp of Acme", true),
            ("\"acme corp\"", "Corp of Acme", false),
            ("\"acme corp\"", "The Acme-Corp", true),
            ("acme or beta", "Beta", true),
            ("acme AND beta", "Beta", false),
            ("acme AND NOT beta", "Acme Beta", false),
            ("acme not beta", "Acme", true),
            ("(acme OR beta) gamma", "beta gamma", true),
            ("acme OR beta AND gamma", "acme", true),
            ("ann@acme.example", "mail ann@acme.example now", true),
            ("so\\*", "so", true),
        ] {
            assert_eq!(finds(search, text), expected, "{search} in {text}");
        }
    }

    #[test]
    fn depth_is_bounded_so_that_no_search_exhausts_the_stack() {
        let nested = |levels: usize| "(".repeat(levels) + "acme" + &")".repeat(levels);

        assert!(Term::parse(&nested(MOST_LEVELS)).is_ok());
        assert!(Term::parse(&format!("{0} {0}", nested(MOST_LEVELS))).is_ok());
        for levels in [MOST_LEVELS + 1, 300_000] {
            assert_eq!(Term::parse(&nested(levels)), Err(TermError::Malformed));
        }
    }

    #[test]
    fn short_and_unbalanced_searches_are_refused() {
        for (search, error) in [
            ("a", TermError::TooShort),
            ("*", TermError::TooShort),
            ("", TermError::TooShort),
            ("(acme", TermError::Malformed),
            ("acme)", TermError::Malformed),
            ("\"acme", TermError::Malformed),
            ("acme AND", TermError::Malformed),
        ] {
            assert_eq!(Term::parse(search), Err(error), "{search}");
        }
    }
}

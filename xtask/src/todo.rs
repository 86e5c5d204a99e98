//! Work to be done stands in issues; what code cannot do is written as a fact.

use std::path::Path;

use crate::{Findings, tree};

/// Put together here, so that this file does not find itself.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let mut findings = Findings::new();
    for path in tree::files(root, &["rs", "py", "sh", "ts", "tsx", "css", "sql", "toml", "md"])? {
        for (number, line) in (1..).zip(tree::read(root, &path)?.lines()) {
            if let Some(mark) = MARKS.iter().find(|mark| has_word(line, mark)) {
                findings.push(format!("{} line {number}: `{mark}` belongs in an issue", path.display()));
            }
        }
    }
    Ok(findings)
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_as_words_only() {
        assert!(has_word(concat!("// TO", "DO: later"), MARKS[0]));
        assert!(!has_word("INSERT INTO DOCUMENTS", MARKS[0]));
        assert!(!has_word(concat!("MASTO", "DON"), MARKS[0]));
    }
}

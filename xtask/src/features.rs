//! docs/features.md says of every requirement where it lives and which test shows it.
//!
//! A line of its tables begins with the requirement's id; what stands in backticks in its last column
//! is the name of a test, with or without the path before it; the console's tests have titles for names.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{Findings, tree};

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let ids = tree::read(root, "docs/requirements-ids.txt")?;
    let features = tree::read(root, "docs/features.md")?;
    let mut tests = BTreeSet::new();
    for path in tree::files(root, &["rs", "py", "ts", "tsx"])? {
        collect_functions(&tree::read(root, path)?, &mut tests);
    }
    Ok(findings(&ids, &features, &tests))
}

fn findings(ids: &str, features: &str, tests: &BTreeSet<String>) -> Findings {
    let mut findings = Findings::new();
    let lines: Vec<Vec<&str>> = features.lines().filter_map(cells).collect();
    for id in ids.split_whitespace() {
        match lines.iter().filter(|cells| cells[0] == id).count() {
            1 => {}
            0 => findings.push(format!("docs/features.md has no line for {id}")),
            _ => findings.push(format!("docs/features.md has more than one line for {id}")),
        }
    }
    let known: BTreeSet<&str> = ids.split_whitespace().collect();
    for cells in &lines {
        if !known.contains(cells[0]) {
            continue;
        }
        for test in cells.last().map(|last| in_backticks(last)).unwrap_or_default() {
            let name = test.rsplit("::").next().unwrap_or(test);
            if !tests.contains(name) {
                findings.push(format!("{}: there is no test `{test}`", cells[0]));
            }
        }
    }
    findings
}

/// The cells of a table's line.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

fn in_backticks(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Names of functions, in Rust and in Python, and titles of tests in TypeScript.
fn collect_functions(source: &str, names: &mut BTreeSet<String>) {
    for line in source.lines() {
        let title = line.strip_prefix("test('").or_else(|| line.strip_prefix("it('"));
        if let Some((title, _)) = title.and_then(|rest| rest.split_once("',")) {
            names.insert(title.to_owned());
        }
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for pair in words.windows(2) {
            if matches!(pair[0], "fn" | "def") {
                names.insert(pair[1].to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEATURES: &str = "| Id | Where | Shown by |\n|---|---|---|\n\
                            | G-01 | `engine` | `it::a_run_completes`, `other` |\n| G-02 | | |\n| G-02 | | |\n";

    #[test]
    fn missing_lines_double_lines_and_missing_tests_are_found() {
        let tests = ["a_run_completes".to_owned()].into();
        assert_eq!(
            findings("G-01\nG-02\nG-03\n", FEATURES, &tests),
            [
                "docs/features.md has more than one line for G-02",
                "docs/features.md has no line for G-03",
                "G-01: there is no test `other`",
            ]
        );
    }

    #[test]
    fn functions_are_read_from_rust_and_python_and_titles_from_typescript() {
        let mut names = BTreeSet::new();
        collect_functions("    pub(crate) async fn one(a: u8) {\ndef two():\nlet fnord = 1;", &mut names);
        collect_functions("test('pins it, and lets it go', async () => {\nit('sorts', () => {", &mut names);
        let expected = ["one", "two", "pins it, and lets it go", "sorts"];
        assert_eq!(names, expected.map(str::to_owned).into());
    }
}

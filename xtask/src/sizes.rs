//! Files stay short enough to be read in one go.

use std::path::Path;

use crate::{Findings, tree};

const MOST_LINES: usize = 500;
/// Nobody reads these; they are made anew from something that is read.
const GENERATED: &str = "auto-generated";

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let mut findings = Findings::new();
    for path in tree::files(root, &["rs", "py", "sh", "ts", "tsx", "css"])? {
        let text = tree::read(root, &path)?;
        if text.lines().take(3).any(|line| line.contains(GENERATED)) {
            continue;
        }
        let lines = text.lines().count();
        if lines > MOST_LINES {
            findings.push(format!("{} has {lines} lines, the most is {MOST_LINES}", path.display()));
        }
    }
    Ok(findings)
}

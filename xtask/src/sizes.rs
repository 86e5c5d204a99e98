//! Files stay short enough to be read in one go.

use std::path::Path;

use crate::{Findings, tree};

const MOST_LINES: usize = 500;

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let mut findings = Findings::new();
    for path in tree::files(root, &["rs", "py", "sh", "ts", "tsx", "css"])? {
        let lines = tree::read(root, &path)?.lines().count();
        if lines > MOST_LINES {
            findings.push(format!("{} has {lines} lines, the most is {MOST_LINES}", path.display()));
        }
    }
    Ok(findings)
}

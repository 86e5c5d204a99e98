//! A file is named after what is in it, and its first line says what it is for.

use std::path::Path;

use crate::{Findings, tree};

/// Names that say nothing of what is inside.
const SAY_NOTHING: [&str; 8] =
    ["utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"];

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let mut findings = Findings::new();
    for path in tree::files(root, &["rs", "py", "ts", "tsx"])? {
        if let Some(name) = path.iter().filter_map(|part| part.to_str()).find(|part| says_nothing(part)) {
            findings.push(format!("{}: `{name}` does not say what is in it", path.display()));
        }
        let is_rust = path.extension().is_some_and(|ending| ending == "rs");
        if is_rust && !tree::read(root, &path)?.starts_with("//!") {
            findings.push(format!("{} does not begin with `//!` and what it is for", path.display()));
        }
    }
    Ok(findings)
}

fn says_nothing(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
    SAY_NOTHING.iter().any(|word| stem == *word || stem.ends_with(&format!("_{word}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_are_found() {
        for name in ["utils", "utils.rs", "date_helpers.rs", "Common.tsx", "job_manager.rs"] {
            assert!(says_nothing(name), "{name}");
        }
        for name in ["commons_mass.rs", "uncommon.rs", "window.rs", "managed_package.rs"] {
            assert!(!says_nothing(name), "{name}");
        }
    }
}

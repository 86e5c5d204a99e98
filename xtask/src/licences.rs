//! The licences of other people's crates must allow what Apache-2.0 allows.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{Findings, tools};

/// Permissive licences that Apache-2.0 software may contain.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What is released; other platforms' crates are not even fetched.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let output = tools::cargo(root)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("could not start `cargo metadata`")?;
    ensure!(output.status.success(), "`cargo metadata` failed");
    let metadata: Value = serde_json::from_slice(&output.stdout).context("`cargo metadata` is not JSON")?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    Ok(packages.iter().filter(|package| !package["source"].is_null()).filter_map(finding).collect())
}

fn finding(package: &Value) -> Option<String> {
    let name = package["name"].as_str().unwrap_or("a crate without a name");
    match package["license"].as_str() {
        None => Some(format!("`{name}` does not name its licence")),
        Some(expression) if is_allowed(expression) => None,
        Some(expression) => Some(format!("`{name}` comes under `{expression}`, which is not in the list")),
    }
}

/// Reads an SPDX expression: `AND` binds closer than `OR`; `/` is an old way to write `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>) -> bool {
    let mut is_allowed = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        is_allowed |= all_of(words);
    }
    is_allowed
}

fn all_of(words: &mut Words<'_>) -> bool {
    let mut is_allowed = one(words);
    while words.next_if_eq(&"AND").is_some() {
        is_allowed &= one(words);
    }
    is_allowed
}

fn one(words: &mut Words<'_>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let is_allowed = any_of(words);
        return words.next_if_eq(&")").is_some() && is_allowed;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    ALLOWED.contains(&licence.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        for allowed in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR GPL-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
        ] {
            assert!(is_allowed(allowed), "{allowed}");
        }
        for refused in
            ["GPL-3.0", "MIT AND GPL-3.0", "MIT AND", "(MIT", "MIT)", "", "Apache-2.0 WITH Commons-Clause"]
        {
            assert!(!is_allowed(refused), "{refused}");
        }
    }
}

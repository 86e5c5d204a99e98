//! docs/errors.md, written from `domain::ErrorCode`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use holdfast_domain::ErrorCode;

use crate::{Findings, tree};

const PATH: &str = "docs/errors.md";

const HEAD: &str = "\
# What can go wrong

Every failure that a user is told about has one of these codes: in the command line's `--json`, in the API's
problem documents (with the status given here) and on the console. This page is written by
`cargo xtask generate` from `ErrorCode` in `crates/domain`.

| Code | HTTP status | What to do |
|---|---|---|
";

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    if root.join(PATH).exists() && tree::read(root, PATH)? == page() {
        return Ok(Findings::new());
    }
    Ok(vec![format!("{PATH} is out of date: run `cargo xtask generate`")])
}

pub(crate) fn generate(root: &Path) -> anyhow::Result<()> {
    std::fs::write(root.join(PATH), page()).with_context(|| format!("could not write {PATH}"))
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for code in ErrorCode::ALL {
        let hint = code.hint().replace('|', "\\|");
        writeln!(page, "| `{}` | {} | {hint} |", code.as_str(), code.http_status())
            .expect("writing to a String cannot fail");
    }
    page
}

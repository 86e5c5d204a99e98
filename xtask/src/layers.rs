//! Crates import only what lies below them. What is not in the table is forbidden.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use toml::{Table, Value};

use crate::{Findings, tree};

/// Each crate's folder, and the folders of ours that it may import.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("salesforce", &["domain"]),
    ("lake", &["domain"]),
    ("catalog", &["domain"]),
    ("notify", &["domain"]),
    ("analysis", &["domain"]),
    ("query", &["domain", "lake"]),
    ("engine", &["domain", "salesforce", "lake", "catalog", "notify", "analysis"]),
    ("server", &["domain", "salesforce", "lake", "catalog", "notify", "analysis", "query", "engine"]),
    (
        "cli",
        &[
            "domain",
            "salesforce",
            "lake",
            "catalog",
            "notify",
            "analysis",
            "query",
            "engine",
            "server",
            "simorg",
        ],
    ),
    ("simorg", &[]),
    (
        "testkit",
        &[
            "domain",
            "salesforce",
            "lake",
            "catalog",
            "notify",
            "analysis",
            "query",
            "engine",
            "server",
            "simorg",
        ],
    ),
    ("xtask", &["domain"]),
];

/// What every crate but the simulator may import for its tests, besides what it may import anyway.
const FOR_TESTS: [&str; 2] = ["simorg", "testkit"];

pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let mut manifests = BTreeMap::new();
    for path in tree::files(root, &["toml"])? {
        let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        if let (Some(folder), Some("Cargo.toml")) = (folder, path.file_name().and_then(|name| name.to_str()))
        {
            let manifest: Table = tree::read(root, &path)?
                .parse()
                .with_context(|| format!("{} is not TOML", path.display()))?;
            manifests.insert(folder.to_owned(), manifest);
        }
    }
    Ok(findings(&manifests))
}

/// `manifests` are those of the workspace's members, by folder.
fn findings(manifests: &BTreeMap<String, Table>) -> Findings {
    let folders: BTreeMap<String, &str> = manifests
        .iter()
        .filter_map(|(folder, manifest)| Some((package(manifest)?, folder.as_str())))
        .collect();
    let mut findings = Findings::new();
    for (folder, manifest) in manifests {
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| name == folder) else {
            findings.push(format!("`{folder}` is not in the table of layers"));
            continue;
        };
        let name = package(manifest).unwrap_or_default();
        if name != expected_package(folder) {
            findings.push(format!("`{folder}` must be named `{}`, not `{name}`", expected_package(folder)));
        }
        for (section, dependency) in dependencies(manifest) {
            let Some(imported) = folders.get(dependency) else { continue };
            let is_for_tests = section == "dev-dependencies" && folder != "simorg";
            let is_allowed = allowed.contains(imported) || (is_for_tests && FOR_TESTS.contains(imported));
            if !is_allowed && imported != folder {
                findings.push(format!("`{folder}` must not import `{imported}` ({section})"));
            }
        }
    }
    findings
}

fn expected_package(folder: &str) -> String {
    match folder {
        "cli" => "holdfast".to_owned(),
        "simorg" | "xtask" => folder.to_owned(),
        _ => format!("holdfast-{folder}"),
    }
}

fn package(manifest: &Table) -> Option<String> {
    manifest.get("package")?.get("name")?.as_str().map(str::to_owned)
}

/// Section and package of every dependency, also of those for one platform only.
fn dependencies(manifest: &Table) -> Vec<(&'static str, &str)> {
    let for_platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = for_platforms.filter_map(Value::as_table).chain([manifest]);
    let mut found = Vec::new();
    for table in tables {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = table.get(section).and_then(Value::as_table).into_iter().flatten();
            found.extend(entries.map(|(key, value)| {
                let renamed = value.get("package").and_then(Value::as_str);
                (section, renamed.unwrap_or(key))
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_with(folder: &str, section: &str, dependency: &str) -> Findings {
        let others = ["domain", "salesforce", "lake", "engine", "testkit", "simorg"];
        let mut manifests: BTreeMap<String, Table> = others
            .iter()
            .map(|name| {
                let text = format!("[package]\nname = \"{}\"", expected_package(name));
                ((*name).to_owned(), text.parse().unwrap())
            })
            .collect();
        let name = expected_package(folder);
        let text = format!("[package]\nname = \"{name}\"\n[{section}]\n{dependency}");
        manifests.insert(folder.to_owned(), text.parse().unwrap());
        findings(&manifests)
    }

    #[test]
    fn an_edge_that_is_not_drawn_is_found() {
        for (folder, section, dependency) in [
            ("domain", "dependencies", "holdfast-lake.workspace = true"),
            ("lake", "dependencies", "holdfast-salesforce.workspace = true"),
            ("lake", "dev-dependencies", "holdfast-salesforce.workspace = true"),
            ("lake", "target.'cfg(unix)'.dependencies", "holdfast-salesforce.workspace = true"),
            ("lake", "dependencies", "other = { package = \"holdfast-salesforce\", path = \"x\" }"),
            ("engine", "dependencies", "holdfast-testkit.workspace = true"),
            ("engine", "dependencies", "simorg.workspace = true"),
            ("simorg", "dependencies", "holdfast-domain.workspace = true"),
            ("simorg", "dev-dependencies", "holdfast-salesforce.workspace = true"),
        ] {
            assert_eq!(check_with(folder, section, dependency).len(), 1, "{folder} {section} {dependency}");
        }
    }

    #[test]
    fn drawn_edges_and_tests_with_the_simulator_are_allowed() {
        for (folder, section, dependency) in [
            ("engine", "dependencies", "holdfast-lake.workspace = true"),
            ("engine", "dev-dependencies", "holdfast-testkit.workspace = true"),
            ("salesforce", "dev-dependencies", "simorg.workspace = true"),
            ("lake", "dependencies", "tokio.workspace = true"),
        ] {
            assert_eq!(check_with(folder, section, dependency), Findings::new());
        }
    }

    #[test]
    fn a_crate_that_nobody_drew_or_with_another_name_is_found() {
        assert_eq!(check_with("kitchen", "dependencies", "").len(), 1);
        let manifest = "[package]\nname = \"holdfast-see\"".parse().unwrap();
        assert_eq!(findings(&[("lake".to_owned(), manifest)].into()).len(), 1);
    }
}

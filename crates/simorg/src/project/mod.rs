//! A Salesforce DX project on disk as what an org begins with: components in package layout, and plans of records.
//!
//! `files` walks the package directories, `layout` says where each file belongs in a package, `package` puts decomposed
//! parts together, `ignore` reads `.forceignore`. What cannot be taken is told in words; the org starts all the same.
//! The namespace of a project is not applied: its metadata is local.

mod files;
mod ignore;
mod layout;
mod package;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::components::Stamp;
use crate::components::{Component, Components};
use crate::data_dir;
use crate::metadata;
use crate::metadata::schema::{self, Author, Part};
use crate::state::Org;
use crate::state::view::Snapshot;

/// Why a directory is not read as a project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("could not read `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{path}` is not the JSON that was expected there")]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
}

/// A project that was read, but not yet applied to an org.
#[derive(Debug, Default)]
pub struct Project {
    pub components: Vec<Component>,
    /// Plans of `sf data import tree`.
    pub plans: Vec<PathBuf>,
    /// What was not taken, one line each.
    pub notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectFile {
    #[serde(default)]
    package_directories: Vec<PackageDirectory>,
}

#[derive(Deserialize)]
struct PackageDirectory {
    path: PathBuf,
}

/// Reads a project. Without `sfdx-project.json` the whole directory is one package, or its `src` if that has a package.xml.
pub fn read(directory: &Path) -> Result<Project, ProjectError> {
    let mut project = Project::default();
    let ignored = ignore::Rules::read(directory)?;
    let mut found = files::Files::default();
    for root in roots(directory, &mut project.notes)? {
        files::walk(directory, &root, &ignored, &mut found)?;
    }
    project.plans = files::plans(directory)?;
    project.components = package::components(&found, &mut project.notes);
    Ok(project)
}

fn roots(directory: &Path, notes: &mut Vec<String>) -> Result<Vec<PathBuf>, ProjectError> {
    let path = directory.join("sfdx-project.json");
    if !path.is_file() {
        let source = directory.join("src");
        let root = if source.join("package.xml").is_file() { source } else { directory.to_owned() };
        return Ok(vec![root]);
    }
    let text = std::fs::read(&path).map_err(|source| ProjectError::Read { path: path.clone(), source })?;
    let file: ProjectFile =
        serde_json::from_slice(&text).map_err(|source| ProjectError::Json { path, source })?;
    let mut roots = Vec::new();
    for package in file.package_directories {
        let root = directory.join(&package.path);
        if root.is_dir() {
            roots.push(root);
        } else {
            notes.push(format!("package directory `{}` does not exist", package.path.display()));
        }
    }
    Ok(roots)
}

impl Project {
    /// Puts the components into a snapshot and brings its objects in line with them; answers what was not taken.
    pub(crate) fn apply(&self, snapshot: &mut Snapshot, author: &Author) -> Vec<String> {
        let stamp = Stamp { by: author.user_id.clone(), at_ms: author.at_ms };
        let components = Arc::make_mut(&mut snapshot.components);
        for component in self.components.iter().filter(|component| !is_code(component)) {
            let (created, modified) = (stamp.clone(), stamp.clone());
            components.put(Component { created, modified, ..component.clone() });
        }
        let parts = parts(components, &self.components);
        let problems = schema::apply(snapshot, &parts, author, &|_| None);
        // Code names objects, so it comes after them.
        for component in self.components.iter().filter(|component| is_code(component)) {
            let id = metadata::follow_code(snapshot, author, component).unwrap_or_default();
            let (created, modified) = (stamp.clone(), stamp.clone());
            Arc::make_mut(&mut snapshot.components).put(Component {
                id,
                created,
                modified,
                ..component.clone()
            });
        }
        problems.iter().map(ToString::to_string).collect()
    }

    /// Loads the records of all plans; answers what the org refused.
    pub(crate) fn load_records(&self, org: &Org) -> Vec<String> {
        let mut notes = Vec::new();
        for plan in &self.plans {
            match data_dir::load_plan(org, plan) {
                Ok(refused) => notes.extend(refused),
                Err(error) => notes.push(described(&error)),
            }
        }
        notes
    }
}

fn is_code(component: &Component) -> bool {
    metadata::code::KINDS.contains(&component.kind.as_str())
}

/// The components that say something of objects and rows.
fn parts(components: &Components, new: &[Component]) -> Vec<Part> {
    new.iter()
        .filter(|component| schema::KINDS.contains(&component.kind.as_str()))
        .filter_map(|component| components.get(&component.kind, &component.full_name))
        .filter_map(|component| {
            let xml = component.xml()?;
            Some(Part { kind: component.kind.clone(), full_name: component.full_name.clone(), xml })
        })
        .collect()
}

/// An error with its causes in one line.
fn described(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

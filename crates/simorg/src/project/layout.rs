//! Where a file of a project belongs in a package.
//!
//! Metadata format is taken as it is. Of source format three things differ: files are `X.suffix-meta.xml`, parts of an
//! object lie in files of their own, and static resources are kept under the suffix of their content or as a directory.

use crate::components::registry::{self, ChildType, Layout, MetadataType};

/// What a file is to a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// A file of its own at this path of the package.
    File(String),
    /// The XML of a component that may be put together from several files.
    Whole { kind: &'static MetadataType, full_name: String },
    /// One element of the XML of such a component.
    Part { kind: &'static MetadataType, full_name: String, element: &'static str },
    /// A file inside a static resource that is a directory here and an archive in the package.
    Inside { resource: String, path: String },
    /// A file that describes tools, tests or the project; not metadata.
    Nothing,
}

/// Types whose XML may lie in several files.
fn is_put_together(kind: &MetadataType) -> bool {
    !kind.children.is_empty()
}

/// The role of a path below a package directory.
pub(super) fn role(path: &str) -> Role {
    let parts: Vec<&str> = path.split('/').collect();
    let Some((file, directories)) = parts.split_last() else { return Role::Nothing };
    let at = directories.iter().position(|directory| registry::by_directory(directory).is_some());
    if let Some(at) = at {
        let found = below(directories[at], &parts[at + 1..]);
        if found != Role::Nothing {
            return found;
        }
    }
    by_suffix(file)
}

/// A file below the directory of a type.
fn below(directory: &str, rest: &[&str]) -> Role {
    let Some((file, inner)) = rest.split_last() else { return Role::Nothing };
    let bare = file.strip_suffix("-meta.xml");
    if directory == "staticresources" {
        return static_resource(rest);
    }
    let kind = of_directory(directory, bare.unwrap_or(file));
    if kind.layout == Layout::Bundle {
        let is_loose = inner.is_empty() && kind.suffix.is_none();
        return if is_loose || is_of_tools(file) {
            Role::Nothing
        } else {
            Role::File(format!("{directory}/{}", rest.join("/")))
        };
    }
    if let Some(bare) = bare {
        if let (Some(child), Some(parent)) = (child_of_file(kind, bare, inner), inner.first()) {
            let element = child.element;
            return Role::Part { kind, full_name: (*parent).to_owned(), element };
        }
        if kind.in_folder {
            return in_folder(kind, inner, bare);
        }
    }
    let Some(stem) = stem_of(kind, bare.unwrap_or(file)) else { return Role::Nothing };
    if is_put_together(kind) && kind.layout == Layout::Xml {
        return whole(kind, stem);
    }
    let folder =
        if kind.in_folder && !inner.is_empty() { format!("{}/", inner.join("/")) } else { String::new() };
    let meta = if bare.is_some() && kind.layout == Layout::Content { "-meta.xml" } else { "" };
    Role::File(format!("{directory}/{folder}{}{meta}", bare.unwrap_or(file)))
}

/// All labels of an org are one component, whatever their files are called.
fn whole(kind: &'static MetadataType, stem: &str) -> Role {
    let full_name = if kind.name == "CustomLabels" { kind.name } else { stem };
    Role::Whole { kind, full_name: full_name.to_owned() }
}

/// The type of this directory that the file's suffix belongs to; some directories hold several types.
fn of_directory(directory: &str, file: &str) -> &'static MetadataType {
    let fits = |kind: &&MetadataType| kind.directory == directory && stem_of(kind, file).is_some();
    registry::all()
        .iter()
        .find(fits)
        .or_else(|| registry::by_directory(directory))
        .expect("the directory was found in the registry")
}

fn stem_of<'a>(kind: &MetadataType, file: &'a str) -> Option<&'a str> {
    match kind.suffix {
        Some(suffix) => file.strip_suffix(suffix)?.strip_suffix('.').filter(|stem| !stem.is_empty()),
        None => Some(file),
    }
}

/// `fields/X__c.field` below an object, `de.botVersion` beside a bot.
fn child_of_file(kind: &MetadataType, bare: &str, inner: &[&str]) -> Option<&'static ChildType> {
    let kind = registry::by_name(kind.name)?;
    let of_suffix = |child: &&ChildType| {
        Some(child.suffix) != kind.suffix
            && bare.strip_suffix(child.suffix).is_some_and(|stem| stem.ends_with('.'))
            && inner.get(1).is_none_or(|directory| *directory == child.directory)
    };
    (!inner.is_empty()).then(|| kind.children.iter().find(of_suffix)).flatten()
}

/// Folders and their contents: `reports/F.reportFolder-meta.xml`, `documents/F/a.document-meta.xml`.
fn in_folder(kind: &MetadataType, inner: &[&str], bare: &str) -> Role {
    let folder = if inner.is_empty() { String::new() } else { format!("{}/", inner.join("/")) };
    let directory = kind.directory;
    if let Some(suffix) = kind.folder_type().and_then(registry::folder_suffix)
        && let Some(name) = bare.strip_suffix(suffix).and_then(|stem| stem.strip_suffix('.'))
    {
        return Role::File(format!("{directory}/{folder}{name}-meta.xml"));
    }
    match kind.layout {
        Layout::Content => Role::File(format!("{directory}/{folder}{bare}-meta.xml")),
        _ if !bare.contains('.') => Role::File(format!("{directory}/{folder}{bare}-meta.xml")),
        _ => Role::File(format!("{directory}/{folder}{bare}")),
    }
}

fn static_resource(rest: &[&str]) -> Role {
    match rest {
        [file] => {
            if let Some(name) = file.strip_suffix(".resource-meta.xml") {
                return Role::File(format!("staticresources/{name}.resource-meta.xml"));
            }
            let stem = file.rsplit_once('.').map_or(*file, |(stem, _)| stem);
            Role::File(format!("staticresources/{stem}.resource"))
        }
        [resource, inside @ ..] => Role::Inside { resource: (*resource).to_owned(), path: inside.join("/") },
        [] => Role::Nothing,
    }
}

/// A file outside of any known directory: `Application.cls` beside its `Application.cls-meta.xml`.
fn by_suffix(file: &str) -> Role {
    let bare = file.strip_suffix("-meta.xml");
    let name = bare.unwrap_or(file);
    let Some((stem, suffix)) = name.rsplit_once('.') else { return Role::Nothing };
    // `xml`, `json` and the like say nothing outside of their directory.
    let Some(kind) = registry::by_suffix(suffix).filter(|kind| kind.suffix != Some("xml") && !kind.in_folder)
    else {
        return Role::Nothing;
    };
    match kind.layout {
        Layout::Content => Role::File(format!("{}/{file}", kind.directory)),
        Layout::Xml if is_put_together(kind) => whole(kind, stem),
        Layout::Xml if bare.is_some() => Role::File(format!("{}/{name}", kind.directory)),
        Layout::Bundle | Layout::Xml => Role::Nothing,
    }
}

/// What editors and linters keep beside Lightning components.
fn is_of_tools(file: &str) -> bool {
    matches!(file, "jsconfig.json" | "tsconfig.json" | ".eslintrc.json" | ".eslintrc" | "README.md")
}

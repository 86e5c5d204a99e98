//! Every metadata type that the org knows: where its components lie in a package and how they are named.
//!
//! The facts are in `registry.txt`, which explains its own notation. A folder type (`ReportFolder`) is not in the list, as it
//! is not in describeMetadata; `folder_of` and `content_of` lead from one to the other.

use std::collections::HashMap;
use std::sync::OnceLock;

/// How the files of a component are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One XML file.
    Xml,
    /// A body with a `-meta.xml` beside it.
    Content,
    /// A directory of files.
    Bundle,
}

/// One type of describeMetadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataType {
    pub name: &'static str,
    /// Below the root of a package.
    pub directory: &'static str,
    pub suffix: Option<&'static str>,
    /// `None`: Salesforce gives components of this type no id.
    pub id_prefix: Option<&'static str>,
    pub in_folder: bool,
    pub layout: Layout,
    /// `*` brings the components of this type.
    pub wildcard: bool,
    pub children: Vec<ChildType>,
}

/// A type whose components lie in the XML of another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildType {
    pub name: &'static str,
    /// Below the parent's directory in source format.
    pub directory: &'static str,
    /// In source format, before `-meta.xml`.
    pub suffix: &'static str,
    pub id_prefix: &'static str,
    /// Its element in the XML of the parent.
    pub element: &'static str,
}

impl MetadataType {
    /// `metaFile` of describeMetadata.
    pub fn has_meta_file(&self) -> bool {
        self.layout == Layout::Content
    }

    pub fn child(&self, name: &str) -> Option<&ChildType> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The full name of a child carries the parent's (`Account.Name`); labels stand for themselves.
    pub fn children_are_qualified(&self) -> bool {
        self.name != "CustomLabels"
    }

    /// The type of the folders that components lie in.
    pub fn folder_type(&self) -> Option<&'static str> {
        FOLDERS.iter().find(|(_, content, _)| *content == self.name).map(|(folder, _, _)| *folder)
    }
}

/// Folder type, type of its contents, suffix in source format. The first of a content type is what its folders are stored as.
const FOLDERS: [(&str, &str, &str); 5] = [
    ("ReportFolder", "Report", "reportFolder"),
    ("DashboardFolder", "Dashboard", "dashboardFolder"),
    ("DocumentFolder", "Document", "documentFolder"),
    ("EmailFolder", "EmailTemplate", "emailFolder"),
    ("EmailTemplateFolder", "EmailTemplate", "emailTemplateFolder"),
];

/// The key prefix of folders.
pub const FOLDER_ID_PREFIX: &str = "00l";

/// All types, in the order of describeMetadata.
pub fn all() -> &'static [MetadataType] {
    static TYPES: OnceLock<Vec<MetadataType>> = OnceLock::new();
    TYPES.get_or_init(|| read(include_str!("registry.txt")))
}

pub fn by_name(name: &str) -> Option<&'static MetadataType> {
    static NAMES: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    let names = NAMES.get_or_init(|| all().iter().enumerate().map(|(at, kind)| (kind.name, at)).collect());
    names.get(name).map(|at| &all()[*at])
}

/// The first type of this directory; few directories hold several, which `of_path` tells apart.
pub fn by_directory(directory: &str) -> Option<&'static MetadataType> {
    all().iter().find(|kind| kind.directory == directory)
}

/// The first type of this suffix.
pub fn by_suffix(suffix: &str) -> Option<&'static MetadataType> {
    all().iter().find(|kind| kind.suffix == Some(suffix))
}

/// The child type of this name with the type that it lies in.
pub fn child(name: &str) -> Option<(&'static MetadataType, &'static ChildType)> {
    static CHILDREN: OnceLock<HashMap<&'static str, (usize, usize)>> = OnceLock::new();
    let places = CHILDREN.get_or_init(|| {
        let mut places = HashMap::new();
        for (at, kind) in all().iter().enumerate() {
            for (within, child) in kind.children.iter().enumerate() {
                places.insert(child.name, (at, within));
            }
        }
        places
    });
    let (at, within) = *places.get(name)?;
    Some((&all()[at], &all()[at].children[within]))
}

/// The type whose components lie in folders of this type.
pub fn content_of(folder_type: &str) -> Option<&'static MetadataType> {
    FOLDERS.iter().find(|(folder, _, _)| *folder == folder_type).and_then(|(_, content, _)| by_name(content))
}

/// The suffix of a folder's file in source format.
pub fn folder_suffix(folder_type: &str) -> Option<&'static str> {
    FOLDERS.iter().find(|(folder, _, _)| *folder == folder_type).map(|(_, _, suffix)| *suffix)
}

/// What a path inside a package is a file of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name of a type, or of a folder type.
    pub kind: &'static str,
    pub full_name: String,
    /// The file is the `-meta.xml` beside a body.
    pub is_meta: bool,
}

/// Reads a path in metadata format, such as `classes/A.cls-meta.xml` or `reports/Folder/R.report`.
pub fn of_path(path: &str) -> Option<Place> {
    let (directory, rest) = path.split_once('/')?;
    let (bare, is_meta) = rest.strip_suffix("-meta.xml").map_or((rest, false), |bare| (bare, true));
    let of_suffix = |kind: &&MetadataType| {
        kind.directory == directory
            && kind.layout != Layout::Bundle
            && kind.suffix.is_some_and(|suffix| {
                bare.strip_suffix(suffix).is_some_and(|stem| stem.ends_with('.') && stem.len() > 1)
            })
    };
    if let Some(kind) = all().iter().find(of_suffix) {
        let stem = &bare[..bare.len() - kind.suffix.map_or(0, str::len) - 1];
        return Some(Place { kind: kind.name, full_name: stem.to_owned(), is_meta });
    }
    let kind = by_directory(directory)?;
    match (kind.in_folder, kind.layout) {
        (_, Layout::Bundle) => Some(Place { kind: kind.name, full_name: bundle_name(kind, rest)?, is_meta }),
        // A folder's own file carries no suffix, or that of the folder type as in source format.
        (true, _) if is_meta && is_folder_file(kind, bare) => {
            let kind = kind.folder_type()?;
            let name = folder_suffix(kind).and_then(|suffix| bare.strip_suffix(suffix)?.strip_suffix('.'));
            Some(Place { kind, full_name: name.unwrap_or(bare).to_owned(), is_meta })
        }
        // A document keeps the suffix of its file.
        (true, Layout::Content) if kind.suffix.is_none() => {
            Some(Place { kind: kind.name, full_name: bare.to_owned(), is_meta })
        }
        _ => None,
    }
}

fn is_folder_file(kind: &MetadataType, bare: &str) -> bool {
    let last = bare.rsplit('/').next().unwrap_or(bare);
    let suffix = kind.folder_type().and_then(folder_suffix);
    !last.contains('.') || suffix.is_some_and(|suffix| last.ends_with(&format!(".{suffix}")))
}

/// The directory that a bundle's file lies in; two levels of digital experiences (`site/Name`).
fn bundle_name(kind: &MetadataType, rest: &str) -> Option<String> {
    let mut parts = rest.split('/');
    let first = parts.next()?;
    let second = parts.next();
    if kind.name == "DigitalExperienceBundle" {
        return second.map(|second| format!("{first}/{second}"));
    }
    match (second, kind.suffix) {
        // `experiences/Name.site-meta.xml` lies beside the directory.
        (None, Some(suffix)) => {
            let bare = first.strip_suffix("-meta.xml").unwrap_or(first);
            bare.strip_suffix(suffix)?.strip_suffix('.').map(str::to_owned)
        }
        (None, None) => None,
        (Some(_), _) => Some(first.to_owned()),
    }
}

fn read(text: &'static str) -> Vec<MetadataType> {
    let mut types: Vec<MetadataType> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        let optional = |word: &'static str| (word != "-").then_some(word);
        if line.starts_with(' ') {
            let child = ChildType {
                name: words[0],
                directory: words[1],
                suffix: words[2],
                id_prefix: words[3],
                element: words[4],
            };
            types.last_mut().expect("a child follows its parent").children.push(child);
            continue;
        }
        let flags = &words[4..];
        types.push(MetadataType {
            name: words[0],
            directory: words[1],
            suffix: optional(words[2]),
            id_prefix: optional(words[3]),
            in_folder: flags.contains(&"folder"),
            layout: match flags {
                flags if flags.contains(&"bundle") => Layout::Bundle,
                flags if flags.contains(&"content") => Layout::Content,
                _ => Layout::Xml,
            },
            wildcard: !flags.contains(&"by_name"),
            children: Vec::new(),
        });
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_prefix_is_one() {
        let mut names: Vec<&str> = all().iter().map(|kind| kind.name).collect();
        names.extend(all().iter().flat_map(|kind| kind.children.iter().map(|child| child.name)));
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert!(all().len() > 250, "{}", all().len());
        for kind in all() {
            assert!(kind.id_prefix.is_none_or(|prefix| prefix.len() == 3), "{}", kind.name);
        }
    }

    #[test]
    fn paths_of_a_package_lead_to_their_components() {
        for (path, kind, name, is_meta) in [
            ("classes/A.cls", "ApexClass", "A", false),
            ("classes/A.cls-meta.xml", "ApexClass", "A", true),
            ("objects/Account.object", "CustomObject", "Account", false),
            ("layouts/Account-A %28B%29.layout", "Layout", "Account-A %28B%29", false),
            ("reports/F-meta.xml", "ReportFolder", "F", true),
            ("reports/F.reportFolder-meta.xml", "ReportFolder", "F", true),
            ("reports/F/G/R.report", "Report", "F/G/R", false),
            ("documents/F-meta.xml", "DocumentFolder", "F", true),
            ("documents/F/a.png", "Document", "F/a.png", false),
            ("documents/F/a.png-meta.xml", "Document", "F/a.png", true),
            ("email/F/T.email", "EmailTemplate", "F/T", false),
            ("lwc/thing/thing.js-meta.xml", "LightningComponentBundle", "thing", true),
            ("aura/Thing/Thing.cmp", "AuraDefinitionBundle", "Thing", false),
            ("experiences/S.site-meta.xml", "ExperienceBundle", "S", true),
            ("experiences/S/views/a.json", "ExperienceBundle", "S", false),
            ("digitalExperiences/site/S/a/b.json", "DigitalExperienceBundle", "site/S", false),
            ("wave/D.wdash", "WaveDashboard", "D", false),
            ("customMetadata/Tariff.A.md", "CustomMetadata", "Tariff.A", false),
        ] {
            let expected = Place { kind: by_kind(kind), full_name: name.to_owned(), is_meta };
            assert_eq!(of_path(path), Some(expected), "{path}");
        }
        for path in ["classes/A.txt", "nothing/A.cls", "A.cls", "lwc/jsconfig.json", "classes/.cls"] {
            assert_eq!(of_path(path), None, "{path}");
        }
    }

    fn by_kind(kind: &'static str) -> &'static str {
        by_name(kind).map_or(kind, |found| found.name)
    }

    #[test]
    fn children_and_folders_know_where_they_belong() {
        assert_eq!(
            child("CustomField").map(|(kind, child)| (kind.name, child.element)),
            Some(("CustomObject", "fields"))
        );
        assert_eq!(
            child("WorkflowRule").map(|(kind, child)| (kind.name, child.element)),
            Some(("Workflow", "rules"))
        );
        assert_eq!(content_of("EmailFolder").map(|kind| kind.name), Some("EmailTemplate"));
        assert_eq!(by_name("Report").and_then(MetadataType::folder_type), Some("ReportFolder"));
        assert_eq!(by_suffix("cls").map(|kind| kind.name), Some("ApexClass"));
        assert_eq!(child("Account"), None);
    }
}

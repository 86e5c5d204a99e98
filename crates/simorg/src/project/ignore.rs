//! `.forceignore`: patterns as of a `.gitignore`, matched against paths from the project's root.

use std::path::Path;

use super::ProjectError;

/// What is never part of a package ("How to Exclude Source When Syncing or Converting", Salesforce DX Developer Guide).
const ALWAYS: [&str; 6] = [
    "**/*.dup",
    "**/.*",
    "**/package2-descriptor.json",
    "**/package2-manifest.json",
    "**/node_modules",
    "**/__tests__",
];

/// The rules of a project, later ones before earlier ones.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    segments: Vec<String>,
    /// `!pattern`: takes back what an earlier rule ignored.
    keeps: bool,
    only_directories: bool,
}

impl Rules {
    pub(super) fn read(directory: &Path) -> Result<Rules, ProjectError> {
        let path = directory.join(".forceignore");
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(ProjectError::Read { path, source }),
        };
        Ok(Rules::of(&text))
    }

    pub(super) fn of(text: &str) -> Rules {
        Rules(ALWAYS.into_iter().chain(text.lines()).filter_map(Rule::of).collect())
    }

    /// Whether a path, with `/` between its parts, is left out. Directories are asked before what lies in them.
    pub(super) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let last = self
            .0
            .iter()
            .rev()
            .find(|rule| (is_directory || !rule.only_directories) && matches(&rule.segments, &parts));
        last.is_some_and(|rule| !rule.keeps)
    }
}

impl Rule {
    fn of(line: &str) -> Option<Rule> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (keeps, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let pattern = pattern.replace('\\', "/");
        let only_directories = pattern.ends_with('/');
        let bare = pattern.trim_end_matches('/');
        // A pattern without a slash inside matches at any depth.
        let is_anchored = bare.contains('/');
        let bare = bare.trim_start_matches('/').trim_start_matches("./");
        let mut segments: Vec<String> = bare.split('/').map(str::to_owned).collect();
        if !is_anchored {
            segments.insert(0, "**".to_owned());
        }
        Some(Rule { segments, keeps, only_directories })
    }
}

fn matches(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            // `a/**` needs something below `a`; `**/a` may begin here.
            if rest.is_empty() {
                !path.is_empty()
            } else {
                (0..path.len()).any(|skip| matches(rest, &path[skip..]))
            }
        }
        (Some((first, rest)), Some((part, parts))) => {
            matches_part(first.as_bytes(), part.as_bytes()) && matches(rest, parts)
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn matches_part(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| matches_part(rest, &text[skip..])),
        (Some((b'?', rest)), Some((_, others))) => matches_part(rest, others),
        (Some((letter, rest)), Some((other, others))) => letter == other && matches_part(rest, others),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_git_ignores() {
        let rules = Rules::of(
            "package.xml\n**/profiles/**\n# note\n/top.txt\nforce-app/test/\n**/*.ts\n!**/keep.ts\n**/aura/login*\n",
        );
        for (path, is_directory, is_ignored) in [
            ("manifest/package.xml", false, true),
            ("force-app/main/default/profiles/Admin.profile-meta.xml", false, true),
            ("force-app/main/default/profiles", true, false),
            ("top.txt", false, true),
            ("force-app/top.txt", false, false),
            ("force-app/test", true, true),
            ("force-app/test", false, false),
            ("a/b.ts", false, true),
            ("a/keep.ts", false, false),
            ("x/aura/loginForm", true, true),
            ("a/.hidden", false, true),
            ("node_modules", true, true),
            ("force-app/main/default/classes/A.cls", false, false),
        ] {
            assert_eq!(rules.ignores(path, is_directory), is_ignored, "{path}");
        }
    }
}

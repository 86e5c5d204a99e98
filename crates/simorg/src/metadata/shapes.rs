//! Whether the XML of a component is what its type allows, and where it is not.
//!
//! Malformed XML, elements of one name that do not stand together, and, for the types of `shapes.txt`, elements that
//! the type does not have. Texts as Salesforce's parser says them.

use std::collections::HashMap;
use std::sync::OnceLock;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::xml::Element;

use super::NAMESPACE;
use crate::components::registry;

/// Why a file is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

/// The elements that a type may have, if they are known.
pub(super) fn elements_of(kind: &str) -> Option<&'static [&'static str]> {
    static SHAPES: OnceLock<HashMap<&'static str, Vec<&'static str>>> = OnceLock::new();
    let shapes = SHAPES.get_or_init(|| {
        let lines = include_str!("shapes.txt").lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| line.split_once(':'))
            .map(|(kind, elements)| (kind, elements.split_whitespace().collect()))
            .collect()
    });
    shapes.get(kind).map(Vec::as_slice)
}

/// Reads the XML of a component of this kind.
pub(super) fn read(kind: &str, bytes: &[u8]) -> Result<Element, Malformed> {
    let xml = Element::parse(bytes).map_err(|error| Malformed {
        message: format!("Error parsing file: {}", error.message),
        line: error.line,
        column: error.column,
    })?;
    match misplaced(kind, bytes) {
        Some(error) => Err(error),
        None => Ok(xml),
    }
}

/// Walks the document once more for the first element that stands where it must not.
fn misplaced(kind: &str, bytes: &[u8]) -> Option<Malformed> {
    // A manifest may name its types in any order.
    if kind == "Package" {
        return None;
    }
    let mut reader = Reader::from_reader(bytes);
    // Names on the way down, and what was seen below the root.
    let mut path: Vec<String> = Vec::new();
    let mut finished: Vec<String> = Vec::new();
    let mut last = String::new();
    loop {
        let (name, is_empty) = match reader.read_event().ok()? {
            Event::Eof => return None,
            Event::End(_) => {
                path.pop();
                continue;
            }
            Event::Start(tag) => (local_name(tag.local_name().as_ref()), false),
            Event::Empty(tag) => (local_name(tag.local_name().as_ref()), true),
            _ => continue,
        };
        let refused = match path.len() {
            1 => {
                let repeated = name != last && finished.contains(&name);
                if name != last {
                    finished.push(std::mem::replace(&mut last, name.clone()));
                }
                if repeated {
                    Some(format!("Element {name} is duplicated at this location in type {kind}"))
                } else {
                    unknown(kind, &name)
                }
            }
            2 => child_type(kind, &path[1]).and_then(|child| unknown(child, &name)),
            _ => None,
        };
        if let Some(message) = refused {
            let position = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let (line, column) = place(bytes, position);
            return Some(Malformed { message: format!("Error parsing file: {message}"), line, column });
        }
        if !is_empty {
            path.push(name);
        }
    }
}

fn local_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn unknown(kind: &str, element: &str) -> Option<String> {
    let allowed = elements_of(kind)?;
    (!allowed.contains(&element))
        .then(|| format!("Element {{{NAMESPACE}}}{element} invalid at this location in type {kind}"))
}

fn child_type(kind: &str, element: &str) -> Option<&'static str> {
    let children = &registry::by_name(kind)?.children;
    children.iter().find(|child| child.element == element).map(|child| child.name)
}

/// Line and column of a position, both from 1.
pub(super) fn place(bytes: &[u8], position: usize) -> (usize, usize) {
    let before = &bytes[..position.min(bytes.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(kind: &str, text: &str) -> Option<(String, usize)> {
        read(kind, text.as_bytes()).err().map(|error| (error.message, error.line))
    }

    #[test]
    fn elements_out_of_place_are_told_with_their_line() {
        let unknown = "<ApexClass xmlns='x'>\n<status>Active</status>\n<colour>red</colour></ApexClass>";
        let message = format!(
            "Error parsing file: Element {{{NAMESPACE}}}colour invalid at this location in type ApexClass"
        );
        assert_eq!(refusal("ApexClass", unknown), Some((message, 3)));

        let field = "<CustomObject><fields><fullName>A__c</fullName><size>1</size></fields></CustomObject>";
        assert!(
            refusal("CustomObject", field)
                .is_some_and(|(m, _)| m.contains("size invalid at this location in type CustomField"))
        );

        let repeated = "<Workflow><rules/><alerts/>\n<rules/></Workflow>";
        let message = "Error parsing file: Element rules is duplicated at this location in type Workflow";
        assert_eq!(refusal("Workflow", repeated), Some((message.to_owned(), 2)));

        assert!(refusal("Workflow", "<Workflow>\n<rules></Workflow>").is_some_and(|(_, line)| line == 2));
    }

    #[test]
    fn what_is_well_formed_is_taken() {
        for (kind, text) in [
            ("Workflow", "<Workflow><rules/><rules/><alerts/></Workflow>"),
            ("Flow", "<Flow><anything/></Flow>"),
            ("CustomLabels", "<CustomLabels><labels><fullName>A</fullName></labels></CustomLabels>"),
        ] {
            assert_eq!(refusal(kind, text), None);
        }
    }
}

//! Laying one XML over another, as a deploy does: children and permissions one by one, everything else by element.

use std::collections::BTreeSet;

use crate::xml::Element;

use crate::components::registry;

/// What tells two elements of the same name apart in profiles and permission sets.
const PERMISSIONS: [(&str, &str); 15] = [
    ("applicationVisibilities", "application"),
    ("classAccesses", "apexClass"),
    ("customMetadataTypeAccesses", "name"),
    ("customPermissions", "name"),
    ("customSettingAccesses", "name"),
    ("externalDataSourceAccesses", "externalDataSource"),
    ("fieldPermissions", "field"),
    ("flowAccesses", "flow"),
    ("layoutAssignments", "layout"),
    ("objectPermissions", "object"),
    ("pageAccesses", "apexPage"),
    ("recordTypeVisibilities", "recordType"),
    ("tabSettings", "tab"),
    ("tabVisibilities", "tab"),
    ("userPermissions", "name"),
];

/// The element that names what a permission is about.
pub(super) fn permission_key(element: &str) -> Option<&'static str> {
    PERMISSIONS.iter().find(|(name, _)| *name == element).map(|(_, key)| *key)
}

/// Whether components of this kind keep what a deployed file does not mention.
pub(super) fn is_overlaid(kind: &str) -> bool {
    matches!(kind, "Profile" | "PermissionSet")
        || registry::by_name(kind).is_some_and(|kind| !kind.children.is_empty())
}

/// `over` laid over `base`; the elements of the outcome are ordered by name, those of one name by what they are about.
pub(super) fn overlay(kind: &str, base: &Element, over: &Element) -> Element {
    let replaced: BTreeSet<(&str, Option<String>)> =
        over.children.iter().map(|element| (element.name.as_str(), key_of(kind, element))).collect();
    let mut outcome = Element { children: Vec::new(), ..over.clone() };
    if outcome.attributes.is_empty() {
        outcome.attributes.clone_from(&base.attributes);
    }
    let kept = base
        .children
        .iter()
        .filter(|element| !replaced.contains(&(element.name.as_str(), key_of(kind, element))));
    outcome.children = kept.chain(&over.children).cloned().collect();
    outcome.children.sort_by_cached_key(|element| (element.name.clone(), key_of(kind, element)));
    outcome
}

/// What an element is about, if several of its name stand side by side.
fn key_of(kind: &str, element: &Element) -> Option<String> {
    if matches!(kind, "Profile" | "PermissionSet") {
        let key = element.text_of(permission_key(&element.name)?)?;
        // One layout for each record type of an object.
        if element.name == "layoutAssignments" {
            let object = key.split('-').next().unwrap_or(key);
            return Some(format!("{object} {}", element.text_of("recordType").unwrap_or_default()));
        }
        return Some(key.to_owned());
    }
    let has_name = registry::by_name(kind)?.children.iter().any(|child| child.element == element.name);
    if !has_name {
        return None;
    }
    own_name(element).map(str::to_owned)
}

fn own_name(element: &Element) -> Option<&str> {
    element.text_of("fullName").or_else(|| element.text_of("name")).map(str::trim)
}

/// One child in the XML of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Child {
    pub kind: &'static str,
    pub full_name: String,
    pub xml: Element,
}

/// The XML of a component without its children, and its children.
pub(super) fn split(kind: &str, full_name: &str, xml: &Element) -> (Element, Vec<Child>) {
    let Some(of) = registry::by_name(kind) else { return (xml.clone(), Vec::new()) };
    let mut own = Element { children: Vec::new(), ..xml.clone() };
    let mut children = Vec::new();
    for element in &xml.children {
        let child = of.children.iter().find(|child| child.element == element.name);
        match child.and_then(|child| Some((child, own_name(element)?))) {
            Some((child, name)) => children.push(Child {
                kind: child.name,
                full_name: if of.children_are_qualified() {
                    format!("{full_name}.{name}")
                } else {
                    name.to_owned()
                },
                xml: element.clone(),
            }),
            None => own.children.push(element.clone()),
        }
    }
    (own, children)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Element {
        Element::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn fields_are_laid_over_one_by_one_and_settings_of_the_object_as_a_whole() {
        let base = parse(
            "<CustomObject xmlns='n'><fields><fullName>A__c</fullName><label>1</label></fields><fields><fullName>B__c</fullName></fields><label>Old</label></CustomObject>",
        );
        let over = parse(
            "<CustomObject xmlns='n'><label>New</label><fields><fullName>A__c</fullName><label>2</label></fields></CustomObject>",
        );

        let merged = overlay("CustomObject", &base, &over).to_text();

        assert_eq!(
            merged,
            "<CustomObject xmlns=\"n\"><fields><fullName>A__c</fullName><label>2</label></fields><fields><fullName>B__c</fullName></fields><label>New</label></CustomObject>"
        );
    }

    #[test]
    fn profiles_keep_what_is_not_mentioned() {
        let base = parse(
            "<Profile><fieldPermissions><editable>true</editable><field>A.B</field></fieldPermissions><layoutAssignments><layout>A-1</layout></layoutAssignments></Profile>",
        );
        let over = parse(
            "<Profile><layoutAssignments><layout>A-2</layout></layoutAssignments><userPermissions><name>X</name></userPermissions></Profile>",
        );

        let merged = overlay("Profile", &base, &over);

        let layouts: Vec<_> = merged.all("layoutAssignments").map(|l| l.text_of("layout").unwrap()).collect();
        assert_eq!(layouts, ["A-2"]);
        assert!(merged.child("fieldPermissions").is_some() && merged.child("userPermissions").is_some());
    }

    #[test]
    fn children_are_split_off_with_their_full_names() {
        let xml = parse("<Workflow><rules><fullName>R</fullName></rules><note/></Workflow>");
        let (own, children) = split("Workflow", "Account", &xml);
        assert_eq!(own.to_text(), "<Workflow><note/></Workflow>");
        assert_eq!((children[0].kind, children[0].full_name.as_str()), ("WorkflowRule", "Account.R"));
    }
}

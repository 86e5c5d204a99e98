//! What a deploy means beyond components and objects: who may see what, and which automations are switched on.

use std::collections::BTreeSet;

use crate::state::Org;
use crate::state::automation::{self, AutomationKind};
use crate::xml::Element;

use super::super::code;
use super::Unit;
use crate::components::Component;

/// Something in a component that runs when records are saved, or does not because it is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automation {
    /// Its metadata type: `ApexTrigger`, `Flow`, `ValidationRule`, `WorkflowRule`, `DuplicateRule`, `AssignmentRule` …
    pub kind: &'static str,
    pub full_name: String,
    pub object: Option<String>,
    pub active: bool,
    /// What may hold a note on its effect: code or XML.
    pub text: String,
}

/// The automations in a component: itself, or its children.
pub fn automations(component: &Component) -> Vec<Automation> {
    let Some(xml) = component.xml() else { return Vec::new() };
    let body = component.files.iter().find(|(path, _)| path.ends_with(".trigger"));
    let body = body
        .or_else(|| component.xml_file())
        .map(|(_, body)| String::from_utf8_lossy(body))
        .unwrap_or_default();
    let of = |kind, object: Option<&str>, active| Automation {
        kind,
        text: body.to_string(),
        full_name: component.full_name.clone(),
        object: object.map(str::to_owned),
        active,
    };
    let prefix = component.full_name.split('.').next();
    match component.kind.as_str() {
        "Flow" => {
            let object = xml.child("start").and_then(|start| start.text_of("object")).map(str::trim);
            vec![of("Flow", object, xml.text_of("status").map(str::trim) == Some("Active"))]
        }
        "ApexTrigger" => {
            vec![of(
                "ApexTrigger",
                code::trigger_object(&body),
                xml.text_of("status").map(str::trim) == Some("Active"),
            )]
        }
        "DuplicateRule" => vec![of("DuplicateRule", prefix, xml.is_true("isActive"))],
        "ApprovalProcess" => vec![of("ApprovalProcess", prefix, xml.is_true("active"))],
        _ => children(component, &xml),
    }
}

fn children(component: &Component, xml: &Element) -> Vec<Automation> {
    const KINDS: [(&str, &str, &str); 6] = [
        ("CustomObject", "validationRules", "ValidationRule"),
        ("Workflow", "rules", "WorkflowRule"),
        ("AssignmentRules", "assignmentRule", "AssignmentRule"),
        ("AutoResponseRules", "autoResponseRule", "AutoResponseRule"),
        ("EscalationRules", "escalationRule", "EscalationRule"),
        ("MatchingRules", "matchingRules", "MatchingRule"),
    ];
    let Some((_, element, kind)) = KINDS.iter().find(|(parent, _, _)| *parent == component.kind) else {
        return Vec::new();
    };
    let named = xml.all(element).filter_map(|rule| Some((rule.text_of("fullName")?.trim(), rule)));
    named
        .map(|(name, rule)| Automation {
            kind,
            full_name: format!("{}.{name}", component.full_name),
            object: Some(component.full_name.clone()),
            text: rule.to_text(),
            active: rule.is_true("active") || rule.text_of("ruleStatus").map(str::trim) == Some("Active"),
        })
        .collect()
}

/// Lets deployed profiles and permission sets decide what their users see.
pub(super) fn grant(org: &Org, units: &[&Unit]) {
    if !units.iter().any(|unit| matches!(unit.kind.as_str(), "Profile" | "PermissionSet")) {
        return;
    }
    let ledger = org.ledger();
    let mut work = org.committed();
    // One row of a kind that decides makes all of them be read again.
    org.follow_rows(&mut work, &BTreeSet::from(["0PS".to_owned()]));
    org.publish(work);
    drop(ledger);
}

/// Tells the model of automation what was deployed, and whether it is switched on.
pub(super) fn tell(org: &Org, units: &[&Unit]) {
    let components = org.components();
    for component in units.iter().filter_map(|unit| components.get(&unit.kind, &unit.full_name)) {
        for found in automations(component) {
            if org.set_automation_active(found.kind, &found.full_name, found.active) {
                continue;
            }
            let Some((kind, object)) = AutomationKind::named(found.kind).zip(found.object) else { continue };
            org.put_automation(automation::Automation {
                kind,
                full_name: found.full_name,
                object,
                events: vec![automation::Event::Insert, automation::Event::Update],
                active: found.active,
                managed: component.namespace.is_some(),
                when: serde_json::Map::new(),
                effect: automation::Effect::noted(&found.text),
            });
        }
    }
}

/// An automation that is removed runs no more.
pub(super) fn forget(org: &Org, kind: &str, full_name: &str) {
    if let Some(kind) = AutomationKind::named(kind) {
        org.remove_automation(kind, full_name);
    }
}

/// The label behind the file name of a standard profile.
pub(in super::super) fn profile_label(full_name: &str) -> String {
    match full_name {
        "Admin" => "System Administrator".to_owned(),
        "Standard" => "Standard User".to_owned(),
        "ReadOnly" => "Read Only".to_owned(),
        "SolutionManager" => "Solution Manager".to_owned(),
        "MarketingProfile" => "Marketing User".to_owned(),
        "ContractManager" => "Contract Manager".to_owned(),
        "StandardAul" => "Standard Platform User".to_owned(),
        name => percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn automations_tell_whether_they_are_switched_on() {
        let text = "<Workflow><rules><fullName>A</fullName><active>true</active></rules><rules><fullName>B</fullName><active>false</active></rules></Workflow>";
        let workflow = Component::of_xml("Workflow", "Case", &Element::parse(text.as_bytes()).unwrap());
        let found: Vec<_> = automations(&workflow).into_iter().map(|a| (a.full_name, a.active)).collect();
        assert_eq!(found, [("Case.A".to_owned(), true), ("Case.B".to_owned(), false)]);

        let files = vec![
            (
                "triggers/T.trigger".to_owned(),
                Bytes::from_static(b"// a trigger on rows\ntrigger T on Account(before insert) {}"),
            ),
            (
                "triggers/T.trigger-meta.xml".to_owned(),
                Bytes::from_static(b"<ApexTrigger><status>Inactive</status></ApexTrigger>"),
            ),
        ];
        let trigger = automations(&Component::new("ApexTrigger", "T", files));
        assert_eq!((trigger[0].object.as_deref(), trigger[0].active), (Some("Account"), false));
    }
}

//! What a deploy means beyond components and objects: who may see what, and which automations are switched on.

use std::sync::Arc;

use crate::state::{Org, Permissions, User};
use crate::xml::Element;

use super::super::store::Component;
use super::Unit;

/// Something in a component that runs when records are saved, or does not because it is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automation {
    /// Its metadata type: `ApexTrigger`, `Flow`, `ValidationRule`, `WorkflowRule`, `DuplicateRule`, `AssignmentRule` …
    pub kind: &'static str,
    pub full_name: String,
    pub object: Option<String>,
    pub active: bool,
}

/// The automations in a component: itself, or its children.
pub fn automations(component: &Component) -> Vec<Automation> {
    let Some(xml) = component.xml() else { return Vec::new() };
    let of = |kind, object: Option<&str>, active| Automation {
        kind,
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
            let body = component.files.iter().find(|(path, _)| path.ends_with(".trigger"));
            let text = body.map(|(_, body)| String::from_utf8_lossy(body)).unwrap_or_default();
            vec![of(
                "ApexTrigger",
                trigger_object(&text),
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
            active: rule.is_true("active") || rule.text_of("ruleStatus").map(str::trim) == Some("Active"),
        })
        .collect()
}

/// The object in `trigger Name on Object (`.
pub(super) fn trigger_object(text: &str) -> Option<&str> {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter == '(')
        .filter(|word| !word.is_empty())
        .collect();
    let is_head =
        |four: &&[&str]| four[0].eq_ignore_ascii_case("trigger") && four[2].eq_ignore_ascii_case("on");
    words.windows(4).find(is_head).map(|four| four[3])
}

/// Lets deployed profiles and permission sets decide what their users see.
pub(super) fn grant(org: &Org, units: &[&Unit]) {
    for unit in units {
        let Some(xml) = &unit.xml else { continue };
        let is_profile = match unit.kind.as_str() {
            "Profile" => true,
            "PermissionSet" => false,
            _ => continue,
        };
        for user in org.users() {
            let holds = if is_profile {
                has_profile(org, &user, &unit.full_name)
            } else {
                is_assigned(org, &user, &unit.full_name)
            };
            if holds {
                // The user was just listed, and users are never removed.
                org.set_permissions(&user.id, |permissions| change(permissions, xml, is_profile));
            }
        }
    }
}

/// A profile gives and takes; a permission set only gives.
fn change(permissions: &mut Permissions, xml: &Element, takes: bool) {
    let name =
        |element: &Element, key: &str| element.text_of(key).unwrap_or_default().trim().to_ascii_lowercase();
    for entry in xml.all("fieldPermissions") {
        let field = name(entry, "field");
        let Some((object, field)) = field.split_once('.') else { continue };
        let key = (object.to_owned(), field.to_owned());
        if entry.is_true("readable") {
            permissions.hidden_fields.remove(&key);
        } else if takes {
            permissions.hidden_fields.insert(key);
        }
    }
    for entry in xml.all("objectPermissions") {
        let object = name(entry, "object");
        if entry.is_true("allowRead") {
            permissions.hidden_objects.remove(&object);
        } else if takes {
            permissions.hidden_objects.insert(object);
        }
    }
    for entry in xml.all("userPermissions") {
        let enabled = entry.is_true("enabled");
        if !enabled && !takes {
            continue;
        }
        match entry.text_of("name").unwrap_or_default().trim() {
            "ApiEnabled" => permissions.api_enabled = enabled,
            "ViewAllData" => permissions.view_all_data = enabled,
            "ModifyAllData" => permissions.modify_all_data = enabled,
            "QueryAllFiles" => permissions.query_all_files = enabled,
            _ => {}
        }
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

fn has_profile(org: &Org, user: &Arc<User>, full_name: &str) -> bool {
    let view = org.admin_view();
    let profile = view
        .object("User")
        .and_then(|def| view.row(&def, &user.id))
        .and_then(|row| row.value_of("ProfileId").as_str().map(str::to_owned));
    let Some((profile, def)) = profile.zip(view.object("Profile")) else { return false };
    let label = profile_label(full_name);
    view.row(&def, &profile).is_some_and(|row| row.value_of("Name").as_str() == Some(&label))
}

fn is_assigned(org: &Org, user: &Arc<User>, full_name: &str) -> bool {
    let view = org.admin_view();
    let (Some(assignments), Some(sets)) =
        (view.object("PermissionSetAssignment"), view.object("PermissionSet"))
    else {
        return false;
    };
    let mut assigned = false;
    view.scan(&assignments, crate::state::Scan::default(), &mut |row| {
        let is_of_user = row.value_of("AssigneeId").as_str() == Some(&user.id);
        let set = row.value_of("PermissionSetId").as_str().and_then(|id| view.row(&sets, id));
        assigned = is_of_user && set.is_some_and(|set| set.value_of("Name").as_str() == Some(full_name));
        if assigned { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    });
    assigned
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

    #[test]
    fn a_permission_set_never_takes() {
        let xml = Element::parse(b"<P><fieldPermissions><field>Account.Phone</field><readable>false</readable></fieldPermissions><userPermissions><enabled>true</enabled><name>ViewAllData</name></userPermissions></P>").unwrap();
        let mut permissions = Permissions::standard();
        change(&mut permissions, &xml, false);
        assert!(permissions.sees_field("Account", "Phone") && permissions.view_all_data);
        change(&mut permissions, &xml, true);
        assert!(!permissions.sees_field("Account", "Phone"));
    }
}

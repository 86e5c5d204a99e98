//! What runs when records are saved, as a model: each automation has a kind, a name, a trigger and one effect.
//!
//! Code and flows are not interpreted. An automation that came with metadata has no effect unless its text holds a note such
//! as `simorg: {"fail": {"message": "no"}}`, in a comment or a description.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// Kinds by the names of their metadata types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AutomationKind {
    ApexTrigger,
    Flow,
    WorkflowRule,
    DuplicateRule,
    AssignmentRule,
    AutoResponseRule,
    EscalationRule,
}

impl AutomationKind {
    /// The kind of this metadata type; also by the type of the file that holds such rules, such as `AssignmentRules`.
    pub fn named(name: &str) -> Option<AutomationKind> {
        use AutomationKind as K;
        Some(match name {
            "ApexTrigger" => K::ApexTrigger,
            "Flow" | "FlowDefinition" => K::Flow,
            "WorkflowRule" => K::WorkflowRule,
            "DuplicateRule" => K::DuplicateRule,
            "AssignmentRule" | "AssignmentRules" => K::AssignmentRule,
            "AutoResponseRule" | "AutoResponseRules" => K::AutoResponseRule,
            "EscalationRule" | "EscalationRules" => K::EscalationRule,
            _ => return None,
        })
    }
}

/// What sets an automation off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Insert,
    Update,
    Delete,
    Undelete,
}

/// What an automation does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    #[default]
    None,
    /// The record is refused: with the words of a failed trigger or flow, or with this code and message alone.
    Fail {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        message: String,
    },
    /// The record is refused because the code took too long.
    CpuLimit,
    SetField {
        field: String,
        value: Json,
    },
    /// A record of another object, which refers to this one by `parent_field`.
    CreateChild {
        object: String,
        parent_field: String,
        #[serde(default)]
        values: Map<String, Json>,
    },
    /// Another live record with the same values in all these fields is refused, or with `alert` pointed out.
    Duplicate {
        fields: Vec<String>,
        #[serde(default)]
        alert: bool,
    },
    /// Another owner: an id of a user or queue, a username, or a queue's developer name.
    Reassign {
        owner: String,
    },
    /// An e-mail is counted, see `Org::sent_mails`.
    SendMail,
}

impl Effect {
    /// The effect that a note in a text of metadata tells; none without one.
    pub fn noted(text: &str) -> Effect {
        let Some((_, note)) = text.split_once("simorg:") else { return Effect::None };
        let mut values = serde_json::Deserializer::from_str(note).into_iter::<Effect>();
        values.next().and_then(Result::ok).unwrap_or_default()
    }
}

fn yes() -> bool {
    true
}

fn on_save() -> Vec<Event> {
    vec![Event::Insert, Event::Update]
}

/// One automation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Automation {
    pub kind: AutomationKind,
    pub full_name: String,
    pub object: String,
    #[serde(default = "on_save")]
    pub events: Vec<Event>,
    #[serde(default = "yes")]
    pub active: bool,
    /// From a managed package: it cannot be switched off by a deploy.
    #[serde(default)]
    pub managed: bool,
    /// Only records that hold these values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub when: Map<String, Json>,
    #[serde(default)]
    pub effect: Effect,
}

type Key = (AutomationKind, String);

/// All automations of an org.
#[derive(Debug, Default)]
pub(crate) struct Automations(RwLock<BTreeMap<Key, Arc<Automation>>>);

fn key(kind: AutomationKind, full_name: &str) -> Key {
    (kind, full_name.to_ascii_lowercase())
}

impl Automations {
    pub(crate) fn put(&self, automation: Automation) {
        let key = key(automation.kind, &automation.full_name);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(automation));
    }

    pub(crate) fn remove(&self, kind: AutomationKind, full_name: &str) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&key(kind, full_name)).is_some()
    }

    pub(crate) fn set_active(&self, kind: AutomationKind, full_name: &str, active: bool) -> bool {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(automation) = all.get_mut(&key(kind, full_name)) else { return false };
        Arc::make_mut(automation).active = active;
        true
    }

    pub(crate) fn all(&self) -> Vec<Arc<Automation>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The active ones on this object that this event sets off, in the order of kinds and names.
    pub(crate) fn due(&self, object: &str, event: Event) -> Vec<Arc<Automation>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.values()
            .filter(|automation| automation.active && automation.events.contains(&event))
            .filter(|automation| automation.object.eq_ignore_ascii_case(object))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_note_in_a_comment_tells_the_effect() {
        let trigger = "trigger T on Account (before insert) {\n  // simorg: {\"fail\": {\"message\": \"no {way}\"}} and more\n}";
        assert_eq!(Effect::noted(trigger), Effect::Fail { code: None, message: "no {way}".to_owned() });
        assert_eq!(Effect::noted("simorg: \"cpu_limit\""), Effect::CpuLimit);
        let set = Effect::noted(
            "<description>simorg: {\"set_field\":{\"field\":\"Rating\",\"value\":\"Hot\"}}</description>",
        );
        assert_eq!(set, Effect::SetField { field: "Rating".to_owned(), value: json!("Hot") });
        for text in ["", "no note", "simorg: nonsense", "simorg: {\"explode\": 1}"] {
            assert_eq!(Effect::noted(text), Effect::None, "{text}");
        }
    }
}

//! What a stage or status means in an org: as its standard value sets were deployed, or as in a new org.

use crate::model::stages::{Category, STAGES};
use crate::state::view::Snapshot;
use crate::xml::Element;

/// What a stage of this org means.
pub(super) struct Stage {
    pub(super) probability: String,
    pub(super) is_closed: bool,
    pub(super) is_won: bool,
    pub(super) category: Category,
}

/// `None` for a stage that the org does not know.
pub(super) fn stage(snapshot: &Snapshot, name: &str) -> Option<Stage> {
    let standard = STAGES.iter().find(|stage| stage.name == name);
    let deployed = deployed(snapshot, "OpportunityStage", name);
    if standard.is_none() && deployed.is_none() {
        return None;
    }
    let said = |element: &str| deployed.as_ref()?.text_of(element).map(str::trim);
    let is = |element: &str, standard: Option<bool>| {
        said(element).map_or(standard.unwrap_or(false), |text| text == "true")
    };
    Some(Stage {
        probability: said("probability")
            .or(standard.map(|stage| stage.probability))
            .unwrap_or("0")
            .to_owned(),
        is_closed: is("closed", standard.map(|stage| stage.is_closed)),
        is_won: is("won", standard.map(|stage| stage.is_won)),
        category: said("forecastCategory")
            .and_then(Category::of_value)
            .or(standard.map(|stage| stage.category))
            .unwrap_or(Category::Pipeline),
    })
}

/// Whether a status of cases or tasks means that there is nothing left to do.
pub(super) fn is_closed(snapshot: &Snapshot, set: &str, status: &str) -> bool {
    let said = deployed(snapshot, set, status).and_then(|value| value.text_of("closed").map(str::to_owned));
    match said {
        Some(text) => text.trim() == "true",
        None => matches!((set, status), ("CaseStatus", "Closed") | ("TaskStatus", "Completed")),
    }
}

/// What was deployed for a value of a standard value set.
fn deployed(snapshot: &Snapshot, set: &str, value: &str) -> Option<Element> {
    let xml = snapshot.components.get("StandardValueSet", set)?.xml()?;
    xml.all("standardValue").find(|held| held.text_of("fullName").map(str::trim) == Some(value)).cloned()
}

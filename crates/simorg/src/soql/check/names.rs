//! Finds what a dotted name means.

use std::sync::{Arc, LazyLock};

use crate::model::{FieldDef, FieldType, ObjectDef, ObjectFlags, ObjectKind};

use super::super::ast::{Expression, Name};
use super::super::dates::DateFunction;
use super::super::fault::Fault;
use super::super::function::{Distance, Function};
use super::super::plan::{Hop, Path, Scalar};
use super::{Checker, Scope};

/// The most steps from a child to its parents ("Understanding Relationship Query Limitations").
const MAX_LEVELS: usize = 5;

/// What a reference to several objects shows of whichever row it points to.
static NAME_OBJECT: LazyLock<Arc<ObjectDef>> = LazyLock::new(|| {
    use FieldType as T;
    let fields = [
        ("Id", T::Id, ""),
        ("Name", T::String, ""),
        ("NameOrAlias", T::String, ""),
        ("Type", T::Picklist, ""),
        ("FirstName", T::String, ""),
        ("LastName", T::String, ""),
        ("Alias", T::String, ""),
        ("Email", T::Email, ""),
        ("Phone", T::Phone, ""),
        ("Title", T::String, ""),
        ("Username", T::String, ""),
        ("IsActive", T::Boolean, ""),
        ("ProfileId", T::Reference, "Profile"),
        ("UserRoleId", T::Reference, "UserRole"),
        ("RecordTypeId", T::Reference, "RecordType"),
    ]
    .map(|(name, kind, target)| {
        let mut field = FieldDef::plain(name, kind);
        if !target.is_empty() {
            field.reference_to = vec![target.to_owned()];
            field.relationship_name = Some(target.to_owned());
        }
        field
    });
    let labels = ("Name".to_owned(), "Names".to_owned());
    Arc::new(ObjectDef::new(
        "Name",
        labels,
        None,
        String::new(),
        0,
        ObjectKind::Standard,
        flags(),
        fields.into(),
    ))
});

fn flags() -> ObjectFlags {
    ObjectFlags {
        activateable: false,
        createable: false,
        custom: false,
        custom_setting: false,
        deep_cloneable: false,
        deletable: false,
        deprecated_and_hidden: false,
        feed_enabled: false,
        has_subtypes: false,
        is_interface: false,
        is_subtype: false,
        layoutable: false,
        mergeable: false,
        mru_enabled: false,
        queryable: false,
        replicateable: false,
        retrieveable: false,
        searchable: false,
        triggerable: false,
        undeletable: false,
        updateable: false,
    }
}

pub(super) fn scalar(checker: &Checker<'_>, expression: &Expression, scope: &Scope) -> Result<Scalar, Fault> {
    match expression {
        Expression::Path(name) => Ok(Scalar { path: path(checker, name, scope)?, function: None }),
        Expression::Call { function, argument } if function.is("toLabel") => {
            Ok(Scalar { path: path(checker, argument.path(), scope)?, function: Some(Function::Label) })
        }
        Expression::Call { function, argument } => date_function(checker, function, argument, scope),
        Expression::Distance { at, location, from, unit } => {
            let path = path(checker, location, scope)?;
            let Some(in_miles) = miles_or_km(unit) else {
                let text = format!("Invalid distance unit: {unit}. Valid unit is 'mi' or 'km'");
                return Err(Fault::malformed(*at, text));
            };
            if !path.def().kind.is_compound() {
                let text = format!("field '{}' can not be used with function DISTANCE", path.def().name);
                return Err(Fault::malformed(location.at, text));
            }
            if from.0.abs() > 90.0 || from.1.abs() > 180.0 {
                let text = "Latitude must be between -90 and 90, and longitude between -180 and 180";
                return Err(Fault::malformed(*at, text));
            }
            let distance = Distance { latitude: from.0, longitude: from.1, in_miles };
            Ok(Scalar { path, function: Some(Function::Distance(distance)) })
        }
    }
}

fn miles_or_km(unit: &str) -> Option<bool> {
    match unit.to_ascii_lowercase().as_str() {
        "mi" => Some(true),
        "km" => Some(false),
        _ => None,
    }
}

fn date_function(
    checker: &Checker<'_>,
    function: &Name,
    argument: &Expression,
    scope: &Scope,
) -> Result<Scalar, Fault> {
    let Some(date_function) = DateFunction::named(&function.text) else {
        return Err(unknown_function(function));
    };
    let (name, converted) = match argument {
        Expression::Path(name) => (name, false),
        // The users of the simulated org live in GMT: converting changes nothing.
        Expression::Call { function, argument } if function.is("convertTimezone") => (argument.path(), true),
        Expression::Call { function, .. } => return Err(unknown_function(function)),
        Expression::Distance { at, .. } => return Err(Fault::malformed(*at, "unexpected token: 'DISTANCE'")),
    };
    let path = path(checker, name, scope)?;
    let kind = path.def().kind;
    let fits =
        kind == FieldType::DateTime || (kind == FieldType::Date && !date_function.needs_time() && !converted);
    if !fits {
        let shown = if converted { "convertTimezone".to_owned() } else { function.text.to_uppercase() };
        let text = format!("field '{}' can not be used with function {shown}", path.def().name);
        return Err(Fault::malformed(name.at, text));
    }
    Ok(Scalar { path, function: Some(Function::Date(date_function)) })
}

fn unknown_function(function: &Name) -> Fault {
    Fault::malformed(function.at, format!("unexpected token: '{}'", function.text))
}

pub(super) fn path(checker: &Checker<'_>, name: &Name, scope: &Scope) -> Result<Path, Fault> {
    let mut segments: Vec<&str> = name.text.split('.').collect();
    let last = segments.pop().unwrap_or_default();
    let mut object = scope.object.clone();
    let mut hops = Vec::with_capacity(segments.len());
    if let Some(first) = segments.first() {
        if let Some(joined) = scope.joined(first) {
            hops.clone_from(joined);
            object = end_of(&scope.object, &hops);
            segments.remove(0);
        } else if scope.is_named(first) {
            segments.remove(0);
        }
    }
    for segment in &segments {
        let hop = hop(checker, &object, segment).ok_or_else(|| unknown_relationship(segment, name.at))?;
        object = hop.target.clone().unwrap_or_else(|| NAME_OBJECT.clone());
        hops.push(hop);
    }
    if hops.len() > MAX_LEVELS {
        let text = format!(
            "SOQL statements cannot query aggregate relationships more than {MAX_LEVELS} level away from the root entity object."
        );
        return Err(Fault::malformed(name.at, text));
    }
    let Some(field) = object.field_index(last) else {
        return Err(Fault::at(name.at, "INVALID_FIELD", unknown_field(last, &object.name)));
    };
    Ok(Path { hops, object, field })
}

fn end_of(start: &Arc<ObjectDef>, hops: &[Hop]) -> Arc<ObjectDef> {
    match hops.last() {
        None => start.clone(),
        Some(hop) => hop.target.clone().unwrap_or_else(|| NAME_OBJECT.clone()),
    }
}

/// The steps that `c.Account` in FROM names.
pub(super) fn joined_path(checker: &Checker<'_>, name: &Name, scope: &Scope) -> Result<Vec<Hop>, Fault> {
    let mut hops: Vec<Hop> = Vec::new();
    for (at, segment) in name.text.split('.').enumerate() {
        if at == 0 {
            if let Some(joined) = scope.joined(segment) {
                hops.clone_from(joined);
                continue;
            }
            if scope.is_named(segment) {
                continue;
            }
        }
        let object = end_of(&scope.object, &hops);
        let hop =
            hop(checker, &object, segment).ok_or_else(|| unknown_relationship_in_from(segment, name.at))?;
        hops.push(hop);
    }
    Ok(hops)
}

/// The step over a relationship, if the user sees what lies behind it.
pub(super) fn hop(checker: &Checker<'_>, from: &Arc<ObjectDef>, relationship: &str) -> Option<Hop> {
    let name = &from.relationship(relationship)?.name;
    let field = from.field_index(name)?;
    let target = match from.fields[field].reference_to.as_slice() {
        [only] => Some(checker.context.view.object(only)?),
        _ => None,
    };
    Some(Hop { from: from.clone(), field, target })
}

pub(super) fn unknown_relationship(relationship: &str, at: usize) -> Fault {
    Fault::at(at, "INVALID_FIELD", not_understood(relationship, "field path"))
}

pub(super) fn unknown_relationship_in_from(relationship: &str, at: usize) -> Fault {
    Fault::at(at, "INVALID_TYPE", not_understood(relationship, "FROM part of query call"))
}

fn not_understood(relationship: &str, place: &str) -> String {
    format!(
        "Didn't understand relationship '{relationship}' in {place}. If you are attempting to use a custom relationship, be \
         sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the \
         appropriate names."
    )
}

pub(super) fn unknown_field(field: &str, object: &str) -> String {
    format!(
        "No such column '{field}' on entity '{object}'. If you are attempting to use a custom field, be sure to append the \
         '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    )
}

/// The fields of the object that stands for the targets of a reference to several.
pub(super) fn name_scope() -> Scope {
    Scope::of(NAME_OBJECT.clone())
}

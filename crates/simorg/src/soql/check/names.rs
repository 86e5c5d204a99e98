//! Finds what a dotted name means.

use std::sync::{Arc, LazyLock};

use crate::model::{FieldDef, FieldType, ObjectDef, ObjectFlags, ObjectKind};

use super::super::ast::{Expression, Name};
use super::super::dates::DateFunction;
use super::super::fault::Fault;
use super::super::plan::{Hop, Path, Scalar};
use super::{Checker, Scope};

/// The most steps from a child to its parents ("Understanding Relationship Query Limitations").
const MAX_LEVELS: usize = 5;

/// What a reference to several objects shows of whichever row it points to.
static NAME_OBJECT: LazyLock<Arc<ObjectDef>> = LazyLock::new(|| {
    use FieldType as T;
    let fields = [
        ("Id", T::Id),
        ("Name", T::String),
        ("Type", T::Picklist),
        ("FirstName", T::String),
        ("LastName", T::String),
        ("Alias", T::String),
        ("Email", T::Email),
        ("Phone", T::Phone),
        ("Title", T::String),
        ("Username", T::String),
        ("IsActive", T::Boolean),
        ("ProfileId", T::Reference),
        ("UserRoleId", T::Reference),
    ]
    .map(|(name, kind)| FieldDef::plain(name, kind));
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
    let (function, argument) = match expression {
        Expression::Path(name) => return Ok(Scalar { path: path(checker, name, scope)?, function: None }),
        Expression::Call { function, argument } => (function, argument),
    };
    let Some(date_function) = DateFunction::named(&function.text) else {
        return Err(unknown_function(function));
    };
    let name = match argument.as_ref() {
        // The users of the simulated org live in GMT: converting changes nothing.
        Expression::Call { function, argument } if function.is("convertTimezone") => argument.path(),
        other => other.path(),
    };
    let path = path(checker, name, scope)?;
    let kind = path.def().kind;
    let fits = kind == FieldType::DateTime || (kind == FieldType::Date && !date_function.needs_time());
    if !fits {
        let text = format!(
            "field '{}' can not be used with function {}",
            path.def().name,
            function.text.to_uppercase()
        );
        return Err(Fault::malformed(name.at, text));
    }
    Ok(Scalar { path, function: Some(date_function) })
}

fn unknown_function(function: &Name) -> Fault {
    if ["DISTANCE", "FORMAT", "GROUPING", "GEOLOCATION"].iter().any(|name| function.is(name)) {
        return Fault::not_simulated(&format!("the function {}", function.text.to_uppercase()));
    }
    Fault::malformed(function.at, format!("unexpected token: '{}'", function.text))
}

pub(super) fn path(checker: &Checker<'_>, name: &Name, scope: &Scope) -> Result<Path, Fault> {
    let mut segments: Vec<&str> = name.text.split('.').collect();
    let last = segments.pop().unwrap_or_default();
    if segments.first().is_some_and(|first| names_scope(first, scope)) {
        segments.remove(0);
    }
    let mut object = scope.object.clone();
    let mut hops = Vec::with_capacity(segments.len());
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

fn names_scope(segment: &str, scope: &Scope) -> bool {
    let is_alias = scope.alias.as_deref().is_some_and(|alias| alias.eq_ignore_ascii_case(segment));
    is_alias
        || (segment.eq_ignore_ascii_case(&scope.object.name) && scope.object.relationship(segment).is_none())
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
    let text = format!(
        "Didn't understand relationship '{relationship}' in field path. If you are attempting to use a custom relationship, be \
         sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the \
         appropriate names."
    );
    Fault::at(at, "INVALID_FIELD", text)
}

pub(super) fn unknown_field(field: &str, object: &str) -> String {
    format!(
        "No such column '{field}' on entity '{object}'. If you are attempting to use a custom field, be sure to append the \
         '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    )
}

/// The fields of the object that stands for the targets of a reference to several.
pub(super) fn name_scope() -> Scope {
    Scope { object: NAME_OBJECT.clone(), alias: None }
}

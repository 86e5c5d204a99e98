//! The SELECT list of a statement that answers rows.

use std::collections::HashSet;

use super::super::ast::{Expression, Name, Query, SelectItem, TypeOf};
use super::super::fault::Fault;
use super::super::function::Form;
use super::super::plan::{Branches, Child, Column, Path, Plan};
use super::names::{hop, name_scope, unknown_relationship, unknown_relationship_in_from};
use super::{Checker, MAX_CHILD_LEVELS, MAX_CHILD_SELECTS, Scope};
use crate::model::FieldType;

/// The greatest LIMIT beside `FIELDS(ALL)` and `FIELDS(CUSTOM)` ("`FIELDS()`", SOQL and SOSL Reference).
const MAX_FIELDS_LIMIT: u64 = 200;

impl Checker<'_> {
    pub(super) fn select_list(
        &self,
        query: &Query,
        scope: &Scope,
        level: usize,
    ) -> Result<Vec<Column>, Fault> {
        let mut columns = Vec::with_capacity(query.select.len());
        let mut unnamed = 0;
        for item in &query.select {
            match item {
                SelectItem::Value { expression, alias } => {
                    columns.push(self.column(expression, alias.as_ref(), scope, &mut unnamed)?);
                }
                SelectItem::Fields { group } => columns.extend(fields_of(group, scope)?),
                SelectItem::Child(child) => columns.push(Column::Child(self.child(child, scope, level)?)),
                SelectItem::TypeOf(type_of) => columns.push(Column::TypeOf(self.branches(type_of, scope)?)),
                SelectItem::CountAll { at, .. } => {
                    return Err(Fault::malformed(*at, "unexpected token: 'COUNT'"));
                }
            }
        }
        refuse_shared_references(&columns)?;
        refuse_duplicates(&columns)?;
        if columns.iter().filter(|column| matches!(column, Column::Child(_))).count() > MAX_CHILD_SELECTS {
            let text = format!("Maximum {MAX_CHILD_SELECTS} sub-selects are allowed in a query call");
            return Err(Fault::plain("MALFORMED_QUERY", text));
        }
        Ok(columns)
    }

    fn column(
        &self,
        expression: &Expression,
        alias: Option<&Name>,
        scope: &Scope,
        unnamed: &mut usize,
    ) -> Result<Column, Fault> {
        match expression {
            Expression::Path(name) => match alias {
                Some(alias) => {
                    Err(Fault::malformed(alias.at, "only aggregate expressions use field aliasing"))
                }
                None => Ok(Column::Field(self.path(name, scope)?)),
            },
            Expression::Call { function, argument } => {
                let Some(form) = form_named(function, argument)? else {
                    let scalar = self.scalar(expression, scope)?;
                    let text = format!("Field must be grouped or aggregated: {}", scalar.path.label());
                    return Err(Fault::malformed(function.at, text));
                };
                let path = self.path(argument.path(), scope)?;
                check_form(form, function, &path)?;
                let key = alias.map_or_else(|| path.def().name.clone(), |alias| alias.text.clone());
                Ok(Column::Shown { path, key, is_alias: alias.is_some(), form })
            }
            Expression::Distance { .. } => {
                let scalar = self.scalar(expression, scope)?;
                let key = alias.map_or_else(|| format!("expr{unnamed}"), |alias| alias.text.clone());
                *unnamed += usize::from(alias.is_none());
                Ok(Column::Computed { scalar, key })
            }
        }
    }

    fn child(&self, query: &Query, scope: &Scope, level: usize) -> Result<Child, Fault> {
        let from = &query.from;
        let name = match from.text.split_once('.') {
            Some((parent, name)) if scope.is_named(parent) => name,
            _ => from.text.as_str(),
        };
        let unknown = || unknown_relationship_in_from(name, from.at);
        let relationship = scope.object.child(name).ok_or_else(unknown)?;
        let object = self.context.view.object(&relationship.child).ok_or_else(unknown)?;
        let reference = object.field_index(&relationship.field).ok_or_else(unknown)?;
        let deepest = if self.context.version >= 58 { MAX_CHILD_LEVELS } else { 0 };
        if level > deepest {
            let text = format!(
                "SOQL statements cannot query aggregate relationships more than {} level away from the root entity object.",
                deepest + 1
            );
            return Err(Fault::malformed(from.at, text));
        }
        if super::is_grouped(query) {
            return Err(Fault::malformed(from.at, "only root queries support aggregate expressions"));
        }
        let plan = Box::new(self.query(query, object, level + 1)?);
        Ok(Child { relationship: relationship.name.clone().unwrap_or_default(), reference, plan })
    }

    fn branches(&self, type_of: &TypeOf, scope: &Scope) -> Result<Branches, Fault> {
        let reference = &type_of.reference;
        let hop = hop(self, &scope.object, &reference.text)
            .ok_or_else(|| unknown_relationship(&reference.text, reference.at))?;
        let mut branches = Vec::with_capacity(type_of.branches.len());
        for (name, fields) in &type_of.branches {
            let object = self.object_of_from(name)?;
            if !hop.def().reference_to.contains(&object.name) {
                let text = format!("{} is not a type that '{}' can refer to", object.name, reference.text);
                return Err(Fault::malformed(name.at, text));
            }
            let target = Scope::of(object.clone());
            branches.push((object, self.paths(fields, &target)?));
        }
        let otherwise = match &type_of.otherwise {
            Some(fields) => self.paths(fields, &name_scope())?,
            None => Vec::new(),
        };
        let relationship = hop.relationship().to_owned();
        Ok(Branches { hop, relationship, cases: branches, otherwise })
    }

    fn paths(&self, names: &[Name], scope: &Scope) -> Result<Vec<Path>, Fault> {
        names.iter().map(|name| self.path(name, scope)).collect()
    }
}

/// The form that a function of SELECT asks for; `None` for a function that gives another value.
pub(super) fn form_named(function: &Name, argument: &Expression) -> Result<Option<Form>, Fault> {
    let is_money = |name: &Name| name.is("convertCurrency");
    if let Expression::Call { function: inner, .. } = argument
        && is_money(inner)
    {
        return Err(one_currency(inner));
    }
    match function {
        name if name.is("toLabel") => Ok(Some(Form::Label)),
        name if name.is("FORMAT") => Ok(Some(Form::Localized)),
        name if is_money(name) => Err(one_currency(name)),
        _ => Ok(None),
    }
}

/// The simulated org has one currency.
fn one_currency(function: &Name) -> Fault {
    Fault::malformed(function.at, "convertCurrency is only supported in multi-currency organizations")
}

fn check_form(form: Form, function: &Name, path: &Path) -> Result<(), Fault> {
    use FieldType as T;
    let kind = path.def().kind;
    let fits = match form {
        Form::Plain => true,
        Form::Label => kind.is_text(),
        Form::Localized => {
            kind.is_decimal() || matches!(kind, T::Int | T::Long | T::Date | T::DateTime | T::Time)
        }
    };
    if fits {
        return Ok(());
    }
    let text = format!("field '{}' can not be used with function {}", path.def().name, function.text);
    Err(Fault::malformed(function.at, text))
}

fn fields_of(group: &Name, scope: &Scope) -> Result<Vec<Column>, Fault> {
    let wanted: fn(bool) -> bool = match group.text.to_ascii_uppercase().as_str() {
        "ALL" => |_| true,
        "STANDARD" => |custom| !custom,
        "CUSTOM" => |custom| custom,
        _ => return Err(Fault::malformed(group.at, format!("unexpected token: '{}'", group.text))),
    };
    let fields = scope.object.fields.iter().enumerate().filter(|(_, field)| wanted(field.custom));
    let path = |field| Path { hops: Vec::new(), object: scope.object.clone(), field };
    Ok(fields.map(|(field, _)| Column::Field(path(field))).collect())
}

/// What a `TYPEOF` refers by no other column may refer by.
fn refuse_shared_references(columns: &[Column]) -> Result<(), Fault> {
    let branches = columns.iter().filter_map(|column| match column {
        Column::TypeOf(branches) => Some(&branches.relationship),
        _ => None,
    });
    for relationship in branches {
        let shares = |path: &&Path| {
            path.hops.first().is_some_and(|hop| hop.relationship().eq_ignore_ascii_case(relationship))
        };
        let paths = columns.iter().filter_map(|column| match column {
            Column::Field(path) | Column::Shown { path, .. } => Some(path),
            _ => None,
        });
        if let Some(path) = paths.into_iter().find(shares) {
            let text = format!(
                "TYPEOF operand '{relationship}' and top-level SELECT list element '{}' may not reference the same relationship field.",
                path.label()
            );
            return Err(Fault::plain("MALFORMED_QUERY", text));
        }
    }
    Ok(())
}

fn refuse_duplicates(columns: &[Column]) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    for column in columns {
        let (key, shown) = match column {
            Column::Field(path) => (path.label().to_lowercase(), path.def().name.clone()),
            Column::Shown { path, key, is_alias: false, .. } => (path.label().to_lowercase(), key.clone()),
            Column::Shown { key, .. } | Column::Computed { key, .. } => (key.to_lowercase(), key.clone()),
            Column::Child(child) => (child.relationship.to_lowercase(), child.relationship.clone()),
            Column::TypeOf(branches) => (branches.relationship.to_lowercase(), branches.relationship.clone()),
        };
        if !seen.insert(key) {
            return Err(Fault::plain("INVALID_FIELD", format!("duplicate field selected: {shown}")));
        }
    }
    Ok(())
}

/// `FIELDS(ALL)` and `FIELDS(CUSTOM)` need a LIMIT or a list of ids, of at most 200.
pub(super) fn check_fields_limit(plan: &Plan) -> Result<(), Fault> {
    let by_limit = plan.limit.is_some_and(|limit| limit <= MAX_FIELDS_LIMIT);
    let by_ids = plan.filter.ids().is_some_and(|ids| ids.len() as u64 <= MAX_FIELDS_LIMIT);
    if plan.lists_fields && !by_limit && !by_ids {
        let text = format!("The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_LIMIT}");
        return Err(Fault::plain("MALFORMED_QUERY", text));
    }
    Ok(())
}

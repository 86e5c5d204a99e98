//! The SELECT list of a statement that answers rows.

use std::collections::HashSet;

use super::super::ast::{Expression, Name, Query, SelectItem, TypeOf};
use super::super::fault::Fault;
use super::super::plan::{Branches, Child, Column, Path, Plan};
use super::names::{hop, name_scope, unknown_relationship};
use super::{Checker, MAX_CHILD_LEVELS, MAX_CHILD_SELECTS, Scope};

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
        for item in &query.select {
            match item {
                SelectItem::Value { expression, alias } => {
                    columns.push(self.column(expression, alias.as_ref(), scope)?);
                }
                SelectItem::Fields { group } => columns.extend(fields_of(group, scope)?),
                SelectItem::Child(child) => columns.push(Column::Child(self.child(child, scope, level)?)),
                SelectItem::TypeOf(type_of) => columns.push(Column::TypeOf(self.branches(type_of, scope)?)),
                SelectItem::CountAll { at, .. } => {
                    return Err(Fault::malformed(*at, "unexpected token: 'COUNT'"));
                }
            }
        }
        refuse_duplicates(&columns)?;
        if columns.iter().filter(|column| matches!(column, Column::Child(_))).count() > MAX_CHILD_SELECTS {
            let text = format!("Maximum {MAX_CHILD_SELECTS} sub-selects are allowed in a query call");
            return Err(Fault::plain("MALFORMED_QUERY", text));
        }
        Ok(columns)
    }

    fn column(&self, expression: &Expression, alias: Option<&Name>, scope: &Scope) -> Result<Column, Fault> {
        match expression {
            Expression::Path(name) => {
                let path = self.path(name, scope)?;
                match alias {
                    Some(alias) => {
                        Err(Fault::malformed(alias.at, "only aggregate expressions use field aliasing"))
                    }
                    None => Ok(Column::Field(path)),
                }
            }
            Expression::Call { function, argument } => {
                let as_label = function.is("toLabel");
                if !as_label && !function.is("convertCurrency") {
                    let scalar = self.scalar(expression, scope)?;
                    let text = format!("Field must be grouped or aggregated: {}", scalar.path.label());
                    return Err(Fault::malformed(function.at, text));
                }
                let path = self.path(argument.path(), scope)?;
                let key = alias.map_or_else(|| path.def().name.clone(), |alias| alias.text.clone());
                Ok(Column::Shown { path, key, as_label })
            }
        }
    }

    fn child(&self, query: &Query, scope: &Scope, level: usize) -> Result<Child, Fault> {
        let from = &query.from;
        let relationship = scope.object.child(&from.text).ok_or_else(|| unknown_child(from))?;
        let object = self.context.view.object(&relationship.child).ok_or_else(|| unknown_child(from))?;
        let reference = object.field_index(&relationship.field).ok_or_else(|| unknown_child(from))?;
        let deepest = if self.context.version >= 58 { MAX_CHILD_LEVELS } else { 0 };
        if level > deepest {
            let text = "SOQL statements cannot query aggregate relationships more than 1 level away from the root entity object.";
            return Err(Fault::malformed(from.at, text));
        }
        let plan = Box::new(self.query(query, object, level + 1)?);
        if !plan.answers_rows() {
            return Err(Fault::malformed(from.at, "Aggregate functions are not supported in sub-selects"));
        }
        Ok(Child { relationship: relationship.name.clone().unwrap_or_default(), reference, plan })
    }

    fn branches(&self, type_of: &TypeOf, scope: &Scope) -> Result<Branches, Fault> {
        let reference = &type_of.reference;
        let hop = hop(self, &scope.object, &reference.text)
            .ok_or_else(|| unknown_relationship(&reference.text, reference.at))?;
        let mut branches = Vec::with_capacity(type_of.branches.len());
        for (name, fields) in &type_of.branches {
            let object = self.object_of_from(name)?;
            let target = Scope { object: object.clone(), alias: None };
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

fn unknown_child(from: &Name) -> Fault {
    let text = format!(
        "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom relationship, be \
         sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the \
         appropriate names.",
        from.text
    );
    Fault::at(from.at, "INVALID_TYPE", text)
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

fn refuse_duplicates(columns: &[Column]) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    for column in columns {
        let (key, shown) = match column {
            Column::Field(path) => (path.label().to_lowercase(), path.def().name.clone()),
            Column::Shown { key, .. } => (key.to_lowercase(), key.clone()),
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
pub(super) fn check_fields_limit(query: &Query, plan: &Plan) -> Result<(), Fault> {
    let unbounded =
        query.select.iter().any(|item| matches!(item, SelectItem::Fields { group } if !group.is("STANDARD")));
    let by_limit = plan.limit.is_some_and(|limit| limit <= MAX_FIELDS_LIMIT);
    let by_ids = plan.filter.ids().is_some_and(|ids| ids.len() as u64 <= MAX_FIELDS_LIMIT);
    if unbounded && !by_limit && !by_ids {
        let text = format!("The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_LIMIT}");
        return Err(Fault::plain("MALFORMED_QUERY", text));
    }
    Ok(())
}

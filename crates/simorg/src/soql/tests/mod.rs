//! Statements on a small fixed org, each with its rows or its refusal.
//!
//! The `.soql` files hold a statement on one line and what it answers on the next, indented. `{A1}` stands for the id of the
//! fixture's record A1, and `{A1:15}` for its form of 15 characters. `ALL: ` before a statement means queryAll, `v57: `
//! an older version, `USER: ` a user who sees only own records. Rows are separated by ` / `, cells by `|`; an empty cell is
//! `-`, no rows are `(none)`; children stand in `[…]` with `; ` between them, what TYPEOF shows in `<…>`. A refusal is `!`,
//! code, row and column if it has a place, and text; that its echo points at that place is checked for each.

mod fixture;
mod other_snapshots;
mod refusals;

use std::collections::HashSet;

use crate::model::Value;
use crate::state::{Row, View};

use super::{Branches, Child, Column, Context, Outcome, Path, Plan, SoqlError, children, plan, row_at, run};
use fixture::Fixture;

const TABLES: [(&str, &str); 10] = [
    ("rows", include_str!("rows.soql")),
    ("relations", include_str!("relations.soql")),
    ("joins", include_str!("joins.soql")),
    ("literals", include_str!("literals.soql")),
    ("dates", include_str!("dates.soql")),
    ("functions", include_str!("functions.soql")),
    ("groups", include_str!("groups.soql")),
    ("clauses", include_str!("clauses.soql")),
    ("objects", include_str!("objects.soql")),
    ("syntax", include_str!("syntax.soql")),
];

/// Each statement of a table with its line and what it answers.
fn cases(table: &'static str) -> Vec<(usize, &'static str, &'static str)> {
    let lines: Vec<(usize, &str)> = table
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .collect();
    lines
        .chunks(2)
        .map(|pair| {
            let [(at, statement), (_, expected)] = pair else { panic!("a statement without an answer") };
            let expected = expected.strip_prefix("    ");
            (*at + 1, *statement, expected.unwrap_or_else(|| panic!("line {}: no answer", at + 1)))
        })
        .collect()
}

#[test]
fn every_statement_of_the_tables_answers_as_written() {
    let fixture = Fixture::new();
    let mut wrong = Vec::new();
    for (name, table) in TABLES {
        for (line, statement, expected) in cases(table) {
            let answered = fixture.unnamed(&answer(&fixture, &fixture.named(statement)));
            if answered != expected {
                wrong.push(format!("\n{name}.soql:{line}: {statement}\n    {expected}\n    {answered}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_tables_hold_three_hundred_different_statements() {
    let statements: HashSet<&str> =
        TABLES.iter().flat_map(|(_, table)| cases(table)).map(|(_, statement, _)| statement).collect();
    assert!(statements.len() >= 300, "{}", statements.len());
}

/// Runs each statement and names every one that answers something else; refusals with their whole message.
fn check(cases: &[(&str, &str)]) {
    let fixture = Fixture::new();
    let mut wrong = Vec::new();
    for (statement, expected) in cases {
        let answered = match plan(statement, context(&fixture.view, &fixture)) {
            Err(error) => format!("{} {}", error.code, error.message),
            Ok(_) => "no refusal".to_owned(),
        };
        if answered != *expected {
            wrong.push(format!("\n{statement}\n  expected {expected:?}\n  answered {answered:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn context<'a>(view: &'a View, fixture: &Fixture) -> Context<'a> {
    Context { view, version: 67, today: fixture.today() }
}

fn answer(fixture: &Fixture, marked: &str) -> String {
    let (statement, all) = marked.strip_prefix("ALL: ").map_or((marked, false), |rest| (rest, true));
    let (statement, old) = statement.strip_prefix("v57: ").map_or((statement, false), |rest| (rest, true));
    let (statement, view) = match statement.strip_prefix("USER: ") {
        Some(rest) => (rest, &fixture.own_view),
        None => (statement, &fixture.view),
    };
    let mut context = context(view, fixture);
    if old {
        context.version = 57;
    }
    let shown = match plan(statement, context) {
        Err(error) => refusal(statement, &error),
        Ok(plan) => match run(&plan, view, all) {
            Outcome::Count(count) => count.to_string(),
            Outcome::Groups(groups) => joined(groups.iter().map(|group| {
                let cells = group.iter().map(|(name, value)| format!("{name}={}", cell(value)));
                cells.collect::<Vec<_>>().join("|")
            })),
            Outcome::Rows(counters) => {
                joined(counters.iter().map(|counter| row(view, &plan, *counter, all, "|")))
            }
        },
    };
    if shown.is_empty() { "(none)".to_owned() } else { shown }
}

fn joined(rows: impl Iterator<Item = String>) -> String {
    rows.collect::<Vec<_>>().join(" / ")
}

/// Checks the echo of a refusal and leaves it out.
fn refusal(statement: &str, error: &SoqlError) -> String {
    let Some((echo, rest)) = error.message.split_once("\nERROR at Row:") else {
        return format!("! {} {}", error.code, error.message);
    };
    let (place, text) = rest.split_once('\n').unwrap();
    let (line, column) = place.split_once(":Column:").unwrap();
    let mut lines = echo.lines().skip(1);
    let (excerpt, caret) = (lines.next().unwrap(), lines.next().unwrap());
    let pointed: String = excerpt.chars().skip(caret.chars().count() - 1).collect();
    let source = statement.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
    let meant: String = source.chars().skip(column.parse::<usize>().unwrap() - 1).collect();
    assert!(meant.starts_with(&pointed), "{statement}: points at `{pointed}`, means `{meant}`");
    format!("! {} {line}:{column} {text}", error.code)
}

fn row(view: &View, plan: &Plan, counter: u64, all: bool, between: &str) -> String {
    let row = row_at(plan, view, counter).unwrap();
    let shown = |column: &Column| match column {
        Column::Field(path) => cell(&path.read(view, &row)),
        Column::Shown { path, key, is_alias, form } => {
            let value = cell(&form.of(path.read(view, &row), path.def()));
            if *is_alias { format!("{key}={value}") } else { value }
        }
        Column::Computed { scalar, key } => format!("{key}={}", cell(&scalar.read(view, &row))),
        Column::Child(child) => kids(view, child, &row, all),
        Column::TypeOf(branches) => branch(view, branches, &row),
    };
    plan.columns().iter().map(shown).collect::<Vec<_>>().join(between)
}

fn kids(view: &View, child: &Child, parent: &Row, all: bool) -> String {
    let parents = HashSet::from([parent.id().to_owned()]);
    let counters = children(child, &parents, view, all).remove(parent.id()).unwrap_or_default();
    let rows = counters.iter().map(|counter| row(view, &child.plan, *counter, all, ","));
    format!("[{}]", rows.collect::<Vec<_>>().join("; "))
}

fn branch(view: &View, branches: &Branches, row: &Row) -> String {
    let Some(target) = branches.hop.follow(view, row) else { return "<->".to_owned() };
    let case = branches.cases.iter().find(|(object, _)| object.name == target.object_name());
    let read = |path: &Path, as_name: bool| {
        if path.hops.is_empty() {
            cell(&path.read_end(view, &target, as_name))
        } else {
            cell(&path.read(view, &target))
        }
    };
    let cells: Vec<String> = match case {
        Some((_, paths)) => paths.iter().map(|path| read(path, false)).collect(),
        None => branches.otherwise.iter().map(|path| read(path, true)).collect(),
    };
    format!("<{}>", cells.join(","))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Compound(parts) => {
            let parts = parts.iter().filter(|(_, part)| !part.is_null());
            parts.map(|(name, part)| format!("{name}:{}", cell(part))).collect::<Vec<_>>().join(" ")
        }
        other => other.to_plain_text(),
    }
}

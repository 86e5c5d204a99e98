//! Statements on a small fixed org, each with its rows or its exact refusal.
//!
//! `{A1}` in a statement or an answer stands for the id of the fixture's record A1. Rows are separated by ` / `, cells by
//! `|`, an empty cell is `-`. A refusal is its code, a blank and its message.

mod fixture;
mod groups;
mod literals;
mod refusals;
mod rows;

use crate::model::Value;

use super::{Column, Context, Outcome, Plan, plan, row_at, run};
use fixture::Fixture;

/// Runs each statement and names every one that answers something else.
fn check(cases: &[(&str, &str)]) {
    let fixture = Fixture::new();
    let mut wrong = Vec::new();
    for (statement, expected) in cases {
        let answer = fixture.unnamed(&answer(&fixture, &fixture.named(statement)));
        if answer != *expected {
            wrong.push(format!("\n{statement}\n  expected {expected:?}\n  answered {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn answer(fixture: &Fixture, statement: &str) -> String {
    // A statement for queryAll is marked by `ALL: `.
    let (statement, with_deleted) =
        statement.strip_prefix("ALL: ").map_or((statement, false), |rest| (rest, true));
    let context = Context { view: &fixture.view, version: 67, today: fixture.today() };
    match plan(statement, context) {
        Err(error) => format!("{} {}", error.code, error.message),
        Ok(plan) => match run(&plan, &fixture.view, with_deleted) {
            Outcome::Count(count) => count.to_string(),
            Outcome::Groups(groups) => {
                let shown = |group: &Vec<(String, Value)>| {
                    group
                        .iter()
                        .map(|(name, value)| format!("{name}={}", cell(value)))
                        .collect::<Vec<_>>()
                        .join("|")
                };
                groups.iter().map(shown).collect::<Vec<_>>().join(" / ")
            }
            Outcome::Rows(counters) => {
                counters.iter().map(|counter| row(fixture, &plan, *counter)).collect::<Vec<_>>().join(" / ")
            }
        },
    }
}

fn row(fixture: &Fixture, plan: &Plan, counter: u64) -> String {
    let row = row_at(plan, &fixture.view, counter).unwrap();
    let shown = |column: &Column| match column {
        Column::Field(path) | Column::Shown { path, .. } => cell(&path.read(&fixture.view, &row)),
        Column::Child(child) => format!("({})", child.relationship),
        Column::TypeOf(branches) => format!("<{}>", branches.relationship),
    };
    plan.columns().iter().map(shown).collect::<Vec<_>>().join("|")
}

fn cell(value: &Value) -> String {
    if value.is_null() { "-".to_owned() } else { value.to_plain_text() }
}

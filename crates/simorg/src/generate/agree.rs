//! Fields of standard objects whose values must agree with those of other fields, as on the platform.

use crate::model::{FieldDef, ObjectDef, Value};

use super::assign::{Neighbours, active_values, plan_of, topic_of, usual};
use super::choices::{Choices, Column};
use super::derived::{Derived, FiscalPart, Target};
use super::plan::Plan;

/// The start of an event, which three fields show.
const EVENT: u64 = 700;
const EVENT_MINUTES: i64 = 60;

/// The plan of a field that is bound to others; `None` if it is free.
pub(super) fn plan(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    let name = field.name.as_str();
    match def.name.as_str() {
        "Opportunity" | "OpportunityHistory" => opportunity(def, name, neighbours),
        "Case" => case(def, field, neighbours),
        "Lead" => lead(def, field, neighbours),
        "Task" => task(def, field, neighbours),
        "Event" => event(def, field, neighbours),
        _ => None,
    }
    .or_else(|| match name {
        // Only a loser that lies in the bin names its master.
        "MasterRecordId" => Some(Plan::Null),
        // As often filled as the coordinates are.
        _ if name.ends_with("GeocodeAccuracy") => {
            Some(Plan::Pick { choices: active_values(field), filled: 30, topic: topic_of(field) })
        }
        _ => None,
    })
}

fn derived(derived: Derived) -> Plan {
    Plan::Derived(Box::new(derived))
}

fn fixed(text: &str) -> Plan {
    Plan::Fixed(Value::Text(text.to_owned()))
}

fn no() -> Plan {
    Plan::Fixed(Value::Bool(false))
}

fn of_choice(table: Choices, column: Column) -> Plan {
    Plan::Choice { table, column }
}

/// The plan of another field of the same object.
fn own(def: &ObjectDef, name: &str, neighbours: &Neighbours) -> Plan {
    def.field(name).map_or(Plan::Null, |field| plan_of(def, field, neighbours))
}

fn when(when: Plan, then: Plan) -> Plan {
    derived(Derived::When { when, then })
}

fn opportunity(def: &ObjectDef, name: &str, neighbours: &Neighbours) -> Option<Plan> {
    let of_stage = |column| of_choice(Choices::Stages, column);
    let fiscal = |part| derived(Derived::Fiscal { day: own(def, "CloseDate", neighbours), part });
    Some(match name {
        "StageName" => of_stage(Column::Name),
        "Probability" => of_stage(Column::Probability),
        "IsClosed" => of_stage(Column::IsClosed),
        "IsWon" => of_stage(Column::IsWon),
        "ForecastCategory" => of_stage(Column::ForecastCategory),
        "ForecastCategoryName" => of_stage(Column::ForecastCategoryName),
        "ExpectedRevenue" => derived(Derived::Percent {
            amount: own(def, "Amount", neighbours),
            percent: of_stage(Column::Probability),
        }),
        "Fiscal" => fiscal(FiscalPart::Period),
        "FiscalQuarter" => fiscal(FiscalPart::Quarter),
        "FiscalYear" => fiscal(FiscalPart::Year),
        "LastAmountChangedHistoryId" | "LastCloseDateChangedHistoryId" => Plan::Null,
        _ => return None,
    })
}

fn case(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    Some(match field.name.as_str() {
        "Status" => of_choice(Choices::Cases, Column::Name),
        "IsClosed" => of_choice(Choices::Cases, Column::IsClosed),
        "ClosedDate" => when(of_choice(Choices::Cases, Column::IsClosed), Plan::Modified),
        "AccountId" => derived(Derived::Via {
            reference: own(def, "ContactId", neighbours),
            targets: account_of("Contact", neighbours).into_iter().collect(),
            otherwise: usual(def, field, neighbours),
        }),
        _ => return None,
    })
}

/// A converted lead names its contact and that contact's account.
fn lead(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    let is_converted = || of_choice(Choices::Leads, Column::IsConverted);
    Some(match field.name.as_str() {
        "Status" => of_choice(Choices::Leads, Column::Name),
        "IsConverted" => is_converted(),
        "ConvertedDate" => when(is_converted(), derived(Derived::DayOf(Plan::Modified))),
        "ConvertedContactId" => when(is_converted(), always("Contact", topic_of(field), neighbours)),
        "ConvertedAccountId" => derived(Derived::Via {
            reference: own(def, "ConvertedContactId", neighbours),
            targets: account_of("Contact", neighbours).into_iter().collect(),
            otherwise: Plan::Null,
        }),
        "ConvertedOpportunityId" => Plan::Null,
        _ => return None,
    })
}

fn task(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    let is_closed = || of_choice(Choices::Tasks, Column::IsClosed);
    let is = |name: &str, text: &str| {
        derived(Derived::Is { plan: own(def, name, neighbours), text: text.to_owned() })
    };
    Some(match field.name.as_str() {
        "Status" => of_choice(Choices::Tasks, Column::Name),
        "IsClosed" => is_closed(),
        "CompletedDateTime" => when(is_closed(), Plan::Modified),
        "IsHighPriority" => is("Priority", "High"),
        "TaskSubtype" => Plan::Pick {
            choices: ["Task", "Task", "Task", "Email", "Call"]
                .map(|kind| Value::Text(kind.to_owned()))
                .into(),
            filled: 100,
            topic: topic_of(field),
        },
        "CallDurationInSeconds" | "CallType" | "CallDisposition" | "CallObject" => {
            when(is("TaskSubtype", "Call"), usual(def, field, neighbours))
        }
        _ => return activity(def, field, neighbours),
    })
}

fn event(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    let start = || Plan::DateTime { topic: EVENT, filled: 100 };
    let end = || derived(Derived::After { start: start(), minutes: EVENT_MINUTES });
    Some(match field.name.as_str() {
        "StartDateTime" | "ActivityDateTime" => start(),
        "ActivityDate" => derived(Derived::DayOf(start())),
        "EndDateTime" => end(),
        "EndDate" => derived(Derived::DayOf(end())),
        "DurationInMinutes" => Plan::Fixed(Value::Int(EVENT_MINUTES)),
        "IsAllDayEvent" => no(),
        "GroupEventType" => fixed("0"),
        "EventSubtype" => fixed("Event"),
        _ => return activity(def, field, neighbours),
    })
}

/// What tasks and events share: the account behind them, no series, and a reminder only where one is set.
fn activity(def: &ObjectDef, field: &FieldDef, neighbours: &Neighbours) -> Option<Plan> {
    Some(match field.name.as_str() {
        "AccountId" => derived(Derived::Via {
            reference: own(def, "WhatId", neighbours),
            targets: ["Account", "Opportunity", "Contract"]
                .iter()
                .filter_map(|object| account_of(object, neighbours))
                .collect(),
            otherwise: derived(Derived::Via {
                reference: own(def, "WhoId", neighbours),
                targets: account_of("Contact", neighbours).into_iter().collect(),
                otherwise: Plan::Null,
            }),
        }),
        "ReminderDateTime" => when(
            own(def, "IsReminderSet", neighbours),
            Plan::DateTime { topic: topic_of(field), filled: 100 },
        ),
        "IsRecurrence" => no(),
        name if name.starts_with("Recurrence") => Plan::Null,
        _ => return None,
    })
}

/// A generated row of an object in every row; null if it has none.
fn always(object: &str, topic: u64, neighbours: &Neighbours) -> Plan {
    neighbours.generated.get(object).map_or(Plan::Null, |neighbour| Plan::Reference {
        prefix: neighbour.prefix.clone(),
        first: neighbour.first,
        count: neighbour.count,
        filled: 100,
        topic,
    })
}

/// The account that rows of an object belong to, or are.
fn account_of(object: &str, neighbours: &Neighbours) -> Option<Target> {
    let neighbour = neighbours.generated.get(object)?;
    let (prefix, first) = (neighbour.prefix.clone(), neighbour.first);
    let plan = if object == "Account" {
        Plan::Aligned { prefix: prefix.clone(), first, count: neighbour.count, divisor: 1 }
    } else {
        own(&neighbour.def, "AccountId", neighbours)
    };
    let (seed, stamps) = (neighbours.seed_of(object), neighbours.stamps_of(object));
    Some(Target { prefix, first, seed, stamps, plan })
}

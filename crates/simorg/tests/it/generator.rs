//! Generated rows: the same for the same seed, related, varied, and cheap at any number.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use simorg::model::{FieldType, ObjectDef, Value};
use simorg::state::{Org, Scan, StampRange, View};
use simorg::{SimOrg, simorg::StartError};

fn epoch() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).expect("a time")
}

fn all_text(org: &Org, object: &str) -> Vec<String> {
    let view = org.admin_view();
    let def = view.object(object).expect("an object");
    let mut rows = Vec::new();
    view.scan(&def, Scan::default(), &mut |row| {
        let cells: Vec<String> = def.fields.iter().map(|field| row.value(field).to_plain_text()).collect();
        rows.push(format!("{} {}", row.id(), cells.join("|")));
        ControlFlow::Continue(())
    });
    rows
}

fn each(view: &View, def: &ObjectDef, mut visit: impl FnMut(&simorg::state::Row)) {
    view.scan(def, Scan::default(), &mut |row| {
        visit(row);
        ControlFlow::Continue(())
    });
}

#[test]
fn the_same_seed_gives_the_same_rows_and_another_seed_others() {
    let org = |seed| SimOrg::with_records("Contact", 300).seed(seed).epoch(epoch()).build().expect("an org");
    let (one, same, other) = (org(7), org(7), org(8));
    assert_eq!(all_text(&one, "Contact"), all_text(&same, "Contact"));
    assert_ne!(all_text(&one, "Contact"), all_text(&other, "Contact"));
}

#[test]
fn every_reference_of_a_generated_row_leads_to_a_row_of_a_right_type() {
    let org = SimOrg::demo(3000).epoch(epoch()).build().expect("an org");
    let view = org.admin_view();
    let mut followed = 0;
    for def in view.objects() {
        each(&view, &def, |row| {
            for field in def.fields.iter().filter(|f| f.kind == FieldType::Reference) {
                let value = row.value(field);
                if value.is_null() {
                    continue;
                }
                let target = row.referenced(field).unwrap_or_else(|| {
                    panic!("{}.{} of {} leads nowhere: {value:?}", def.name, field.name, row.id())
                });
                assert!(
                    field.reference_to.iter().any(|name| name == target.object_name()),
                    "{}.{}",
                    def.name,
                    field.name
                );
                followed += 1;
            }
        });
    }
    assert!(followed > 10_000, "{followed}");
}

#[test]
fn values_keep_the_rules_of_their_fields() {
    let org = SimOrg::demo(2000).epoch(epoch()).build().expect("an org");
    let view = org.admin_view();
    for def in view.objects() {
        each(&view, &def, |row| {
            for field in &def.fields {
                let value = row.value(field);
                let at = || format!("{}.{} of {}: {value:?}", def.name, field.name, row.id());
                if let Value::Text(text) = &value {
                    assert!(!text.is_empty(), "{}", at());
                    assert!(field.length == 0 || text.chars().count() <= field.length as usize, "{}", at());
                }
                if value.is_null() && def.kind == simorg::model::ObjectKind::Standard {
                    assert!(
                        !field.is_required() || field.kind == FieldType::Picklist,
                        "{} is required",
                        at()
                    );
                }
                if let Value::DateTime(ms) = value {
                    assert_eq!(ms % 1000, 0, "{}", at());
                }
            }
        });
    }
}

#[test]
fn texts_hold_what_breaks_careless_readers() {
    let org = SimOrg::with_records("Lead", 3000)
        .records("Account", 2000)
        .records("Case", 3000)
        .epoch(epoch())
        .build()
        .expect("an org");
    let all = [all_text(&org, "Lead"), all_text(&org, "Account"), all_text(&org, "Case")].concat().join("\n");
    for part in [
        "\r\n",
        "\"",
        ",",
        "\\",
        "\u{1F600}",
        "\u{5E9}",
        "|NA|",
        "|null|",
        "|#N/A|",
        "|=1+1|",
        "|\u{A0}leading",
        "||",
    ] {
        assert!(all.contains(part), "{part:?} occurs");
    }
    assert!(all.len() > 100_000);
}

#[test]
fn an_unbounded_range_of_stamps_finds_every_row_and_a_narrow_one_only_its_own() {
    let org = SimOrg::with_records("Account", 5000).epoch(epoch()).build().expect("an org");
    let view = org.admin_view();
    let def = view.object("Account").expect("an object");
    let found = |from_ms, until_ms| {
        let mut ids = Vec::new();
        let scan = Scan { with_deleted: false, stamped: Some(StampRange { from_ms, until_ms }) };
        view.scan(&def, scan, &mut |row| {
            assert!((from_ms..until_ms).contains(&row.stamp_ms()));
            ids.push(row.id().to_owned());
            ControlFlow::Continue(())
        });
        assert!(ids.is_sorted(), "rows come in the order of their ids");
        ids.len()
    };
    let end = epoch().timestamp_millis() + 1000;
    assert_eq!(found(0, end), 5000);
    let day = 86_400_000;
    let (older, newer) = (found(0, end - 30 * day), found(end - 30 * day, end));
    assert_eq!(older + newer, 5000);
    assert!(newer > 300 && newer < 1000, "{newer}");
}

#[test]
fn ten_million_rows_cost_nothing_until_they_are_read() {
    let org = SimOrg::with_records("Account", 10_000_000).epoch(epoch()).build().expect("an org");
    let view = org.admin_view();
    let def = view.object("Account").expect("an object");
    assert_eq!(view.count(&def, false), 10_000_000);
    let mut last = String::new();
    let mut seen = 0;
    view.scan(
        &def,
        Scan {
            with_deleted: false,
            stamped: Some(StampRange { from_ms: epoch().timestamp_millis() - 5_400_000, until_ms: i64::MAX }),
        },
        &mut |row| {
            row.id().clone_into(&mut last);
            seen += 1;
            ControlFlow::Continue(())
        },
    );
    assert!((100..20_000).contains(&seen), "{seen}");
    assert!(view.row(&def, &last).is_some());
}

#[test]
fn a_generated_row_can_be_changed_and_deleted_like_any_other() {
    let org = SimOrg::new()
        .bare()
        .records("Account", 50)
        .records("Contact", 200)
        .epoch(epoch())
        .build()
        .expect("an org");
    let view = org.admin_view();
    let (account, contact) =
        (view.object("Account").expect("an object"), view.object("Contact").expect("an object"));
    let mut first = None;
    view.scan(&account, Scan::default(), &mut |row| {
        first = Some(row.id().to_owned());
        ControlFlow::Break(())
    });
    let first = first.expect("a row");
    let mut children = BTreeSet::new();
    each(&view, &contact, |row| {
        if row.value_of("AccountId") == Value::Id(first.clone()) {
            children.insert(row.id().to_owned());
        }
    });
    assert!(!children.is_empty());

    org.write(&org.admin(), |transaction| transaction.delete(&first)).expect("deleted");

    let after = org.admin_view();
    assert_eq!(after.count(&account, false), 49);
    assert_eq!(after.count(&account, true), 50);
    assert_eq!(after.count(&contact, false), 200 - children.len() as u64);
    for child in children {
        assert!(after.row(&contact, &child).expect("in the bin").is_deleted());
    }
}

#[test]
fn the_sums_of_generated_masters_fit_their_details() {
    let org = SimOrg::new()
        .bare()
        .records("Project__c", 7)
        .records("Invoice__c", 40)
        .epoch(epoch())
        .build()
        .expect("an org");
    let view = org.admin_view();
    let (project, invoice) =
        (view.object("Project__c").expect("an object"), view.object("Invoice__c").expect("an object"));
    let mut counted = std::collections::BTreeMap::new();
    each(&view, &invoice, |row| {
        *counted.entry(row.value_of("Project__c").to_plain_text()).or_insert(0_u64) += 1;
    });
    each(&view, &project, |row| {
        assert_eq!(row.value_of("Invoice_Count__c").to_plain_text(), counted[row.id()].to_string());
    });
}

#[test]
fn objects_that_are_not_there_or_fixed_cannot_be_generated() {
    assert!(
        matches!(SimOrg::with_records("Acount", 1).build(), Err(StartError::UnknownObject(name)) if name == "Acount")
    );
    assert!(
        matches!(SimOrg::with_records("User", 1).build(), Err(StartError::FixedObject(name)) if name == "User")
    );
}

#[test]
fn the_default_org_has_rows_of_every_object_that_can_be_read() {
    let org = SimOrg::new().build().expect("an org");
    let view = org.admin_view();
    let mut total = 0;
    for def in view.objects() {
        let count = view.count(&def, true);
        // Each object and field has its row for each profile.
        if !matches!(def.name.as_str(), "ObjectPermissions" | "FieldPermissions") {
            total += count;
        }
        let may_be_empty =
            !def.flags.queryable || matches!(def.name.as_str(), "UserRecordAccess" | "ContentFolder");
        assert!(may_be_empty || count > 0, "{} has no rows", def.name);
    }
    assert!((200..600).contains(&total), "{total}");
}

//! Queries over many rows: what they find must not depend on how they are found.

use anyhow::Result;
use simorg::model::Value;
use simorg::soql::{Context, Outcome, plan, run};
use simorg::state::Scan;
use simorg::{Org, SimOrg};

const ROWS: u64 = 100_000;

fn answer(org: &Org, statement: &str) -> Result<Outcome> {
    let view = org.admin_view();
    let plan = plan(statement, Context { view: &view, version: 67, today: org.now().date_naive() })?;
    Ok(run(&plan, &view, false))
}

fn rows(org: &Org, statement: &str) -> Result<Vec<u64>> {
    match answer(org, statement)? {
        Outcome::Rows(rows) => Ok(rows),
        other => anyhow::bail!("not rows: {other:?}"),
    }
}

/// The middle of the stamps, as a SOQL literal.
fn stamp_at(org: &Org, place: usize) -> Result<String> {
    let row =
        rows(org, &format!("SELECT Id FROM Account ORDER BY SystemModstamp, Id LIMIT 1 OFFSET {place}"))?[0];
    let view = org.admin_view();
    let object = view.object("Account").ok_or_else(|| anyhow::anyhow!("no Account"))?;
    let id = simorg::model::ids::record_id("001", row);
    let row = view.row(&object, &id).ok_or_else(|| anyhow::anyhow!("no row"))?;
    Ok(simorg::model::value::datetime_text(row.stamp_ms(), "Z"))
}

#[test]
fn windows_of_stamps_part_the_rows_and_keyset_pages_find_them_all() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", ROWS).build()?;
    let all = rows(&org, "SELECT Id FROM Account ORDER BY SystemModstamp, Id")?;
    assert_eq!(all.len() as u64, ROWS);
    let stamp = stamp_at(&org, 1500)?;

    let before = rows(
        &org,
        &format!("SELECT Id FROM Account WHERE SystemModstamp < {stamp} ORDER BY SystemModstamp, Id"),
    )?;
    let after = rows(
        &org,
        &format!("SELECT Id FROM Account WHERE SystemModstamp >= {stamp} ORDER BY SystemModstamp, Id"),
    )?;
    assert_eq!([before, after].concat(), all, "half-open windows lose and repeat nothing");

    let last = simorg::model::ids::record_id("001", 70_000);
    let tail = rows(&org, &format!("SELECT Id FROM Account WHERE Id > '{last}' ORDER BY Id LIMIT 2000"))?;
    assert_eq!(tail, (70_001..72_001).collect::<Vec<u64>>());
    let newest = rows(&org, "SELECT Id FROM Account ORDER BY SystemModstamp DESC, Id DESC LIMIT 5")?;
    assert_eq!(newest, all.iter().rev().take(5).copied().collect::<Vec<_>>());
    Ok(())
}

#[test]
fn counts_and_maxima_agree_with_the_rows() -> Result<()> {
    let org = SimOrg::new().bare().records("Account", ROWS).build()?;
    let Outcome::Groups(groups) = answer(
        &org,
        "SELECT COUNT(Id), COUNT(Industry), MAX(SystemModstamp), MIN(CreatedDate) FROM Account",
    )?
    else {
        anyhow::bail!("not groups");
    };
    let view = org.admin_view();
    let object = view.object("Account").ok_or_else(|| anyhow::anyhow!("no Account"))?;
    let (mut filled, mut newest, mut oldest) = (0, i64::MIN, i64::MAX);
    view.scan(&object, Scan::default(), &mut |row| {
        filled += i64::from(!row.value_of("Industry").is_null());
        newest = newest.max(row.stamp_ms());
        oldest = oldest.min(row.value_of("CreatedDate").as_ms().unwrap_or(i64::MAX));
        std::ops::ControlFlow::Continue(())
    });
    let values: Vec<Value> = groups[0].iter().map(|(_, value)| value.clone()).collect();
    let expected = [
        Value::Int(i64::try_from(ROWS)?),
        Value::Int(filled),
        Value::DateTime(newest),
        Value::DateTime(oldest),
    ];
    assert_eq!(values, expected);
    let Outcome::Groups(years) = answer(
        &org,
        "SELECT CALENDAR_YEAR(CreatedDate), COUNT(Id) FROM Account GROUP BY CALENDAR_YEAR(CreatedDate)",
    )?
    else {
        anyhow::bail!("not groups");
    };
    let total: f64 = years.iter().filter_map(|year| year[1].1.as_f64()).sum();
    assert!((total - 100_000.0).abs() < f64::EPSILON);
    Ok(())
}

/// The double negation hides the equality from the index.
#[test]
fn rows_found_by_an_index_are_those_found_by_reading_all() -> Result<()> {
    let org = SimOrg::new()
        .bare()
        .records("Account", 500)
        .records("Contact", 3_000)
        .records("Opportunity", 1_000)
        .records("Project__c", 700)
        .records("Invoice__c", 1_500)
        .records("Task", 900)
        .build()?;
    let account = simorg::model::ids::record_id("001", 7);
    let (first, last) = (rows(&org, "SELECT Id FROM Contact")?[0], simorg::model::ids::record_id("003", 30));
    assert_eq!(first, 1);
    // A written row lies over a generated one, and a new one beside them.
    org.write(&org.admin(), |transaction| {
        let fields = serde_json::json!({"AccountId": account, "LastName": "Moved"});
        transaction.update("Contact", &last, fields.as_object().expect("an object"))?;
        transaction.insert("Contact", fields.as_object().expect("an object"))
    })?;
    for (object, field, target) in [
        ("Contact", "AccountId", "Account"),
        ("Contact", "ReportsToId", "Contact"),
        ("Opportunity", "AccountId", "Account"),
        ("Invoice__c", "Project__c", "Project__c"),
        ("Task", "WhatId", "Account"),
        ("Account", "ParentId", "Account"),
        ("Account", "OwnerId", "User"),
    ] {
        let mut found = 0;
        for counter in 1..40 {
            let view = org.admin_view();
            let prefix = view.object(target).ok_or_else(|| anyhow::anyhow!("no {target}"))?.id_prefix.clone();
            let id = simorg::model::ids::record_id(&prefix, counter);
            let by_index = rows(&org, &format!("SELECT Id FROM {object} WHERE {field} = '{id}'"))?;
            let by_reading = rows(&org, &format!("SELECT Id FROM {object} WHERE NOT {field} != '{id}'"))?;
            assert_eq!(by_index, by_reading, "{object}.{field} = {target} {counter}");
            found += by_index.len();
        }
        assert!(found > 0, "{object}.{field} points to none of the first rows of {target}");
    }
    Ok(())
}

#[test]
fn codes_and_numbers_lead_to_their_rows() -> Result<()> {
    let org = SimOrg::new().bare().records("Project__c", 2_000).records("Invoice__c", 2_000).build()?;
    let view = org.admin_view();
    for (object, field) in
        [("Project__c", "External_Id__c"), ("Project__c", "Strict_Id__c"), ("Invoice__c", "Name")]
    {
        let def = view.object(object).ok_or_else(|| anyhow::anyhow!("no {object}"))?;
        for counter in [1, 2, 999, 2_000] {
            let id = simorg::model::ids::record_id(&def.id_prefix, counter);
            let row = view.row(&def, &id).ok_or_else(|| anyhow::anyhow!("no row"))?;
            let held = row.value_of(field).to_plain_text();
            let found = rows(&org, &format!("SELECT Id FROM {object} WHERE {field} = '{held}'"))?;
            assert_eq!(found, [counter], "{object}.{field} = {held}");
        }
        assert!(
            rows(&org, &format!("SELECT Id FROM {object} WHERE {field} IN ('nobody', 'X-1')"))?.is_empty()
        );
    }
    Ok(())
}

#[test]
fn rows_created_since_a_moment_are_found_without_those_before() -> Result<()> {
    let org = SimOrg::new().bare().records("Lead", 5_000).build()?;
    let moment = (org.now() - chrono::Duration::days(400)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let by_index = rows(&org, &format!("SELECT Id FROM Lead WHERE CreatedDate >= {moment}"))?;
    let by_reading = rows(&org, &format!("SELECT Id FROM Lead WHERE NOT CreatedDate < {moment}"))?;
    assert!(by_index.len() > 100 && by_index.len() < 4_000, "{}", by_index.len());
    assert_eq!(by_index, by_reading);
    Ok(())
}

#[test]
fn activities_are_counted_without_the_archived() -> Result<()> {
    let org = SimOrg::new().bare().records("Task", 3_000).build()?;
    let Outcome::Count(counted) = answer(&org, "SELECT COUNT() FROM Task")? else {
        anyhow::bail!("not a count")
    };
    assert_eq!(counted, rows(&org, "SELECT Id FROM Task")?.len() as u64);
    assert!(counted < 3_000);
    Ok(())
}

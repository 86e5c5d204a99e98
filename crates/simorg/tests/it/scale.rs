//! Queries over many rows: what they find must not depend on how they are found.

use anyhow::Result;
use simorg::soql::{Context, Outcome, plan, run};
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
    assert_eq!(groups[0][0].1, simorg::model::Value::Int(i64::try_from(ROWS)?));
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

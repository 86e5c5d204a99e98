//! Numbers for Prometheus.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::site::Site;

///
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_lights_verification_and_api_use_of_each_org_they_may_view() -> Result<()> {
    let site = Site::start().await?;
    site.app.backup().await?;
    let owner = site.owner().await?;
    let org = site.org_id().await?;
    let text = owner.get("/metrics").await?.text;
    let number = |name: &str| {
        let line = format!("holdfast_{name}{{org_id=\"{org}\"}} ");
        let found = text.lines().find_map(|told| told.strip_prefix(&line));
        found.unwrap_or_else(|| panic!("{name} is not in {text}")).parse::<u64>().unwrap()
    };
    assert!(text.contains(&format!("holdfast_org_info{{org_id=\"{org}\",name=\"acme\"}} 1\n")), "{text}");
    assert_eq!((number("org_is_yellow"), number("org_is_connected")), (0, 1));
    let captured = number("last_captured_timestamp_seconds");
    assert!(number("last_verified_timestamp_seconds") <= captured && captured > 1_700_000_000);
    let (used, allowed) = (number("org_api_calls_used"), number("org_api_calls_allowed"));
    assert!(used > 0 && used < allowed, "{used} of {allowed}");
    // Who the user is costs no call of the org's day, and answers may come in another order than the calls.
    let own = number("org_api_calls_own");
    assert!(own > 0 && own.abs_diff(used) <= 8, "{own} of {used}");
    assert_eq!((number("org_api_budget_percent"), number("org_api_budget_is_reached")), (80, 0));
    assert_eq!(number("files_pending"), 0);
    assert!(text.contains("holdfast_is_served{} 0\n"), "nobody captures: {text}");

    // The text format of Prometheus: a family is told once, with its help and its kind before its samples.
    let mut helped = BTreeSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let name = help.split(' ').next().unwrap().to_owned();
            assert!(helped.insert(name.clone()), "{name} is told twice");
        } else if !line.starts_with('#') {
            assert!(helped.contains(line.split('{').next().unwrap()), "{line}");
        }
    }
    let member = site.member(&owner, "max@acme.example", &[]).await?;
    let blind = member.get("/metrics").await?.text;
    assert!(!blind.contains(&org), "{blind}");
    site.end().await
}

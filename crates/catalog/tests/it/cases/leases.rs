//! Leases, also under contention.

use futures::future::join_all;
use holdfast_catalog::leases::{self, Lease};
use holdfast_domain::ErrorCode;

use crate::stand::{Stand, minutes, noon};

pub(crate) async fn a_lease_has_one_owner_until_its_time_runs_out(stand: Stand) {
    let catalog = stand.open().await;
    let db = catalog.db();
    let acquire = |owner: &'static str, at: i64| {
        leases::acquire(catalog.db(), "org/Account", owner, minutes(at + 5), minutes(at))
    };

    assert!(acquire("first", 0).await.unwrap());
    assert!(!acquire("second", 4).await.unwrap());
    assert!(!acquire("first", 4).await.unwrap());
    leases::renew(db, "org/Account", "first", minutes(8)).await.unwrap();
    assert!(!acquire("second", 7).await.unwrap());
    assert!(acquire("second", 8).await.unwrap());
    let late = leases::renew(db, "org/Account", "first", minutes(20)).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::LeaseLost);
    leases::release(db, "org/Account", "first").await.unwrap();
    let held = leases::list(db, minutes(9)).await.unwrap();
    assert_eq!(held, [Lease { name: "org/Account".into(), owner: "second".into(), until: minutes(13) }]);
    leases::release_all(db, "second").await.unwrap();
    assert!(acquire("third", 9).await.unwrap());
}

pub(crate) async fn of_many_processes_at_once_exactly_one_gets_the_lease(stand: Stand) {
    let processes = [stand.open().await, stand.open().await];
    for round in 0..20 {
        let name = format!("object {round}");
        // Half of the rounds start with a lease that has run out.
        if round % 2 == 0 {
            assert!(leases::acquire(processes[0].db(), &name, "dead", noon(), minutes(-9)).await.unwrap());
        }

        let tries = (0..8).map(|n| {
            let (db, name) = (processes[n % 2].db(), &name);
            async move { leases::acquire(db, name, &format!("owner {n}"), minutes(5), noon()).await.unwrap() }
        });
        let winners = join_all(tries).await.into_iter().filter(|won| *won).count();

        assert_eq!(winners, 1, "round {round}");
    }
}

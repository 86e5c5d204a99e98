//! Who may call, what it costs, what goes wrong on request.

use simorg::{Effect, Endpoint, Fault};

use super::*;

#[tokio::test]
async fn every_form_of_the_address_is_answered() {
    let org = Metadata::start().await;
    for path in [
        "/services/Soap/m/62.0",
        "/services/Soap/m/62.0/",
        "/services/Soap/m/67.0/00D5g000000000AEAQ",
        "/services/Soap/m/67.0/deployRequest/0Af5g0000000001CAA",
    ] {
        let answer = org
            .call_at(path, "listMetadata", "<queries><type>Flow</type></queries>", &org.client.token)
            .await;
        assert_eq!((answer.status, answer.results().len()), (200, 1), "{path}");
    }
}

#[tokio::test]
async fn without_a_session_nothing_is_answered_and_every_call_counts() {
    let org = Metadata::start().await;
    let refused = org.call_at("/services/Soap/m/67.0", "describeMetadata", "", "00Dxx!no").await;
    assert_eq!((refused.status, refused.fault().0), (500, "sf:INVALID_SESSION_ID"));

    org.admin(Method::PUT, "/limits", json!({"max": 2, "used": 0})).await;
    for _ in 0..2 {
        assert_eq!(org.call("listMetadata", "<queries><type>Flow</type></queries>").await.status, 200);
    }
    let third = org.call("listMetadata", "<queries><type>Flow</type></queries>").await;
    assert_eq!(third.fault().0, "sf:REQUEST_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn faults_strike_calls_and_jobs() {
    let org = Metadata::start().await;
    let faults = org.client.running.faults();
    faults.add(Fault::at(Endpoint::Metadata, Effect::SessionExpired).once());
    assert_eq!(org.call("describeMetadata", "").await.fault().0, "sf:INVALID_SESSION_ID");
    assert_eq!(org.call("describeMetadata", "").await.status, 200);

    let failed = Effect::JobFailed { message: "An unexpected error occurred.".to_owned() };
    faults.add(Fault::at(Endpoint::Metadata, failed).on_object("retrieve").once());
    let (result, files) = org.retrieve(&[("ApexClass", &["*"])]).await;
    assert_eq!(
        (result.text_of("status"), result.text_of("errorStatusCode")),
        (Some("Failed"), Some("UNKNOWN_EXCEPTION"))
    );
    assert!(files.is_empty());

    faults.add(Fault::at(Endpoint::Metadata, Effect::JobStuck).on_object("deploy").times(2));
    let result = org.deploy(&[("package.xml", &manifest(&[]))], "").await;
    assert_eq!((result.text_of("done"), result.text_of("status")), (Some("false"), Some("InProgress")));
    let id = result.text_of("id").expect("an id").to_owned();
    assert_eq!(org.deploy_status(&id).await.text_of("status"), Some("Succeeded"));
}

#[tokio::test]
async fn an_unknown_call_is_the_clients_fault() {
    let org = Metadata::start().await;
    let answer = org.call("describeEverything", "").await;
    assert_eq!(answer.fault(), ("soapenv:Client", "No operation available for request describeEverything"));
}

#[tokio::test]
async fn those_who_may_not_modify_metadata_have_no_metadata_api() {
    const REFUSED: &str =
        "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions";
    let mut org = Metadata::start().await;
    org.client.sign_in(crate::client::STANDARD);
    for call in ["describeMetadata", "listMetadata", "retrieve", "deploy", "createMetadata", "deleteMetadata"]
    {
        let answer = org.call(call, "").await;
        assert_eq!(
            answer.fault(),
            ("sf:INSUFFICIENT_ACCESS", &*format!("INSUFFICIENT_ACCESS: {REFUSED}")),
            "{call}"
        );
    }
    for (method, path) in [(Method::GET, "/metadata"), (Method::POST, "/metadata/deployRequest")] {
        let refused = org.client.refused(method, path, json!({})).await;
        assert_eq!(refused, (403, "INSUFFICIENT_ACCESS".to_owned(), REFUSED.to_owned()), "{path}");
    }
    let simorg = org.client.running.org();
    let user = simorg.user_by_name(crate::client::STANDARD).expect("a user").id.clone();
    simorg.set_permissions(&user, |held| {
        held.set("ModifyMetadata", true);
    });
    assert_eq!(org.call("describeMetadata", "").await.status, 200);
    assert_eq!(org.client.get("/metadata").await.0, 200);
}

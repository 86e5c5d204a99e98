//! Members, how they get in, and what they may do.

use holdfast_catalog::members::{self, Identity, Member, Totp};
use holdfast_catalog::sessions::{self, Session, SignInWay};
use holdfast_catalog::tokens::{self, Token};
use holdfast_catalog::{
    Catalog, Error, InvitationId, MemberId, SessionId, TokenId, invitations, orgs, pending_sign_ins, rights,
    sign_in_failures,
};
use holdfast_domain::access::{MemberKind, Right, Rights, Role, Scope, Scopes};

use crate::stand::{Stand, minutes, noon};

fn member(email: &str, role: Role) -> Member {
    Member {
        id: MemberId::new(noon()),
        email: email.to_owned(),
        name: "Ada".to_owned(),
        role,
        kind: MemberKind::Person,
        password: Some("$argon2id$…".to_owned()),
        totp: Totp::default(),
        identity: None,
        is_disabled: false,
        created_at: noon(),
        last_seen_at: None,
    }
}

async fn with_member(catalog: &Catalog) -> Member {
    let ada = member("ada@acme.example", Role::Owner);
    members::insert(catalog.db(), &ada).await.unwrap();
    ada
}

pub(crate) async fn a_member_is_found_by_address_and_by_identity_and_both_are_theirs_alone(stand: Stand) {
    let catalog = stand.open().await;
    let ada = with_member(&catalog).await;
    let identity = Identity { issuer: "https://id.example".to_owned(), subject: "1".to_owned() };
    let linked = Member { identity: Some(identity.clone()), role: Role::Member, ..ada.clone() };
    members::set_identity(catalog.db(), ada.id, &identity).await.unwrap();
    members::set_standing(catalog.db(), ada.id, Role::Member, false).await.unwrap();
    members::seen(catalog.db(), ada.id, minutes(1)).await.unwrap();

    let expected = Member { last_seen_at: Some(minutes(1)), ..linked };
    assert_eq!(
        members::find_by_email(catalog.db(), "ada@acme.example").await.unwrap(),
        Some(expected.clone())
    );
    assert_eq!(members::find_by_identity(catalog.db(), &identity).await.unwrap(), Some(expected.clone()));
    assert_eq!(members::get(catalog.db(), ada.id).await.unwrap(), Some(expected));
    let same_address = members::insert(catalog.db(), &member("ada@acme.example", Role::Member)).await;
    assert!(matches!(same_address, Err(Error::AlreadyExists { what: "member", .. })));
    let bob = Member { identity: Some(identity), ..member("bob@acme.example", Role::Member) };
    assert!(matches!(members::insert(catalog.db(), &bob).await, Err(Error::AlreadyExists { .. })));
    assert_eq!(members::count_active(catalog.db(), Role::Owner).await.unwrap(), 0);
}

pub(crate) async fn codes_are_good_once(stand: Stand) {
    let catalog = stand.open().await;
    let ada = with_member(&catalog).await;
    let mut transaction = catalog.begin().await.unwrap();
    let hashes = ["one".to_owned(), "two".to_owned()];
    members::set_recovery_codes(&mut transaction, ada.id, &hashes).await.unwrap();
    holdfast_catalog::commit(transaction).await.unwrap();

    assert!(members::take_totp_step(catalog.db(), ada.id, 7).await.unwrap());
    assert!(!members::take_totp_step(catalog.db(), ada.id, 7).await.unwrap());
    assert!(!members::take_totp_step(catalog.db(), ada.id, 6).await.unwrap());
    assert!(members::take_recovery_code(catalog.db(), ada.id, "one").await.unwrap());
    assert!(!members::take_recovery_code(catalog.db(), ada.id, "one").await.unwrap());
    assert_eq!(members::count_recovery_codes(catalog.db(), ada.id).await.unwrap(), 1);
}

fn session(member: MemberId, at: i64) -> Session {
    Session {
        id: SessionId::new(minutes(at)),
        member,
        way: SignInWay::Password,
        is_complete: true,
        signed_in_at: minutes(at),
        last_seen_at: minutes(at),
        expires_at: minutes(at + 60),
        ip: Some("10.0.0.1".to_owned()),
        user_agent: None,
    }
}

pub(crate) async fn sessions_are_known_by_their_hash_and_end(stand: Stand) {
    let catalog = stand.open().await;
    let ada = with_member(&catalog).await;
    let (old, new) = (session(ada.id, 0), session(ada.id, 10));
    let half = Session { is_complete: false, ..session(ada.id, 20) };
    for (session, hash) in [(&old, "old"), (&new, "new"), (&half, "half")] {
        sessions::insert(catalog.db(), session, hash).await.unwrap();
    }
    assert_eq!(sessions::find(catalog.db(), "new").await.unwrap(), Some(new.clone()));
    assert_eq!(sessions::find(catalog.db(), "none").await.unwrap(), None);
    let listed = sessions::list(catalog.db(), ada.id, None, 10).await.unwrap();
    assert_eq!(listed, [new.clone(), old.clone()], "half a session is not listed");
    assert_eq!(
        sessions::list(catalog.db(), ada.id, Some(new.id), 10).await.unwrap(),
        std::slice::from_ref(&old)
    );

    let idle = std::time::Duration::from_mins(30);
    assert_eq!(sessions::remove_ended(catalog.db(), minutes(35), idle).await.unwrap(), 1);
    assert_eq!(sessions::get(catalog.db(), old.id).await.unwrap(), None);
    assert!(!sessions::remove(catalog.db(), MemberId::new(noon()), new.id).await.unwrap(), "not theirs");
    assert_eq!(sessions::remove_all(catalog.db(), ada.id, Some(new.id)).await.unwrap(), 1);
    members::remove(catalog.db(), ada.id).await.unwrap();
    assert_eq!(sessions::find(catalog.db(), "new").await.unwrap(), None, "they go with their member");
}

pub(crate) async fn an_address_has_one_invitation_and_it_is_taken_once(stand: Stand) {
    let catalog = stand.open().await;
    let invitation = |at| invitations::Invitation {
        id: InvitationId::new(minutes(at)),
        email: "ida@acme.example".to_owned(),
        name: None,
        role: Role::Member,
        kind: MemberKind::Service,
        invited_by: "Ada".to_owned(),
        created_at: minutes(at),
        expires_at: minutes(at + 1),
    };
    let (first, second) = (invitation(0), invitation(1));
    invitations::put(catalog.db(), &first, "one").await.unwrap();
    invitations::put(catalog.db(), &second, "two").await.unwrap();
    assert_eq!(invitations::find(catalog.db(), "one").await.unwrap(), None);
    assert_eq!(invitations::list(catalog.db(), None, 10).await.unwrap(), std::slice::from_ref(&second));
    let mut transaction = catalog.begin().await.unwrap();
    assert_eq!(invitations::take(&mut transaction, second.id).await.unwrap(), Some(second.clone()));
    assert_eq!(invitations::take(&mut transaction, second.id).await.unwrap(), None);
    holdfast_catalog::commit(transaction).await.unwrap();
    assert_eq!(invitations::find_by_email(catalog.db(), "ida@acme.example").await.unwrap(), None);
}

pub(crate) async fn tokens_and_rights_are_read_back_as_they_were_given(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let ada = with_member(&catalog).await;
    let token = Token {
        id: TokenId::new(noon()),
        member: ada.id,
        name: "ci".to_owned(),
        scopes: Scopes(vec![Scope::View, Scope::Team]),
        orgs: Some(vec![org.clone()]),
        beginning: "holdfast_abc".to_owned(),
        created_at: noon(),
        expires_at: Some(minutes(5)),
        last_used_at: None,
    };
    tokens::insert(catalog.db(), &token, "hash").await.unwrap();
    tokens::used(catalog.db(), token.id, minutes(1)).await.unwrap();
    let used = Token { last_used_at: Some(minutes(1)), ..token };
    assert_eq!(tokens::find(catalog.db(), "hash").await.unwrap(), Some(used.clone()));
    assert_eq!(
        tokens::list(catalog.db(), Some(ada.id), None, 10).await.unwrap(),
        std::slice::from_ref(&used)
    );
    let mut transaction = catalog.begin().await.unwrap();
    assert_eq!(tokens::remove(&mut transaction, MemberId::new(noon()), used.id).await.unwrap(), None);
    assert_eq!(tokens::remove(&mut transaction, ada.id, used.id).await.unwrap(), Some(used));
    holdfast_catalog::commit(transaction).await.unwrap();

    let given: Rights = [Right::View, Right::Restore].into_iter().collect();
    rights::set(catalog.db(), &org, ada.id, Rights::all()).await.unwrap();
    rights::set(catalog.db(), &org, ada.id, given).await.unwrap();
    assert_eq!(rights::of_member(catalog.db(), ada.id).await.unwrap(), [(org.clone(), given)].into());
    assert_eq!(rights::on_org(catalog.db(), &org).await.unwrap(), [(ada.id, given)].into());
    orgs::set_owner(catalog.db(), &org, Some(ada.id)).await.unwrap();
    assert_eq!(orgs::get(catalog.db(), &org).await.unwrap().unwrap().owner, Some(ada.id));
    members::remove(catalog.db(), ada.id).await.unwrap();
    assert_eq!(orgs::get(catalog.db(), &org).await.unwrap().unwrap().owner, None);
    assert!(rights::on_org(catalog.db(), &org).await.unwrap().is_empty());
}

pub(crate) async fn failures_in_a_row_are_counted_and_forgotten(stand: Stand) {
    let catalog = stand.open().await;
    for at in 0..3 {
        sign_in_failures::add(catalog.db(), "ada", minutes(at), minutes(at - 10)).await.unwrap();
    }
    let failures = sign_in_failures::get(catalog.db(), "ada").await.unwrap().unwrap();
    assert_eq!((failures.count, failures.last_at), (3, minutes(2)));
    sign_in_failures::add(catalog.db(), "ada", minutes(20), minutes(10)).await.unwrap();
    assert_eq!(sign_in_failures::get(catalog.db(), "ada").await.unwrap().unwrap().count, 1);
    sign_in_failures::take_back(catalog.db(), "ada").await.unwrap();
    sign_in_failures::take_back(catalog.db(), "ada").await.unwrap();
    assert_eq!(sign_in_failures::get(catalog.db(), "ada").await.unwrap().unwrap().count, 0);
    sign_in_failures::remove_before(catalog.db(), minutes(21)).await.unwrap();
    assert_eq!(sign_in_failures::get(catalog.db(), "ada").await.unwrap(), None);
    sign_in_failures::add(catalog.db(), "ada", minutes(0), noon()).await.unwrap();
    sign_in_failures::clear(catalog.db(), "ada").await.unwrap();
    assert_eq!(sign_in_failures::get(catalog.db(), "ada").await.unwrap(), None);
}

pub(crate) async fn a_sign_in_that_was_begun_is_taken_up_once_and_in_time(stand: Stand) {
    let catalog = stand.open().await;
    let take = |kind: &'static str, hash: &'static str, at: i64| {
        let catalog = catalog.clone();
        async move {
            let mut transaction = catalog.begin().await.unwrap();
            let taken = pending_sign_ins::take(&mut transaction, catalog.key(), kind, hash, minutes(at))
                .await
                .unwrap();
            holdfast_catalog::commit(transaction).await.unwrap();
            taken
        }
    };
    let begin = async |hash: &str, at: i64| {
        let mut transaction = catalog.begin().await.unwrap();
        let (key, until, at) = (catalog.key(), minutes(at + 10), minutes(at));
        pending_sign_ins::insert(&mut transaction, key, "org", hash, b"verifier", until, at).await.unwrap();
        holdfast_catalog::commit(transaction).await.unwrap();
    };
    for hash in ["a", "b", "c"] {
        begin(hash, 0).await;
    }
    let stored: Vec<(String,)> =
        sqlx::query_as("SELECT sealed FROM pending_sign_ins").fetch_all(catalog.db()).await.unwrap();
    assert!(stored.iter().all(|(sealed,)| !sealed.contains("verifier")));
    assert_eq!(take("org", "a", 1).await.as_deref(), Some(&b"verifier"[..]));
    assert_eq!(take("org", "a", 1).await, None);
    assert_eq!(take("single_sign_on", "b", 1).await, None, "another kind of sign-in");
    assert_eq!(take("org", "c", 10).await, None, "too late");
    begin("d", 0).await;
    begin("e", 10).await;
    let stored: Vec<(String,)> =
        sqlx::query_as("SELECT hash FROM pending_sign_ins").fetch_all(catalog.db()).await.unwrap();
    assert_eq!(stored, [("e".to_owned(),)], "what has expired goes with the next row");
}

pub(crate) async fn a_sign_in_is_finished_once_until_it_has_expired(stand: Stand) {
    let catalog = stand.open().await;
    let finish = async |hash: &str, at: i64| {
        let mut transaction = catalog.begin().await.unwrap();
        let (until, at) = (minutes(at + 10), minutes(at));
        let first =
            pending_sign_ins::note_finished(&mut transaction, "single_sign_on", hash, until, at).await;
        holdfast_catalog::commit(transaction).await.unwrap();
        first.unwrap()
    };
    assert!(finish("a", 0).await);
    assert!(!finish("a", 1).await);
    assert!(finish("b", 1).await, "another one");
    let left: Vec<(String,)> = {
        finish("c", 10).await;
        sqlx::query_as("SELECT hash FROM pending_sign_ins ORDER BY hash")
            .fetch_all(catalog.db())
            .await
            .unwrap()
    };
    assert_eq!(left, [("b".to_owned(),), ("c".to_owned(),)]);
}

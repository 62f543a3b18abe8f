//! What is known of a person who asks by way of an agent: the same wish again, the same token, the same person, and how
//! far the proof of who that is has come?

use std::sync::Arc;

use habeas_core::{
    event::Standing,
    id::{LegId, PartyId, RequestId},
    leg::{Leg, LegCancel, LegState, Progress},
    request::Request,
    state::Change,
    submission::Dedupe,
};
use habeas_store::{
    Store, StoreError,
    model::{LegSave, NewLeg, NewRequest, Receive, Save, Verification, Waiting},
};
use url::Url;

use crate::fixtures::*;

/// A request whose bytes are what makes it the same one; others before `since` do not count.
fn by_bytes(id: &str, since: i64) -> NewRequest {
    NewRequest { dedupe: Some(Dedupe::Bytes), repeats_since: at(since), ..new(id) }
}

async fn same_as(store: &dyn Store, new: NewRequest) -> Option<String> {
    match store.receive(new).await.unwrap() {
        Receive::Accepted => None,
        Receive::Exists(existing) => Some(existing.request.id.to_string()),
        Receive::TokenOfAnother => panic!("there is no token"),
    }
}

pub(crate) async fn the_same_bytes_are_the_same_request_while_it_is_open_and_young(store: Arc<dyn Store>) {
    let store = &*store;
    assert_eq!(same_as(store, by_bytes("r1", 0)).await, None);
    assert_eq!(same_as(store, by_bytes("r2", 0)).await.as_deref(), Some("r1"));
    let other = NewRequest { body: b"{}".to_vec(), ..by_bytes("r3", 0) };
    assert_eq!(same_as(store, other).await, None);
    assert_eq!(same_as(store, by_bytes("r4", 1)).await, None, "the first is too old");
    move_on(store, "r4", &Change::Cancel, &[]).await;
    assert_eq!(same_as(store, by_bytes("r5", 0)).await, None, "that one is final");
    assert_eq!(same_as(store, by_bytes("r6", 0)).await.as_deref(), Some("r5"));
    let theirs = by_bytes("r7", 0);
    let theirs = NewRequest { request: Request { upstream: Some(upstream("stranger")), ..theirs.request }, ..theirs };
    assert_eq!(same_as(store, theirs).await, None, "somebody else's");
}

pub(crate) async fn a_request_is_found_by_its_bytes_when_they_can_no_longer_be_read(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, by_bytes("r1", 0)).await;
    let found = async |party: &str, body: &[u8], since: i64| {
        let found = store.repeated(&US.parse().unwrap(), &PartyId::new(party), body, at(since)).await.unwrap();
        found.map(|id| id.to_string())
    };
    assert_eq!(found("party", BODY, 0).await.as_deref(), Some("r1"));
    for (party, body, since) in [("stranger", BODY, 0), ("party", b"{}".as_slice(), 0), ("party", BODY, 1)] {
        assert_eq!(found(party, body, since).await, None);
    }
    move_on(store, "r1", &Change::Cancel, &[]).await;
    assert_eq!(found("party", BODY, 0).await, None, "it is final");
}

pub(crate) async fn a_key_means_its_request_for_as_long_as_that_is_remembered(store: Arc<dyn Store>) {
    const DAYS: i64 = 24 * 60 * 60 * 1000;
    let store = &*store;
    let keyed = |id: &str, days: i64| {
        let new = NewRequest { dedupe: Some(Dedupe::Key("k".to_owned())), ..new(id) };
        let standing = Standing { received_at: at(days * DAYS), ..new.request.standing.clone() };
        NewRequest { request: Request { standing, ..new.request.clone() }, ..new }
    };
    accept(store, keyed("r1", 0)).await;
    assert_eq!(same_as(store, keyed("r2", 400)).await.as_deref(), Some("r1"), "it is open");
    let results = vec![RESULTS.parse().unwrap()];
    move_on(store, "r1", &Change::Start, &[]).await;
    move_on(store, "r1", &Change::Fulfill { results, expires_at: Some(at(20 * DAYS)) }, &[]).await;
    assert_eq!(same_as(store, keyed("r2", 20)).await.as_deref(), Some("r1"));
    assert_eq!(
        same_as(store, keyed("r2", 21)).await,
        None,
        "its results have ended, and nobody is told of it any more"
    );
    move_on(store, "r2", &Change::Cancel, &[]).await;
    assert_eq!(same_as(store, keyed("r3", 60)).await.as_deref(), Some("r2"));
    assert_eq!(same_as(store, keyed("r3", 61)).await, None);
}

pub(crate) async fn a_token_is_good_for_one_sender_and_one_organisation(store: Arc<dyn Store>) {
    let store = &*store;
    let with_token = |id: &str| NewRequest { token: Some([7; 32]), ..new(id) };
    accept(store, with_token("r1")).await;
    accept(store, with_token("r2")).await;
    let strangers = with_token("r3");
    let strangers =
        NewRequest { request: Request { upstream: Some(upstream("stranger")), ..strangers.request }, ..strangers };
    let elsewhere = with_token("r4");
    let elsewhere =
        NewRequest { request: Request { organisation: OTHER.parse().unwrap(), ..elsewhere.request }, ..elsewhere };
    for new in [strangers, elsewhere] {
        let id = new.request.id.clone();
        assert!(matches!(store.receive(new).await.unwrap(), Receive::TokenOfAnother));
        assert!(store.request(&id).await.unwrap().is_none(), "nothing of it is kept");
    }
}

pub(crate) async fn a_person_who_asks_again_is_recognized_until_the_request_is_shredded(store: Arc<dyn Store>) {
    let store = &*store;
    let asked = async |since: i64| {
        let identities = &mut subject().identities;
        identities[0].value = habeas_core::secret::Secret::new(format!("  {} ", EMAIL.to_uppercase()));
        store.asked_before(&US.parse().unwrap(), identities, at(since)).await.unwrap()
    };
    assert_eq!(asked(0).await, 0);
    accept(store, new("r1")).await;
    accept(store, new("r2")).await;
    accept(store, NewRequest { recognizable: false, ..new("r3") }).await;
    assert_eq!(asked(0).await, 0, "nobody has looked at them: anybody may have made them");
    for id in ["r1", "r2", "r3"] {
        move_on(store, id, &Change::Start, &[]).await;
    }
    assert_eq!((asked(0).await, asked(1).await), (2, 0));
    assert_eq!(store.asked_before(&OTHER.parse().unwrap(), &subject().identities, at(0)).await.unwrap(), 0);
    shred(store, "r1").await;
    assert_eq!(asked(0).await, 1);
}

/// Asks the person of a request to prove who they are, at that address.
async fn ask(store: &dyn Store, id: &str, token: &str) {
    let url: Url = format!("https://us.example/verify/{token}").parse().unwrap();
    let save = change(&current(store, id).await, &Change::AskVerification { url, until: None }, &[]);
    store.apply(Save { verification: Some(token.to_owned()), waiting: Some(Waiting::Held), ..save }).await.unwrap();
}

async fn verification(store: &dyn Store, token: &str) -> Option<Verification> {
    store.verification(&US.parse().unwrap(), token).await.unwrap()
}

pub(crate) async fn a_code_is_known_by_its_request_and_counted(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, new("r1")).await;
    ask(store, "r1", "token").await;
    assert!(verification(store, "other").await.is_none());
    assert!(store.verification(&OTHER.parse().unwrap(), "token").await.unwrap().is_none());
    let fresh = verification(store, "token").await.unwrap();
    assert_eq!((fresh.request.as_str(), fresh.tries, fresh.sendings, fresh.code_until), ("r1", 0, 0, None));
    assert!(!fresh.is_code("00000000"), "none was sent");

    store.save_verification(&fresh.clone().with_code("12345678", at(9))).await.unwrap();
    let stale = store.save_verification(&fresh.after_try()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "somebody was faster");
    let sent = verification(store, "token").await.unwrap();
    assert_eq!((sent.sendings, sent.code_until), (1, Some(at(9))));
    assert!(sent.is_code("12345678") && !sent.is_code("12345679"));
    store.save_verification(&sent.after_try()).await.unwrap();
    let tried = verification(store, "token").await.unwrap();
    assert_eq!((tried.tries, tried.sendings), (1, 1));
    store.save_verification(&tried.without_code()).await.unwrap();
    let failed = verification(store, "token").await.unwrap();
    assert_eq!((failed.sendings, failed.code_until), (0, None));
    assert!(!failed.is_code("12345678"));
}

pub(crate) async fn who_is_asked_anew_begins_anew_and_shredding_ends_it(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, new("r1")).await;
    ask(store, "r1", "first").await;
    let first = verification(store, "first").await.unwrap();
    store.save_verification(&first.with_code("12345678", at(9)).after_try()).await.unwrap();
    move_on(store, "r1", &Change::Verified, &[]).await;
    ask(store, "r1", "second").await;
    assert!(verification(store, "first").await.is_none());
    let second = verification(store, "second").await.unwrap();
    assert_eq!((second.tries, second.sendings, second.is_code("12345678")), (0, 0, false));
    shred(store, "r1").await;
    assert!(verification(store, "second").await.is_none());
}

pub(crate) async fn legs_wait_until_they_are_released_by_stage(store: Arc<dyn Store>) {
    let store = &*store;
    let waiting = |name: &str, stage| NewLeg { due_at: None, stage, ..new_leg(leg("r1", name)) };
    accept(store, NewRequest { legs: vec![waiting("l1", 0), waiting("l2", 1)], ..new("r1") }).await;
    assert!(lease_legs(store, 900).await.is_empty());
    let note = |request: &Request| change(request, &Change::Note { words: DETAILS.to_owned() }, &[]);
    let becomes = async |waiting: Waiting| {
        let save = note(&current(store, "r1").await);
        store.apply(Save { waiting: Some(waiting), ..save }).await.unwrap();
    };
    becomes(Waiting::Due { stage: 0, at: at(50) }).await;
    assert!(lease_legs(store, 40).await.is_empty());
    let leased = lease_legs(store, 50).await;
    assert_eq!(leased.iter().map(|one| one.row.leg.id.as_str()).collect::<Vec<_>>(), ["l1"]);

    // Whoever has the lease loses it: nothing is sent of what is held.
    becomes(Waiting::Held).await;
    let released = store.release_leg(&LegId::new("l1"), leased[0].fence, at(60)).await;
    assert!(matches!(released, Err(StoreError::Stale)));
    assert!(lease_legs(store, 900).await.is_empty());

    // What was given up before it was sent has nobody heard of.
    change_leg(store, "l2", |save| LegSave { leg: Leg { state: LegState::Waived, ..save.leg }, ..save }).await;
    becomes(Waiting::Held).await;

    becomes(Waiting::Due { stage: 1, at: at(70) }).await;
    assert_eq!(lease_legs(store, 70).await.len(), 1);
    becomes(Waiting::GivenUp).await;
    let states: Vec<_> =
        store.legs(&RequestId::new("r1")).await.unwrap().into_iter().map(|row| (row.leg.state, row.due_at)).collect();
    assert_eq!(states, [(LegState::Waived, None), (LegState::Waived, None)]);
    assert!(lease_legs(store, 900).await.is_empty());
}

pub(crate) async fn what_is_revoked_is_taken_back_in_the_same_breath(store: Arc<dyn Store>) {
    let store = &*store;
    let legs = ["l1", "l2", "l3"].map(|name| new_leg(leg("r1", name))).to_vec();
    accept(store, NewRequest { legs, ..new("r1") }).await;
    for (name, progress) in [("l2", Progress::Pending), ("l3", Progress::Fulfilled)] {
        change_leg(store, name, |save| LegSave { leg: sent(&save.leg, progress), due_at: Some(at(900)), ..save }).await;
    }
    let save = change(&current(store, "r1").await, &Change::Cancel, &[]);
    let save = Save { waiting: Some(Waiting::TakenBack { at: at(50) }), shred_after: Some(at(60)), ..save };
    store.apply(save).await.unwrap();
    let rows = store.legs(&RequestId::new("r1")).await.unwrap();
    let stand: Vec<_> = rows.iter().map(|row| (row.leg.state.name(), row.leg.cancel, row.due_at)).collect();
    let expected = [
        ("waived", LegCancel::No, None),
        ("pending", LegCancel::Wanted, Some(at(50))),
        ("fulfilled", LegCancel::No, Some(at(900))),
    ];
    assert_eq!(stand, expected);

    assert_eq!(store.shred(at(70), 9).await.unwrap(), 0, "a party is still to be asked, by what is sealed");
    change_leg(store, "l2", |save| {
        let leg = Leg { cancel: LegCancel::Done, ..sent(&save.leg, Progress::Cancelled) };
        LegSave { leg, due_at: None, ..save }
    })
    .await;
    assert_eq!(store.shred(at(70), 9).await.unwrap(), 1);
}

pub(crate) async fn a_leg_that_was_tried_is_neither_held_nor_given_up(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, NewRequest { legs: vec![new_leg(leg("r1", "l1"))], ..new("r1") }).await;
    let leased = lease_legs(store, 0).await.remove(0);
    let message = habeas_store::Frozen {
        method: http::Method::POST,
        url: CALLBACK.parse().unwrap(),
        headers: http::HeaderMap::new(),
        body: BODY.to_vec(),
    };
    store.freeze(&LegId::new("l1"), leased.fence, &message).await.unwrap();
    let note = async || change(&current(store, "r1").await, &Change::Note { words: DETAILS.to_owned() }, &[]);
    let held = store.apply(Save { waiting: Some(Waiting::Held), ..note().await }).await;
    assert!(matches!(held, Err(StoreError::Stale)), "it may have arrived");
    store.apply(Save { waiting: Some(Waiting::GivenUp), ..note().await }).await.unwrap();
    assert_eq!(the_leg(store, "l1").await.leg.state, LegState::Unsent);
    store.release_leg(&LegId::new("l1"), leased.fence, at(60)).await.unwrap();
    change_leg(store, "l1", |save| LegSave { leg: Leg { state: LegState::Waived, ..save.leg }, ..save }).await;
    assert!(the_leg(store, "l1").await.was_tried(), "its party may have it, whoever gave it up");
    let held = store.apply(Save { waiting: Some(Waiting::Held), ..note().await }).await;
    assert!(matches!(held, Err(StoreError::Stale)));
}

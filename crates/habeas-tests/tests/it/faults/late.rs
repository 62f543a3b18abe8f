//! A party that lets its date pass shows everywhere, until there is news.

use habeas_core::clock::{DAY_MS, Instant, SECOND_MS};
use serde_json::{Value, json};

use super::watched;
use crate::{
    controller::party::{DATE, item, status},
    world::{
        Behavior, World,
        fake::{Fake, SUBMIT, Sent},
    },
};

fn at(text: &str) -> Instant {
    Instant::from_ms(habeas_wire::time::parse_strict(text).unwrap())
}

/// A request that the party has, and says nothing new of.
async fn world() -> (World, Fake, Sent) {
    let world = watched(Default::default()).await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    (world, fake, sent)
}

impl World {
    /// Goes to just after that date, and works.
    async fn just_after(&self, date: &str) {
        self.clock.set(at(date).plus_ms(SECOND_MS));
        self.work().await;
    }

    /// Whether this request's only leg is late, by every account.
    async fn is_late(&self, sent: &Sent) -> bool {
        let listed = self.legs_listed("?late=true").await;
        let ours: Vec<&Value> = listed.iter().filter(|leg| leg["request_id"] == sent.id.as_str()).collect();
        let late = !ours.is_empty();
        assert!(ours.iter().all(|leg| leg["late"] == true && leg["party"] == "fake.localhost"), "{ours:?}");
        assert_eq!(self.faults("late").await.len(), usize::from(late));
        assert!(self.measures(&format!("habeas_legs_late {}", u8::from(late))).await);
        assert_eq!(self.story(&sent.id).await["legs"][0]["late"], late);
        late
    }
}

#[tokio::test]
async fn a_party_past_its_date_is_late_and_the_operator_is_told_once() {
    let (world, _, sent) = world().await;
    world.clock.set(at(DATE));
    world.work().await;
    assert!(!world.is_late(&sent).await, "on its last day it is in time");
    assert!(world.alerts("party.late").is_empty());

    world.just_after(DATE).await;
    assert!(world.is_late(&sent).await);
    for _ in 0..5 {
        world.later(DAY_MS).await;
    }
    assert!(world.is_late(&sent).await);
    let alerts = world.alerts("party.late");
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(
        (&alerts[0]["organisation"], &alerts[0]["request_id"]),
        (&json!("shop.localhost"), &json!(sent.id.as_str()))
    );
    assert_eq!(alerts[0]["parties"].as_array().unwrap().len(), 1);
    let party = &alerts[0]["parties"][0];
    assert_eq!(
        (&party["party"], &party["state"], &party["expected_by"]),
        (&json!("fake.localhost"), &json!("pending"), &json!(DATE))
    );
}

#[tokio::test]
async fn a_party_that_named_no_date_is_late_after_the_one_that_we_promised() {
    let world = watched(Default::default()).await;
    let fake = Fake::open(&world);
    let silent = fake.accepting_with(|receipt| receipt["expected_completion_time"] = Value::Null);
    world.peer.script(SUBMIT, [silent]);
    let sent = world.sent("fake.localhost").await;
    world.peer.script(&item(&sent), [Behavior::Status(500)]);
    let promised = world.story(&sent.id).await["promised_by"].as_str().unwrap().to_owned();
    assert_eq!(promised, "2026-02-01T12:00:00Z");
    world.clock.set(at(&promised));
    world.work().await;
    assert!(!world.is_late(&sent).await);
    world.just_after(&promised).await;
    assert!(world.is_late(&sent).await);
    assert_eq!(world.alerts("party.late").len(), 1);
}

#[tokio::test]
async fn a_party_that_never_answered_is_late_too() {
    let world = watched(Default::default()).await;
    let _fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff]);
    let sent = world.sent("fake.localhost").await;
    world.just_after("2026-02-01T12:00:00Z").await;
    assert!(world.is_late(&sent).await);
    assert_eq!(world.alerts("party.late")[0]["parties"][0]["state"], "unsent");
}

#[tokio::test]
async fn a_later_date_by_callback_or_status_ends_the_lateness_until_it_has_passed() {
    for by_callback in [true, false] {
        let (world, fake, sent) = world().await;
        world.just_after(DATE).await;
        assert!(world.is_late(&sent).await);
        if by_callback {
            let mut news = sent.news("in_progress");
            news["expected_completion_time"] = json!("2026-02-10T00:00:00Z");
            world.call(fake.callback_of(&sent, news.to_string().into_bytes())).await.is(202);
            world.peer.script(&item(&sent), [fake.tells_of(&news)]);
        } else {
            let mut said = status(&sent, "pending");
            said["expected_completion_time"] = json!("2026-02-10T00:00:00Z");
            world.peer.script(&item(&sent), [fake.tells_of(&said)]);
            world.later(2 * DAY_MS).await;
        }
        assert!(!world.is_late(&sent).await, "it asked for more time");
        world.just_after("2026-02-10T00:00:00Z").await;
        assert!(world.is_late(&sent).await, "and did not keep that either");
        assert_eq!(world.alerts("party.late").len(), 1, "once for each request");
    }
}

#[tokio::test]
async fn news_without_a_new_date_leave_it_late() {
    let (world, fake, sent) = world().await;
    world.just_after(DATE).await;
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert!(world.is_late(&sent).await);
}

#[tokio::test]
async fn what_is_done_is_not_late() {
    let (world, fake, sent) = world().await;
    world.just_after(DATE).await;
    assert!(world.is_late(&sent).await);
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert!(!world.is_late(&sent).await);
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
}

#[tokio::test]
async fn of_two_parties_only_the_late_one_is_named() {
    let (world, fake, _) = world().await;
    let both = crate::controller::party::wish_to(&["mail.localhost", "fake.localhost"], "access");
    let story = world.wished_and_sent(&both).await;
    let id = habeas_core::id::RequestId::new(story["request_id"].as_str().unwrap());
    let item = format!("{SUBMIT}/{id}");
    let told = json!({"subject_request_id": id.as_str(), "request_status": "pending"});
    world.peer.script(&item, [fake.tells_of(&told)]);
    world.just_after(DATE).await;
    let late = world.legs_listed(&format!("?late=true&request={id}")).await;
    assert_eq!(late.len(), 1);
    assert_eq!(late[0]["party"], "fake.localhost");
    assert!(world.legs_listed("?late=true&party=mail.localhost").await.is_empty());
    let alerts = world.alerts("party.late");
    let ours = alerts.iter().find(|alert| alert["request_id"] == id.as_str()).unwrap();
    assert_eq!(ours["parties"].as_array().unwrap().len(), 1, "{ours}");
    assert!(world.measures("habeas_legs_late 2").await);
}

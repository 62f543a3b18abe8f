//! A party that needs longer than the sender was told is passed on to it (A44), by days.

use habeas_core::clock::Instant;
use serde_json::json;

use super::{AGENT, DAY_MS, HOUR_MS, MOUNTS};
use crate::world::{
    ID, Setup, World,
    fake::{Fake, Sent},
};

const FAKE: &str = "fake.localhost";

fn at(text: &str) -> Instant {
    Instant::from_ms(habeas_wire::time::parse_strict(text).unwrap())
}

fn text(instant: Instant) -> String {
    habeas_wire::time::format(instant.ms())
}

impl World {
    /// The agent's date by now, as it says itself.
    async fn agents_date(&self, mount: &str) -> String {
        self.of_agent("GET", mount).await.is(200).json()["expected_completion_time"].as_str().unwrap().to_owned()
    }

    /// The processor names another date, and nothing else.
    async fn names(&self, fake: &Fake, leg: &Sent, date: &str) {
        let mut news = leg.news("pending");
        news["expected_completion_time"] = json!(date);
        self.call(fake.callback_of(leg, news.to_string().into_bytes()).host(AGENT)).await.is(202);
        self.work().await;
    }
}

#[tokio::test]
async fn a_later_date_is_told_to_the_sender_by_days_and_not_by_hours() {
    for (mount, distributed) in MOUNTS {
        let world = World::with(Setup { downstream: &[FAKE], ..Setup::default() }).await;
        let fake = Fake::open(&world);
        let id = world.entrusted(mount).await;
        world.work().await;
        let url = world.leg_to(&id, FAKE).await["callback_url"].as_str().unwrap().to_owned();
        let path = url::Url::parse(&url).unwrap().path().to_owned();
        let leg = Sent { id: habeas_core::id::RequestId::new(ID), url, path };
        let first = world.agents_date(mount).await;
        assert_eq!(world.told_upstream(), ["pending", distributed]);

        world.names(&fake, &leg, &text(at(&first).plus_ms(HOUR_MS))).await;
        assert_eq!(world.agents_date(mount).await, first, "an hour is not worth a word");
        assert_eq!(world.told_upstream(), ["pending", distributed]);

        let later = text(at(&first).plus_ms(2 * DAY_MS));
        world.names(&fake, &leg, &later).await;
        assert_eq!(world.agents_date(mount).await, later);
        assert_eq!(world.told_upstream(), ["pending", distributed, distributed], "the same word, another date");
        let told = world.heard_from(AGENT).pop().unwrap().json();
        assert_eq!(told["expected_completion_time"], later);

        world.names(&fake, &leg, &text(at(&later).plus_ms(HOUR_MS))).await;
        world.names(&fake, &leg, &first).await;
        assert_eq!(world.agents_date(mount).await, later, "what was told is not taken back");
        assert_eq!(world.told_upstream().len(), 3);
    }
}

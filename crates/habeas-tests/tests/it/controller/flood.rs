//! A party that talks without end: what it signs is kept up to a bound, and buys nothing.

use habeas_core::clock::DAY_MS;
use serde_json::{Value, json};

use super::party::item;
use crate::world::{
    Call, World,
    fake::{Fake, Sent},
};

const DATES: [&str; 2] = ["2026-02-10T00:00:00Z", "2026-02-20T00:00:00Z"];

/// The `n`th callback: no two are the same, and the dates alternate.
fn date(fake: &Fake, sent: &Sent, n: usize) -> Call {
    let mut news = sent.news("pending");
    news["expected_completion_time"] = json!(DATES[n % 2]);
    news["n"] = json!(n);
    fake.callback_of(sent, news.to_string().into_bytes())
}

#[tokio::test]
async fn dates_without_end_make_a_bounded_number_of_receipts_and_buy_no_questions() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    for _ in 0..3 {
        world.until_tried_again(&sent.id).await;
        world.work().await;
    }
    let before = world.story(&sent.id).await["legs"][0].clone();
    let calls: Vec<Call> = (0..150).map(|n| date(&fake, &sent, n)).collect();
    for call in &calls {
        world.call(call.clone()).await.is(202);
    }
    let said = |leg: &Value| (leg["next_attempt_at"].clone(), leg["attempts"].clone());
    let after = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!(said(&after), said(&before), "a date is no news to ask more often for");
    assert!(DATES.contains(&after["expected_by"].as_str().unwrap()), "{after}");
    let kept = world.signed_for(&sent.id).await.len();
    assert!(kept <= 64, "{kept} receipts");
    assert!(kept > 30, "{kept} receipts");

    for call in &calls {
        world.call(call.clone()).await.is(202);
        let leg = world.story(&sent.id).await["legs"][0].clone();
        assert_eq!(leg["expected_by"], after["expected_by"], "a replay rolls nothing back");
        assert_eq!(said(&leg), said(&before));
    }
    assert_eq!(world.signed_for(&sent.id).await.len(), kept);

    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled", "what moves it is heard all the same");
    assert_eq!(world.signed_for(&sent.id).await.len(), kept + 1, "and kept");
    world.live(DAY_MS).await;
}

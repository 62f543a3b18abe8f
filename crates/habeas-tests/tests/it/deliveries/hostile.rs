//! Receivers that hang, dribble, send about and never end: none of them delays the others, and none is believed.

use std::sync::Arc;

use habeas_core::{
    delivery::{DeliveryState, Outcome},
    id::RequestId,
};
use habeas_engine::settings::Settings;
use tokio_util::sync::CancellationToken;

use crate::world::{Ask, Behavior, Setup, World, ask, fake::Fake};

/// The worker of a node, running until it is dropped.
struct Worker {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn start(world: &World) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(Arc::clone(&world.engine).run(stop.clone()));
        Self { stop, task }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.cancel();
        self.task.abort();
    }
}

#[tokio::test]
async fn bad_receivers_do_not_delay_a_good_one() {
    let settings = Settings { attempts_at_once: 64, attempts_per_host: 4, ..Settings::default() };
    let world = World::with(Setup { settings, ..Setup::default() }).await;
    let bad = [("hang", Behavior::Hang), ("trickle", Behavior::Trickle), ("around", Behavior::redirect("/elsewhere"))];
    let mut urls = Vec::new();
    for (name, behavior) in bad {
        let path = format!("/{name}");
        world.peer.script(&path, [behavior]);
        urls.push(world.peer.url(name, &path));
    }
    world.peer.script("/endless", [Behavior::Endless]);
    urls.push(world.peer.url("endless", "/endless"));
    let first = world.accepted(&Ask::erasure().id(&ask::id(0)).callbacks(&urls)).await;
    let worker = Worker::start(&world);
    for path in ["/hang", "/trickle"] {
        world.peer.wait_for(path, 1).await;
    }

    urls.push(world.peer.url("good", "/good"));
    let mut ids = vec![first];
    for n in 1..20 {
        ids.push(world.accepted(&Ask::erasure().id(&ask::id(n)).callbacks(&urls)).await);
    }
    world.peer.wait_for("/good", 19).await;
    for id in &ids[1..] {
        world.act(id, "fulfill", "").await.is(200);
    }
    world.peer.wait_for("/good", 57).await;

    for id in &ids {
        for lane in [0, 1] {
            let open = world.lane(id, lane).await.remove(0);
            assert!(matches!(open.state, DeliveryState::Due | DeliveryState::Leased), "nothing came of it yet");
            assert_eq!(open.attempts, 0);
        }
    }
    assert!(world.peer.heard("/hang").len() <= 4, "no more than its share of slots");
    assert!(world.peer.heard("/elsewhere").is_empty());
    drop(worker);
}

#[tokio::test]
async fn more_hanging_receivers_than_there_are_slots_leave_room_once_they_are_known() {
    let settings = Settings { attempts_at_once: 4, attempt_ms: 200, ..Settings::default() };
    let world = World::with(Setup { settings, ..Setup::default() }).await;
    let names: Vec<String> = (0..8).map(|n| format!("hang{n}")).collect();
    let urls: Vec<String> = names.iter().map(|name| world.peer.url(name, &format!("/{name}"))).collect();
    for name in &names {
        world.peer.script(&format!("/{name}"), [Behavior::Hang]);
    }
    world.accepted(&Ask::erasure().id(&ask::id(0)).callbacks(&urls)).await;
    let worker = Worker::start(&world);
    world.accepted(&Ask::erasure().id(&ask::id(1)).callbacks(&[world.peer.url("good", "/good")])).await;
    world.peer.wait_for("/good", 1).await;
    drop(worker);
}

/// What the only attempt at a receiver of this behavior came to.
async fn outcome(behavior: Behavior) -> (World, RequestId, Outcome) {
    // Only who never ends is cut off; for the others there is time enough on the slowest machine.
    let attempt_ms = match behavior {
        Behavior::Hang | Behavior::Trickle => 300,
        Behavior::Halt => 3000,
        _ => 60_000,
    };
    let settings = Settings { attempt_ms, ..Settings::default() };
    let world = World::with(Setup { settings, ..Setup::default() }).await;
    world.peer.script("/a", [behavior, Behavior::Status(200)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let last = world.deliveries(&id).await.remove(0).last.unwrap();
    assert!(last.answer.len() <= 4096, "so much of an answer is kept");
    (world, id, last.outcome)
}

#[tokio::test]
async fn who_hangs_or_dribbles_is_cut_off_and_tried_again() {
    for behavior in [Behavior::Hang, Behavior::Trickle] {
        let (world, id, outcome) = outcome(behavior).await;
        assert_eq!(outcome, Outcome::Failed("timeout"));
        world.until_due(&id, 0).await;
        world.work().await;
        assert_eq!(world.peer.heard("/a").len(), 2, "tried again");
    }
}

#[tokio::test]
async fn who_breaks_off_is_tried_again() {
    let (world, id, outcome) = outcome(Behavior::BreakOff).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    world.until_due(&id, 0).await;
    world.work().await;
    assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Delivered]);
}

#[tokio::test]
async fn an_answer_without_end_is_read_no_further_than_needed() {
    for behavior in [Behavior::Endless, Behavior::Halt] {
        let (world, id, outcome) = outcome(behavior).await;
        assert_eq!(outcome, Outcome::Answered(200), "the status came before the flood, or the silence");
        assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Delivered]);
        assert_eq!(world.peer.heard("/a").len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_never_followed() {
    for status in [301, 302, 303, 307, 308] {
        let world = World::new().await;
        let away = crate::world::Reply { status, ..Default::default() }.with("location", &world.peer.url("b", "/b"));
        world.peer.script("/a", [Behavior::Reply(away), Behavior::Status(200)]);
        let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
        world.work().await;
        assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Due], "{status}");
        world.until_due(&id, 0).await;
        world.work().await;
        assert_eq!(world.peer.statuses("/a").len(), 2);
        assert!(world.peer.heard("/b").is_empty(), "{status}");
    }
}

#[tokio::test]
async fn private_addresses_are_not_called_even_in_the_sandbox() {
    let world = World::new().await;
    for url in ["http://10.0.0.1/a", "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/"] {
        let refused = world.post(Ask::erasure().callbacks(&[url]).text()).await.is(400).json();
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("status_callback_urls[0]: "), "{message}");
        assert!(!message.contains(url), "{message}");
    }
}

#[tokio::test]
async fn callbacks_that_fail_on_a_partys_host_do_not_make_the_party_rest_for_others() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let urls: Vec<_> = (0..10).map(|n| world.peer.url("fake", &format!("/c{n}"))).collect();
    for n in 0..10 {
        world.peer.script(&format!("/c{n}"), [Behavior::BreakOff]);
    }
    world.accepted(&Ask::erasure().callbacks(&urls)).await;
    for _ in 0..4 {
        world.later(60_000).await;
    }
    let tried: usize = (0..10).map(|n| world.peer.heard(&format!("/c{n}")).len()).sum();
    assert!((3..40).contains(&tried), "the host of those callbacks rests: {tried}");
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "at once");
    drop(fake);
}

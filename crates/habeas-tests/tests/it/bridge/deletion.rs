//! One deletion is two erasures, and fulfilled only when both are.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::json;

use super::{ADS, MAIL, two};
use crate::world::{
    World,
    drp::{Exercise, words},
};

#[tokio::test]
async fn a_deletion_is_fulfilled_when_both_processors_are_done_and_not_before() {
    for (first, second) in [(MAIL, ADS), (ADS, MAIL)] {
        let world = World::with(two()).await;
        let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
        for (party, dialect) in [(MAIL, "opengdpr/1.0"), (ADS, "opengdpr/0.1.3")] {
            let leg = world.leg_at(&asked, party, "erasure").await;
            assert_eq!((&leg["dialect"], &leg["state"]), (&json!(dialect), &json!("pending")), "{leg}");
            assert_eq!(leg["receipt"]["signer"], party);
        }
        assert_eq!(world.stands(&asked).await, words("in_progress", None));
        let details = world.details(&asked).await;
        assert_eq!(details, "mail.localhost has the request; ads.localhost has the request");

        world.does(first, "erasure", "start", "").await;
        let details = world.details(&asked).await;
        assert!(details.contains(&format!("{first} is working on it")), "{details}");
        assert!(details.contains(&format!("{second} has the request")), "{details}");
        world.does(first, "erasure", "fulfill", "").await;
        assert_eq!(world.stands(&asked).await, words("in_progress", None));
        let details = world.details(&asked).await;
        assert!(details.contains(&format!("{first} is done")), "{details}");
        world.does(second, "erasure", "fulfill", "").await;
        assert_eq!(world.stands(&asked).await, words("fulfilled", None));
        assert_eq!(world.called_back("/a").last(), Some(&words("fulfilled", None)));
        let standing = world.standing(&asked).await;
        assert!(standing.get("results_url").is_none(), "nothing is handed back: {standing}");
    }
}

#[tokio::test]
async fn who_refuses_it_leaves_it_denied_and_never_fulfilled() {
    for refuses_first in [true, false] {
        let world = World::with(two()).await;
        let asked = world.exercised(&Exercise::deletion()).await;
        let deny = ("deny", r#"{"ground": "exempt"}"#);
        let steps = match refuses_first {
            true => [(MAIL, deny), (ADS, ("fulfill", ""))],
            false => [(ADS, ("fulfill", "")), (MAIL, deny)],
        };
        let (party, (what, body)) = steps[0];
        world.does(party, "erasure", what, body).await;
        assert_eq!(world.stands(&asked).await, words("in_progress", None), "the other may still be working");
        let (party, (what, body)) = steps[1];
        world.does(party, "erasure", what, body).await;
        world.live(DAY_MS).await;
        assert_eq!(world.stands(&asked).await.0, "denied");
    }
}

#[tokio::test]
async fn who_is_late_leaves_it_in_progress_and_is_named() {
    let world = World::with(two()).await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.does(MAIL, "erasure", "fulfill", "").await;
    world.live(60 * DAY_MS).await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    let listed = world.operate("GET", "/legs?late=true&organisation=business.localhost", "").await.is(200).json();
    assert_eq!(listed["legs"][0]["party"], ADS, "{listed}");
    world.does(ADS, "erasure", "fulfill", "").await;
    world.live(HOUR_MS).await;
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
}

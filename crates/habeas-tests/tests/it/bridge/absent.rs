//! Who was down when the request came, and what it turns out to serve.

use habeas_core::{
    clock::{DAY_MS, HOUR_MS},
    right::Right,
};
use habeas_engine::directory::Tenant;

use super::{ADS, MAIL, two};
use crate::world::{
    Fault, Setup, World,
    drp::{Exercise, words},
};

/// Neither erases.
fn nobody_erases(tenant: &mut Tenant) {
    if [MAIL, ADS].contains(&tenant.domain().as_str()) {
        tenant.organisation.capabilities.rights = vec![Right::Access];
    }
}

#[tokio::test]
async fn a_party_that_was_down_gets_its_share_when_it_is_back() {
    let world = World::with(two()).await;
    world.wire.breaks(ADS, Fault::Down);
    let asked = world.exercised(&Exercise::deletion()).await;
    world.live(3 * HOUR_MS).await;
    world.does(MAIL, "erasure", "fulfill", "").await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    world.wire.mend(ADS);
    world.live(DAY_MS).await;
    world.does(ADS, "erasure", "fulfill", "").await;
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
}

#[tokio::test]
async fn what_no_party_serves_is_the_operators_whether_that_was_known_at_once_or_not() {
    for down in [false, true] {
        let world = World::with(Setup { adjust: nobody_erases, ..two() }).await;
        if down {
            world.wire.breaks(MAIL, Fault::Down);
            world.wire.breaks(ADS, Fault::Down);
        }
        let asked = world.exercised(&Exercise::deletion()).await;
        for party in [MAIL, ADS] {
            world.wire.mend(party);
        }
        world.live(DAY_MS).await;
        assert_eq!(world.stands(&asked).await, words("in_progress", None), "down: {down}");
        assert!(world.details(&asked).await.contains("business.localhost is working on it"));
        world.act(&asked.id, "fulfill", "").await.is(200);
        assert_eq!(world.stands(&asked).await, words("fulfilled", None));
    }
}

#[tokio::test]
async fn a_person_whom_no_processor_can_be_told_of_is_the_operators() {
    for down in [false, true] {
        let world = World::with(two()).await;
        if down {
            world.wire.breaks(MAIL, Fault::Down);
            world.wire.breaks(ADS, Fault::Down);
        }
        for (n, exercise) in
            [(1, Exercise::deletion().claim("phone_number", "+12025550123")), (2, Exercise::deletion())]
        {
            let asked = world.exercised(&exercise.again(n).claim("email", serde_json::Value::Null)).await;
            for party in [MAIL, ADS] {
                world.wire.mend(party);
            }
            world.live(DAY_MS).await;
            assert_eq!(world.stands(&asked).await, words("in_progress", None), "down: {down}, {n}");
            assert!(world.details(&asked).await.contains("business.localhost is working on it"));
            world.act(&asked.id, "fulfill", "").await.is(200);
            assert_eq!(world.stands(&asked).await, words("fulfilled", None));
        }
        assert!(world.wire.all(|said| said.method == "POST").is_empty(), "nobody was sent anything");
    }
}

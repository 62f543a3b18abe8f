//! An opt-out is nobody's who does not say that it is, and never an erasure.

use habeas_core::{clock::DAY_MS, right::Right};
use habeas_engine::directory::Tenant;
use serde_json::json;

use super::{ADS, MAIL, two};
use crate::world::{
    Setup, Work, World,
    drp::{BUSINESS, Exercise, words},
};

/// mail.localhost takes opt-outs, too.
fn mail_takes_them(tenant: &mut Tenant) {
    if tenant.domain().as_str() == MAIL {
        tenant.organisation.capabilities.rights.push(Right::OptOutOfSale);
    }
}

#[tokio::test]
async fn who_does_not_list_it_hears_nothing_of_it_and_an_operator_does_it() {
    for down in [false, true] {
        let world = World::with(two()).await;
        if down {
            // Nobody can say what they support: that is no reason to tell them.
            world.wire.breaks(MAIL, crate::world::Fault::Down);
            world.wire.breaks(ADS, crate::world::Fault::Down);
        }
        let asked = world.exercised(&Exercise::of("sale:opt-out")).await;
        world.live(DAY_MS).await;
        assert!(world.story(&asked.id).await["legs"].as_array().unwrap().is_empty());
        assert!(world.wire.all(|said| said.method == "POST").is_empty());
        assert_eq!(world.details(&asked).await, "business.localhost is working on it");
        world.act(&asked.id, "fulfill", "").await.is(200);
        assert_eq!(world.stands(&asked).await, words("fulfilled", None));
    }
}

#[tokio::test]
async fn the_own_systems_are_told_of_what_no_party_does() {
    let world = World::with(Setup { work: Work::Webhook, ..two() }).await;
    world.exercised(&Exercise::of("sale:opt-out").with("relationships", json!(["customer"]))).await;
    let ours = || {
        let heard = world.peer.heard("/work").into_iter();
        heard.filter(|heard| heard.json()["organisation"] == BUSINESS).collect::<Vec<_>>()
    };
    let heard = ours();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].json()["rights"], json!(["opt-out-of-sale"]));
    assert_eq!(heard[0].json()["relationships"], json!(["customer"]));
    assert_eq!(heard[0].json()["regime"], "ccpa");

    world.exercised(&Exercise::deletion()).await;
    assert_eq!(ours().len(), 1, "what parties do is theirs");
}

#[tokio::test]
async fn a_party_that_lists_it_is_asked_in_its_words() {
    let world = World::with(Setup { adjust: mail_takes_them, ..two() }).await;
    let asked = world.exercised(&Exercise::of("sale:opt-out")).await;
    let posted = world.wire.all(|said| said.method == "POST" && [MAIL, ADS].contains(&said.to.as_str()));
    assert_eq!(posted.len(), 1);
    assert_eq!(posted[0].to, MAIL);
    assert_eq!(posted[0].json()["subject_request_type"], "sale:opt-out");
    world.does(MAIL, "opt-out-of-sale", "fulfill", "").await;
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
}

#[tokio::test]
async fn a_partys_later_date_does_not_move_a_deadline_that_the_law_does_not_let_move() {
    let world = World::with(Setup { adjust: mail_takes_them, ..two() }).await;
    let asked = world.exercised(&Exercise::of("sale:opt-out")).await;
    // Fifteen business days; mail says one month, by its own law.
    assert_eq!(asked.first["expected_by"], "2026-01-22T12:00:00+00:00");
    assert_eq!(world.leg_at(&asked, MAIL, "opt-out-of-sale").await["expected_by"], "2026-02-01T12:00:00Z");
    assert_eq!(world.standing(&asked).await["expected_by"], asked.first["expected_by"]);
}

#[tokio::test]
async fn an_opt_out_beside_a_deletion_waits_for_both() {
    let world = World::with(two()).await;
    let both = Exercise::deletion().with("exercise", json!(["sale:opt-out", "deletion"]));
    let asked = world.exercised(&both).await;
    for party in [MAIL, ADS] {
        world.does(party, "erasure", "fulfill", "").await;
    }
    assert_eq!(world.stands(&asked).await, words("in_progress", None), "the opt-out is the operator's");
    let details = world.details(&asked).await;
    assert!(details.contains("business.localhost is working on it"), "{details}");
    world.act(&asked.id, "fulfill", "").await.is(200);
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
}

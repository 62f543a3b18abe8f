//! Where a business wants a proof, the person is sent there with the three parameters, and only what the business says
//! afterwards counts.

use habeas_core::{clock::HOUR_MS, right::Right};
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};
use url::Url;

use crate::world::{
    Answered, Call, Setup, World,
    drp::{BUSINESS, HELPER, REDIRECT, of_business},
    pip::{EXERCISE, ID, Wish, Wished, claims_in, claims_of, says, standing, status_of},
};

const FORM: &str = "application/x-www-form-urlencoded";

fn verifying(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.business.verify = Right::ALL.to_vec());
}

impl World {
    async fn links(&self, wished: &Wished) -> Vec<(String, Url)> {
        let redirect: String = url::form_urlencoded::byte_serialize(REDIRECT.as_bytes()).collect();
        let path = format!("/requests/{}/verification?redirect_to={redirect}", wished.id);
        let said = self.operate("GET", &path, "").await.is(200).json();
        let link =
            |link: &Value| (link["party"].as_str().unwrap().to_owned(), link["url"].as_str().unwrap().parse().unwrap());
        said["links"].as_array().unwrap().iter().map(link).collect()
    }
}

fn parameters(link: &Url) -> Vec<(String, String)> {
    link.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_person_goes_the_whole_way_and_the_work_is_done() {
    let world = World::with(Setup { adjust: verifying, ..Setup::default() }).await;
    let wished = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    assert_eq!(world.leg_of(&wished).await["state"], "needs_verification");
    assert!(world.leg_of(&wished).await["verification_url"].as_str().unwrap().contains("/verify/"));
    // A while later: the token is made when it is needed.
    world.clock.advance(HOUR_MS);
    let (party, link) = world.links(&wished).await.pop().unwrap();
    assert_eq!((party.as_str(), link.host_str()), (BUSINESS, Some(BUSINESS)));
    let named = parameters(&link);
    let names: Vec<_> = named.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["identity", "redirect_to", "request_id"]);
    assert_eq!(named[1].1, REDIRECT);
    let sent = world.wire.all(|said| said.path == "/data-rights/exercise").remove(0);
    let (mut first, mut again) = (claims_in(sent.json()["identity"].as_str().unwrap()), claims_in(&named[0].1));
    for claims in [&mut first, &mut again] {
        claims.as_object_mut().unwrap().remove("iat");
    }
    assert_eq!(first, again, "the same claims");

    let at = |page: &str, form: Option<&str>| -> Call {
        let call = form.map_or_else(|| Call::get(page), |form| Call::post(page, form).header("content-type", FORM));
        call.host(BUSINESS)
    };
    let come = format!("{}?{}", link.path(), link.query().unwrap());
    let page: Answered = world.call(at(&come, None)).await.is(303);
    let page = page.header("location").to_owned();
    world.call(at(&page, Some("action=send"))).await.is(303);
    let code = world.letters.code();
    // To have been there proves nothing.
    assert_eq!(world.leg_of(&wished).await["state"], "needs_verification");
    let done = world.call(at(&page, Some(&format!("action=check&code={code}")))).await.is(303);
    assert_eq!(done.header("location"), REDIRECT);
    assert_eq!(world.leg_of(&wished).await["state"], "needs_verification", "the business says it, not the browser");
    world.work().await;
    assert_eq!(world.both_of(&wished).await, ("in_progress".to_owned(), "in_progress".to_owned()));
    assert!(world.links(&wished).await.is_empty());
}

#[tokio::test]
async fn who_does_not_prove_it_in_time_is_denied_here_too() {
    let world = World::with(Setup { adjust: verifying, ..Setup::default() }).await;
    let wished = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    world.live(8 * 24 * HOUR_MS).await;
    let story = world.story(&wished.id).await;
    assert_eq!((&story["state"], &story["ground"]), (&json!("denied"), &json!("insufficient_verification")));
    assert!(world.links(&wished).await.is_empty());
}

fn asks(url: &str) -> Value {
    let mut asks = standing("in_progress", Some("need_user_verification"));
    asks["user_verification_url"] = json!(url);
    asks
}

#[tokio::test]
async fn an_address_with_a_query_of_its_own_keeps_it() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(EXERCISE, [says(200, &asks("https://pip.example/prove?a=b&c=%20"))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    let (_, link) = world.links(&wished).await.pop().unwrap();
    assert!(link.as_str().starts_with("https://pip.example/prove?a=b&c="), "{link}");
    let named = parameters(&link);
    let value = |name: &str| named.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(
        (value("a"), value("c"), value("request_id"), value("redirect_to")),
        ("b".into(), " ".into(), ID.into(), REDIRECT.into())
    );
    let heard = world.peer.heard(EXERCISE).remove(0);
    assert_eq!(claims_in(&value("identity")), claims_of(&heard), "at the same moment it is the same token");
}

#[tokio::test]
async fn it_is_learnt_by_callback_and_by_asking_and_so_is_where_it_is_now() {
    let world = World::new().await;
    world.open_pip();
    let wished = world.asked_for(&Wish::erasure()).await;
    assert!(world.links(&wished).await.is_empty());
    world.call(world.pip_calls(&wished, &asks("https://pip.example/one"))).await.is(200);
    assert_eq!(world.links(&wished).await[0].1.path(), "/one");
    world.call(world.pip_calls(&wished, &asks("https://pip.example/two"))).await.is(200);
    assert_eq!(world.links(&wished).await[0].1.path(), "/two");
    world.peer.script(&status_of(ID), [says(200, &asks("https://pip.example/three"))]);
    world.live(2 * HOUR_MS).await;
    assert_eq!(world.links(&wished).await[0].1.path(), "/three");
    world.call(world.pip_calls(&wished, &standing("in_progress", None))).await.is(200);
    assert!(world.links(&wished).await.is_empty());
    world.call(world.pip_calls(&wished, &asks("https://pip.example/four"))).await.is(200);
    world.call(world.pip_calls(&wished, &standing("denied", Some("insuf_verification")))).await.is(200);
    assert!(world.links(&wished).await.is_empty());
    assert_eq!(world.story(&wished.id).await["ground"], "insufficient_verification");
}

#[tokio::test]
async fn nobody_is_sent_where_others_may_listen() {
    for url in [
        "http://pip.example/prove",
        "ftp://pip.example/",
        "javascript:alert(1)",
        "/prove",
        "https://u:p@pip.example/",
        "",
    ] {
        let world = World::new().await;
        world.open_pip();
        world.peer.script(EXERCISE, [says(200, &asks(url))]);
        let wished = world.asked_for(&Wish::erasure()).await;
        assert!(world.links(&wished).await.is_empty(), "{url}");
        assert_eq!(world.leg_of(&wished).await["state"], "in_progress", "{url}");
    }
}

#[tokio::test]
async fn the_link_is_for_an_operator_who_says_where_to_go_back_to() {
    let world = World::with(Setup { adjust: verifying, ..Setup::default() }).await;
    let wished = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    let path = format!("/requests/{}/verification", wished.id);
    for query in ["", "?redirect_to=", "?redirect_to=nowhere", "?redirect_to=https://a.example&more=1"] {
        world.operate("GET", &format!("{path}{query}"), "").await.is(400);
    }
    let call = Call::get(&format!("/api{path}?redirect_to={REDIRECT}")).host("operator");
    world.call(call.clone()).await.is(401);
    world.call(call.by(&crate::world::drp::secret(BUSINESS, HELPER))).await.is(401);
    // What is shown of the request holds no token.
    let story = world.story(&wished.id).await.to_string();
    assert!(!story.contains("eyJ"), "{story}");
}

/// Callbacks of this protocol have no time and no name of their own.
#[tokio::test]
async fn a_demand_for_a_proof_that_is_sent_once_more_is_asked_about() {
    let world = World::new().await;
    world.open_pip();
    let wished = world.asked_for(&Wish::erasure()).await;
    let mut demand = standing("in_progress", Some("need_user_verification"));
    demand["user_verification_url"] = json!("https://pip.localhost/verify/1");
    world.call(world.pip_calls(&wished, &demand)).await.is(200);
    assert_eq!(world.leg_of(&wished).await["state"], "needs_verification");
    world.call(world.pip_calls(&wished, &standing("in_progress", None))).await.is(200);
    world.work().await;
    assert!(world.peer.heard(&status_of(ID)).is_empty(), "what it says is believed");

    world.peer.script(&status_of(ID), [says(200, &standing("in_progress", None)), says(200, &demand)]);
    world.call(world.pip_calls(&wished, &demand)).await.is(200);
    world.work().await;
    assert_eq!(world.leg_of(&wished).await["state"], "in_progress", "nobody is sent to a page that is of no use");
    world.call(world.pip_calls(&wished, &demand)).await.is(200);
    world.work().await;
    assert_eq!(world.leg_of(&wished).await["state"], "needs_verification", "it means it");
    assert_eq!(world.peer.heard(&status_of(ID)).len(), 2);
}

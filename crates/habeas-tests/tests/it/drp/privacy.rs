//! What an agent's message brings of a person shows nowhere but where it must, and is gone when it is shredded.

use habeas_core::{clock::DAY_MS, right::Right};
use habeas_engine::directory::Tenant;
use habeas_wire::base64;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::world::{
    Answered, Call, Setup, Work, World,
    drp::{BUSINESS, Exercise, HELPER, REDIRECT, identity_key, of_business, secret},
    logs,
};

/// In everything that is personal here, in one case or the other.
const ANY: &str = "p3rs0n4l";
/// `p3rs0n4l` as it looks in base64, by where among three bytes it begins.
const ENCODED: [&str; 3] = ["cDNyczBuNG", "AzcnMwbjRs", "wM3JzMG40b"];
const EMAIL: &str = "p3rs0n4l@example.org";
const RESULTS: &str = "https://business.example/p3rs0n4l-results";

fn adjust(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.business.verify = vec![Right::Access]);
}

fn everything(world: &World) -> Exercise {
    Exercise::of("access")
        .claim("sub", ANY)
        .claim("name", format!("Ann {ANY}"))
        .claim("email", EMAIL)
        .claim("phone_number", "+12025550199")
        .claim("address", json!({"street_address": ANY, "region": ANY}))
        .claim("power_of_attorney", ANY)
        .claim("jti", ANY)
        .claim("https://helper.example/custom", json!({ANY: [ANY]}))
        .with("relationships", json!([ANY]))
        .with("more", ANY)
        .callback(world.peer.url("calls", &format!("/{ANY}")))
}

/// What is said of the person, in clear or in base64.
fn secrets(exercise: &Exercise, more: &[&str]) -> Vec<String> {
    let mut secrets: Vec<String> = ENCODED.iter().chain(more).map(|text| (*text).to_owned()).collect();
    secrets.extend([ANY.to_owned(), ANY.to_uppercase(), "2025550199".to_owned()]);
    secrets.push(base64::encode(EMAIL.as_bytes()));
    let token = exercise.token();
    secrets
        .extend(token.split('.').skip(1).flat_map(|part| [part[..20].to_owned(), part[part.len() - 20..].to_owned()]));
    secrets.extend([secret(HELPER, BUSINESS), secret(BUSINESS, HELPER), identity_key(HELPER, BUSINESS)]);
    secrets
}

fn assert_without(secrets: &[String], bytes: &[u8], place: &str) {
    for secret in secrets {
        let found = bytes.windows(secret.len()).position(|window| window == secret.as_bytes());
        let around =
            |at: usize| String::from_utf8_lossy(&bytes[at.saturating_sub(60)..(at + 60).min(bytes.len())]).into_owned();
        assert!(found.is_none(), "{secret} is in {place}: {}", found.map(around).unwrap_or_default());
    }
}

impl World {
    fn assert_files_without(&self, secrets: &[String]) {
        let mut files = 0;
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            assert_without(secrets, &std::fs::read(&path).unwrap(), &path.display().to_string());
            files += 1;
        }
        assert!(files >= 1);
    }

    fn rows(&self, table: &str) -> u32 {
        let db = rusqlite::Connection::open(self.folder.path().join("habeas.db")).unwrap();
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }
}

/// A person who has proved who they are, and what they met on the way.
struct Way {
    /// What the agent sent them with.
    link: String,
    /// Where they stayed.
    page: String,
    code: String,
    seen: Vec<Answered>,
}

/// The way of the person, with all that can go wrong on it.
async fn goes(world: &World, exercise: &Exercise, wire: &str) -> Way {
    let link = world.peer.heard(&format!("/{ANY}")).pop().unwrap().json()["user_verification_url"].clone();
    let link: url::Url = link.as_str().unwrap().parse().unwrap();
    let query = |identity: &str, redirect: &str, id: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("identity", identity).append_pair("redirect_to", redirect).append_pair("request_id", id);
        format!("{}?{}", link.path(), query.finish())
    };
    let redirect = format!("{REDIRECT}&{ANY}");
    let others = exercise.clone().claim("name", format!("Eve {ANY}")).token();
    let mut seen = Vec::new();
    for wrong in [
        query(&others, &redirect, wire),
        query(ANY, &redirect, wire),
        query(&exercise.token(), &format!("https://{ANY}.example/"), wire),
        query(&exercise.token(), &redirect, ANY),
    ] {
        seen.push(world.call(Call::get(&wrong).host(BUSINESS)).await.is(400));
    }
    let link = query(&exercise.token(), &redirect, wire);
    let page = world.call(Call::get(&link).host(BUSINESS)).await.is(303).header("location").to_owned();
    let press =
        |form: &str| Call::post(&page, form).header("content-type", "application/x-www-form-urlencoded").host(BUSINESS);
    world.letters.breaks(true);
    seen.push(world.call(press("action=send")).await.is(503));
    world.letters.breaks(false);
    seen.push(world.call(press("action=send")).await.is(303));
    let code = world.letters.code();
    seen.push(world.call(press(&format!("action=check&code={ANY}"))).await.is(200));
    seen.push(world.call(Call::get(&page).host(BUSINESS)).await.is(200));
    let done = world.call(press(&format!("action=check&code={code}"))).await.is(303);
    assert_eq!(done.header("location"), redirect);
    world.work().await;
    Way { link, page, code, seen }
}

/// What is refused, one for each kind of wrong.
fn mistakes(exercise: &Exercise) -> [Call; 7] {
    let mistake = |name: &str, value: Value| exercise.clone().with(name, value).call();
    [
        mistake("exercise", json!([ANY])),
        mistake("identity", json!(exercise.token().replacen('.', "..", 1))),
        mistake("status_callback", json!(format!("ftp://{ANY}.example/"))),
        exercise.clone().claim("iss", ANY).call(),
        exercise.clone().claim("email", json!([EMAIL])).call(),
        exercise.call().by(ANY),
        exercise.call().header("content-type", ANY),
    ]
}

#[tokio::test]
async fn nothing_of_a_person_is_in_the_log_the_database_or_an_error_and_in_the_end_nothing_is_left() {
    let world = World::with(Setup { adjust, keep_ms: DAY_MS, work: Work::Webhook, ..Setup::default() }).await;
    let exercise = everything(&world);
    let first = world.call(exercise.call().header("idempotency-key", ANY)).await.is(200).json();
    let wire = first["request_id"].as_str().unwrap().to_owned();
    let id = world.named_at(BUSINESS, &wire).await;
    world.work().await;
    let mut way = goes(&world, &exercise, &wire).await;
    let worked = world.peer.heard("/work").pop().unwrap().json().to_string();
    assert!(worked.contains(EMAIL), "here it must be: {worked}");
    world.act(&id, "fulfill", &json!({"results_url": RESULTS}).to_string()).await.is(200);
    world.work().await;

    for call in mistakes(&exercise) {
        let refused = world.call(call).await;
        assert!(refused.status >= 400, "{}", refused.text());
        way.seen.push(refused);
    }
    way.seen.push(world.call(exercise.clone().with("regime", ANY).call()).await.is(200));
    for answer in &way.seen {
        let shown = format!("{:?} {}", answer.headers, answer.text());
        assert!(!shown.to_lowercase().contains(ANY), "nobody says it back: {shown}");
    }
    let story = world.story(&id).await.to_string().replace(RESULTS, "");
    assert!(!story.contains(ANY), "{story}");
    let subject = world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(200).text();
    assert!(subject.contains(EMAIL) && subject.contains("+12025550199"), "here it must be: {subject}");

    let (token, ticket) = way.page.rsplit_once('/').unwrap();
    let token = token.rsplit('/').next().unwrap();
    let secrets = secrets(&exercise, &[&way.code, token, ticket, RESULTS]);
    assert_without(&secrets, logs::lines().as_bytes(), "the log");
    world.assert_files_without(&secrets);
    assert!(world.rows("blind_index") > 0 && world.rows("verifications") > 0);

    // Results stay for thirty days; then all of it goes.
    world.live(31 * DAY_MS).await;
    world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(410);
    assert!(world.engine.store().secrets(&id).await.unwrap().is_none());
    assert_eq!(["blind_index", "verifications", "request_secrets"].map(|table| world.rows(table)), [0; 3]);
    for path in [&way.page, &way.link] {
        world.call(Call::get(path).host(BUSINESS)).await.is(404);
    }
    world.assert_files_without(&secrets);
    assert_without(&secrets, logs::lines().as_bytes(), "the log");
    let story = world.story(&id).await.to_string();
    assert!(!story.contains(ANY), "{story}");
}

#[tokio::test]
async fn what_an_agent_makes_a_key_of_lies_nowhere_in_clear() {
    let world = World::new().await;
    let call = Exercise::deletion().call().header("idempotency-key", "c4na7y-ann@example.org");
    world.call(call).await.is(200);
    world.work().await;
    world.assert_files_without(&["c4na7y".to_owned()]);
}

#[tokio::test]
async fn what_was_denied_in_the_answer_is_shredded_in_its_turn() {
    let world = World::with(Setup { keep_ms: DAY_MS, ..Setup::default() }).await;
    let asked = world.exercised(&Exercise::deletion().with("regime", "lgpd")).await;
    world.operate("GET", &format!("/requests/{}/subject", asked.id), "").await.is(200);
    world.later(DAY_MS).await;
    world.operate("GET", &format!("/requests/{}/subject", asked.id), "").await.is(410);
    assert_eq!((world.rows("blind_index"), world.rows("request_secrets")), (0, 0));
}

#[tokio::test]
async fn a_token_is_known_again_after_its_person_is_forgotten() {
    fn same_key(tenant: &mut Tenant) {
        for peer in tenant.peers.iter_mut().filter(|peer| !peer.identity_keys.is_empty()) {
            let key = identity_key("everybody", "everybody");
            peer.identity_keys = vec![habeas_trust::token::TokenKey::secret(&key).unwrap()];
        }
    }
    let world = World::with(Setup { adjust: same_key, keep_ms: DAY_MS, ..Setup::default() }).await;
    let claims = json!({"sub": "ann", "email": "ann@example.org"});
    let token = crate::world::drp::token(&claims, &identity_key("everybody", "everybody"));
    let helper = Exercise::deletion().with("identity", token);
    let asked = world.exercised(&helper).await;
    world.revoke(&asked).await.is(200);
    world.later(100 * DAY_MS).await;
    assert!(world.engine.store().secrets(&asked.id).await.unwrap().is_none());
    let mut rival = helper.clone();
    rival.agent = crate::world::drp::RIVAL;
    world.call(rival.call()).await.is_drp_error(400);
}

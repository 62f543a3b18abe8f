//! Does a person get through, and nobody else?

use tempfile::TempDir;
use url::Url;

use crate::{
    agent::{Agent, Asked},
    browser::Browser,
};

const FIELD: &str = "The code of eight digits";

struct Scene {
    agent: Agent,
    browser: Browser,
    _folder: TempDir,
}

impl Scene {
    async fn open(scripts: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { agent: Agent::new(folder.path()), browser: Browser::open(scripts).await, _folder: folder }
    }

    /// Takes the person to the page, and asks for a code there.
    async fn come(&self, asked: &Asked) {
        self.browser.go(&asked.link(&self.agent.done())).await;
        let clean = self.browser.url().await;
        assert!(clean.path().starts_with(&format!("{}/", asked.url().path())), "{clean}");
        assert_eq!((clean.query(), clean.host_str()), (None, Some("shop.localhost")));
        let text = self.browser.text().await;
        for words in ["helper.localhost", "shop.localhost", "show you the personal data", "v…@example.org"] {
            assert!(text.contains(words), "{words} is not on the page:\n{text}");
        }
        self.browser.press("Send me the code").await;
        assert_eq!(self.browser.url().await, clean, "the same page again");
        assert!(self.browser.text().await.contains("A code was sent to v…@example.org."));
    }

    async fn enter(&self, code: &str) {
        self.browser.type_into(FIELD, code).await;
        self.browser.press("Confirm").await;
    }
}

fn word(status: &serde_json::Value) -> (&str, &str) {
    (status["status"].as_str().unwrap_or_default(), status["reason"].as_str().unwrap_or_default())
}

/// Another code than that.
fn wrong(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:08}", (number + 1) % 100_000_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_code_takes_the_person_back_to_the_agent() {
    for scripts in [true, false] {
        let scene = Scene::open(scripts).await;
        assert_eq!(scene.browser.runs_scripts().await, scripts);
        let asked = scene.agent.ask("ann");
        scene.come(&asked).await;
        assert_eq!(scene.browser.style("main", "max-width").await, "576px", "the stylesheet is there");
        let code = scene.agent.code(1);
        // As people type it.
        scene.enter(&format!("{} {}", &code[..4], &code[4..])).await;
        assert_eq!(scene.browser.url().await, scene.agent.done());
        let status = scene.agent.status(&asked.id);
        assert_ne!(word(&status), ("in_progress", "need_user_verification"), "{status}");
        assert!(status["user_verification_url"].is_null(), "{status}");
        let complaints = scene.browser.complaints();
        assert!(!complaints.contains("Content Security Policy"), "{complaints}");

        scene.browser.go(&asked.link(&scene.agent.done())).await;
        assert_eq!((scene.browser.heading().await.as_str(), scene.browser.forms().await), ("Nobody asks any more", 0));
        let logged = scene.agent.logged();
        for secret in asked.secrets().into_iter().chain([code.as_str(), "verify+ann", "thanks=1"]) {
            assert!(!logged.contains(secret), "{secret} is in the log");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_codes_end_it_where_the_person_is() {
    let scene = Scene::open(true).await;
    let asked = scene.agent.ask("ben");
    scene.come(&asked).await;
    let code = scene.agent.code(1);
    scene.enter("12345").await;
    assert!(scene.browser.described().await.contains("a code has eight digits"));
    for left in ["two more tries", "one more try"] {
        scene.enter(&wrong(&code)).await;
        let described = scene.browser.described().await;
        assert!(described.contains(&format!("That is not the code. You have {left}.")), "{described}");
    }
    scene.enter(&wrong(&code)).await;
    let heading = scene.browser.heading().await;
    assert_eq!(heading, "It could not be confirmed that the request comes from you");
    assert_eq!((scene.browser.forms().await, scene.browser.url().await.host_str()), (0, Some("shop.localhost")));
    assert_eq!(word(&scene.agent.status(&asked.id)), ("denied", "insuf_verification"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_code_takes_the_place_of_the_old_one() {
    let scene = Scene::open(true).await;
    let asked = scene.agent.ask("cleo");
    scene.come(&asked).await;
    let old = scene.agent.code(1);
    scene.browser.press("Send a new code").await;
    let new = scene.agent.code(2);
    scene.enter(&old).await;
    assert!(scene.browser.described().await.contains("That is not the code."));
    scene.enter(&new).await;
    assert_eq!(scene.browser.url().await, scene.agent.done());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_does_not_fit_asks_nothing_and_leads_nowhere() {
    let scene = Scene::open(true).await;
    let (asked, other) = (scene.agent.ask("dora"), scene.agent.ask("emil"));
    let done = scene.agent.done();
    let foreign: Url = "http://evil.localhost/done".parse().unwrap();
    let mut port = done.clone();
    port.set_port(Some(1)).unwrap();
    for (link, heading) in [
        (asked.link(&foreign), "This link does not work"),
        (asked.link(&port), "This link does not work"),
        (asked.with_id_of(&other, &done), "This link does not work"),
        (asked.with_person_of(&other, &done), "This link does not work"),
        (asked.url().clone(), "Please come by your link"),
    ] {
        scene.browser.go(&link).await;
        assert_eq!((scene.browser.heading().await.as_str(), scene.browser.forms().await), (heading, 0));
        assert_eq!(scene.browser.url().await.host_str(), Some("shop.localhost"));
        assert_eq!(word(&scene.agent.status(&asked.id)), ("in_progress", "need_user_verification"));
    }
}

//! A person's agent in the sandbox, played by the test: it makes requests of the shop, and sends the person there.

use std::path::Path;

use habeas_trust::token::TokenSigner;
use habeas_wire::jws::Unsigned;
use serde_json::{Value, json};
use url::Url;

use crate::{
    patience::until,
    wire::Call,
    world::{SHOP, World},
};

const HELPER: &str = "helper.localhost";
/// Whoever has an address that begins so is asked who they are.
const STEER: &str = "verify+";

/// The agent, and the world that it acts in.
pub(crate) struct Agent {
    world: World,
}

/// A request that waits for the person.
pub(crate) struct Asked {
    pub(crate) id: String,
    identity: String,
    url: Url,
}

impl Agent {
    /// In a world of its own.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { world: World::open(folder, 0) }
    }

    /// Asks the shop to show a person what it has of them, and waits until it wants to know who they are.
    pub(crate) fn ask(&self, name: &str) -> Asked {
        let identity = self.identity(&format!("{STEER}{name}@example.org"));
        let body = json!({
            "meta": { "version": "0.5" }, "regime": "ccpa", "exercise": ["access"], "identity": identity,
        });
        let answer = self.call().post(&format!("{}/exercise", self.base().path()), &body.to_string());
        assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(&answer.body));
        let id = answer.json()["request_id"].as_str().unwrap().to_owned();
        let url = until("a place where the person proves who they are", || {
            let status = self.status(&id);
            status["user_verification_url"].as_str().map(|url| url.parse().unwrap())
        });
        Asked { id, identity, url }
    }

    /// How far a request is.
    pub(crate) fn status(&self, id: &str) -> Value {
        self.call().get(&format!("{}/status?request_id={id}", self.base().path())).json()
    }

    /// Where people are sent back to.
    pub(crate) fn done(&self) -> Url {
        format!("http://{HELPER}:{}/done?thanks=1", self.world.port).parse().unwrap()
    }

    /// The code in the newest letter, of which there must be so many.
    pub(crate) fn code(&self, letters: usize) -> String {
        let outbox = Path::new(self.world.said["outbox"].as_str().unwrap());
        let mut paths: Vec<_> = std::fs::read_dir(outbox).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        assert_eq!(paths.len(), letters);
        let letter = std::fs::read_to_string(paths.last().unwrap()).unwrap();
        let code = letter.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 8);
        code.expect("a code in the letter").to_owned()
    }

    /// What the sandbox wrote into its log so far.
    pub(crate) fn logged(&self) -> String {
        self.world.server.logged()
    }

    fn identity(&self, email: &str) -> String {
        let claims = json!({ "iss": HELPER, "aud": SHOP, "sub": email, "name": "Ann Example", "email": email });
        let unsigned = Unsigned::new(br#"{"alg":"HS256","typ":"JWT"}"#, claims.to_string().as_bytes());
        let key = self.credential()["identity_key"].as_str().expect("a key for identity tokens");
        let signature = TokenSigner::secret(key).unwrap().sign(unsigned.signing_input()).unwrap();
        unsigned.signed(&signature)
    }

    fn base(&self) -> Url {
        let shop = self.shop();
        let mounts = shop["mounts"].as_array().unwrap().iter();
        let mut pips = mounts.filter(|mount| mount["dialect"] == "drp/0.5" && mount["role"] == "pip");
        pips.next().expect("the shop takes data rights requests")["base_url"].as_str().unwrap().parse().unwrap()
    }

    fn shop(&self) -> &Value {
        let organisations = self.world.said["organisations"].as_array().unwrap();
        organisations.iter().find(|one| one["domain"] == SHOP).expect("the shop")
    }

    fn credential(&self) -> &Value {
        let credentials = self.shop()["credentials"].as_array().unwrap();
        credentials.iter().find(|one| one["party"] == HELPER).expect("the agent may call the shop")
    }

    fn call(&self) -> Call<'_> {
        Call { port: self.world.port, host: SHOP, token: self.credential()["token"].as_str() }
    }
}

impl Asked {
    /// The link that takes the person to the shop, and then there.
    pub(crate) fn link(&self, redirect_to: &Url) -> Url {
        self.mixed(&self.identity, &self.id, redirect_to)
    }

    /// The same with another request's id.
    pub(crate) fn with_id_of(&self, other: &Self, redirect_to: &Url) -> Url {
        self.mixed(&self.identity, &other.id, redirect_to)
    }

    /// The same for another person.
    pub(crate) fn with_person_of(&self, other: &Self, redirect_to: &Url) -> Url {
        self.mixed(&other.identity, &self.id, redirect_to)
    }

    fn mixed(&self, identity: &str, id: &str, redirect_to: &Url) -> Url {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("identity", identity)
            .append_pair("redirect_to", redirect_to.as_str())
            .append_pair("request_id", id);
        url
    }

    /// The bare address, as it stands in the status.
    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }

    /// What nobody may find anywhere: the token, and the path.
    pub(crate) fn secrets(&self) -> [&str; 2] {
        [&self.identity, self.url.path().rsplit('/').next().unwrap()]
    }
}

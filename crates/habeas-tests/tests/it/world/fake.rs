//! A processor of the test's own, fake.localhost, that the controller deals with: honest unless told otherwise.

use std::sync::Arc;

use habeas_core::id::RequestId;
use habeas_trust::signing::SigningKey;
use habeas_wire::base64;
use serde_json::{Value, json};

use super::{Behavior, Call, Peer, Reply, World};

pub(crate) const DISCOVERY: &str = "/v1/discovery";
pub(crate) const CERTIFICATE: &str = "/v1/cert.pem";
pub(crate) const SUBMIT: &str = "/v1/opengdpr_requests";

/// The processor.
pub(crate) struct Fake {
    pub(crate) key: Arc<SigningKey>,
}

/// One of the pairs of headers that carry a signature.
pub(crate) const OPENGDPR: (&str, &str) = ("x-opengdpr-processor-domain", "x-opengdpr-signature");
pub(crate) const OPENDSR: (&str, &str) = ("x-opendsr-processor-domain", "x-opendsr-signature");

impl Fake {
    /// Opens at the recording peer.
    pub(crate) fn open(world: &World) -> Self {
        let fake = Self { key: Arc::new(world.keys.signing("fake.localhost")) };
        let discovery = json!({
            "api_version": "1.0",
            "supported_identities": [{"identity_type": "email", "identity_format": "raw"}],
            "supported_subject_request_types": ["access", "erasure"],
            "processor_certificate": world.peer.url("fake", CERTIFICATE),
        });
        world.peer.script(DISCOVERY, [Behavior::Reply(Reply::json(200, discovery.to_string()))]);
        fake.shows(&world.peer, &world.keys.chain("fake.localhost"));
        world.peer.script(SUBMIT, [fake.accepting()]);
        fake
    }

    /// Serves this certificate from now on.
    pub(crate) fn shows(&self, peer: &Peer, pem: &str) {
        let reply = Reply { status: 200, headers: vec![], body: pem.as_bytes().to_vec() };
        peer.script(CERTIFICATE, [Behavior::Reply(reply)]);
    }

    /// The headers that sign a body.
    pub(crate) fn headers(&self, body: &[u8]) -> [(&'static str, String); 2] {
        signed_by(&self.key, "fake.localhost", body)
    }

    /// Takes requests in, with honest receipts.
    pub(crate) fn accepting(&self) -> Behavior {
        let key = Arc::clone(&self.key);
        Behavior::by(move |heard| {
            let body = json!({
                "controller_id": "shop at fake",
                "expected_completion_time": "2026-01-31T12:00:00Z",
                "received_time": "2026-01-01T12:00:00Z",
                "encoded_request": base64::encode(&heard.body),
                "subject_request_id": heard.json()["subject_request_id"],
            });
            answer(&key, 201, &body)
        })
    }

    /// Takes requests back.
    pub(crate) fn cancelling(&self, id: &str) -> Behavior {
        let body = json!({
            "controller_id": "shop at fake", "received_time": "2026-01-01T12:00:00Z", "subject_request_id": id,
        });
        Behavior::Reply(answer(&self.key, 202, &body))
    }

    /// Says how a request stands.
    pub(crate) fn saying(&self, id: &str, status: &str) -> Behavior {
        let body = json!({
            "controller_id": "shop at fake", "expected_completion_time": "2026-01-31T12:00:00Z",
            "subject_request_id": id, "request_status": status,
        });
        Behavior::Reply(answer(&self.key, 200, &body))
    }

    /// A callback of this processor, signed.
    pub(crate) fn callback(&self, leg: &Sent, status: &str) -> Call {
        self.callback_of(leg, leg.news(status).to_string().into_bytes())
    }

    /// Any body, signed, to the leg's URL.
    pub(crate) fn callback_of(&self, leg: &Sent, body: Vec<u8>) -> Call {
        let headers = self.headers(&body);
        let mut call = Call::post(&leg.path, body).host("shop.localhost");
        for (name, value) in headers {
            call = call.header(name, &value);
        }
        call
    }
}

pub(crate) fn signed_by(key: &SigningKey, domain: &str, body: &[u8]) -> [(&'static str, String); 2] {
    [(OPENGDPR.0, domain.to_owned()), (OPENGDPR.1, base64::encode(&key.sign(body).unwrap()))]
}

fn answer(key: &SigningKey, status: u16, body: &Value) -> Reply {
    let bytes = body.to_string().into_bytes();
    let [domain, signature] = signed_by(key, "fake.localhost", &bytes);
    Reply::json(status, bytes).with(domain.0, &domain.1).with(signature.0, &signature.1)
}

/// What shop.localhost has sent to one party.
pub(crate) struct Sent {
    pub(crate) id: RequestId,
    /// Where the party calls back, and the path of it.
    pub(crate) url: String,
    pub(crate) path: String,
}

impl Sent {
    /// The body of a callback.
    pub(crate) fn news(&self, status: &str) -> Value {
        json!({
            "controller_id": "shop at fake",
            "expected_completion_time": "2026-01-31T12:00:00Z",
            "status_callback_url": self.url,
            "subject_request_id": self.id.as_str(),
            "request_status": status,
        })
    }
}

impl World {
    /// shop.localhost makes a request of a party; nothing is sent yet.
    pub(crate) async fn make(&self, to: &str, right: &str) -> Sent {
        let body = json!({
            "from": "shop.localhost", "to": to, "right": right,
            "identities": [{"kind": "email", "format": "raw", "value": "ann@example.org"}],
        });
        let story = self.operate("POST", "/requests", &body.to_string()).await.is(202).json();
        let url = story["legs"][0]["callback_url"].as_str().unwrap().to_owned();
        let path = url::Url::parse(&url).unwrap().path().to_owned();
        Sent { id: RequestId::new(story["request_id"].as_str().unwrap()), url, path }
    }

    /// The same, and it is sent.
    pub(crate) async fn sent(&self, to: &str) -> Sent {
        let sent = self.make(to, "erasure").await;
        self.work().await;
        sent
    }

    /// The whole story of a request.
    pub(crate) async fn story(&self, id: &RequestId) -> Value {
        self.operate("GET", &format!("/requests/{id}"), "").await.is(200).json()
    }

    /// Where the request's only leg stands, and whether its receipt is there.
    pub(crate) async fn leg(&self, id: &RequestId) -> (String, bool) {
        let leg = &self.story(id).await["legs"][0];
        (leg["state"].as_str().unwrap().to_owned(), leg["receipt"]["verified"] == true)
    }
}

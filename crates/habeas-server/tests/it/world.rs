//! A server with one organisation, and ways to call it without a network.

use std::sync::Arc;

use axum::{Router, body::Body};
use habeas_core::{
    business::Business,
    capability::Capabilities,
    clock::{Clock, Instant},
    dialect::DialectId,
    id::{KeyId, PartyId},
    identity::{Format, Kind},
    organisation::{Limits, Mount, Organisation, Policy},
    party::{Party, Trust},
    regime::Regime,
    right::Right,
    role::Role,
};
use habeas_engine::{
    Engine, Outside,
    ambient::SystemRandom,
    directory::{Directory, Fulfilment, Peer, Tenant},
    mail::NoMailer,
    outbound::{self, Outbound},
    settings::Settings,
};
use habeas_server::OperatorTokens;
use habeas_store::{
    Sealers,
    sqlite::{Durability, Sqlite},
};
use habeas_trust::{
    certificate::Roots,
    credential::Credential,
    seal::{MasterKey, Sealer},
    signing::SigningKey,
};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::stub::Stub;

pub(crate) const HOST: &str = "mail.localhost";
pub(crate) const TOKEN: &str = "operator-token";
/// What bodies are limited to.
pub(crate) const LIMIT: usize = 64;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Instant {
        Instant::from_ms(1_767_268_800_000)
    }
}

pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    /// The credential of the one peer.
    pub(crate) token: String,
    _folder: TempDir,
}

pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let credential = Credential::generate();
        let tenant = tenant(&credential);
        let sealer = Arc::new(Sealer::new(&MasterKey::generate()));
        let sealers = Sealers::new([(tenant.domain().clone(), sealer)]);
        let store = Sqlite::open(&folder.path().join("habeas.db"), sealers, Durability::Off).unwrap();
        let policy = outbound::Policy {
            sandbox: true,
            allow: vec![],
            ports: vec![],
            tls_roots_pem: None,
            trust_roots: Arc::new(Roots::from_pem(&root()).unwrap()),
        };
        let engine = Engine::new(
            Directory::new([tenant], vec![Arc::new(Stub)]),
            Arc::new(store),
            Outside {
                clock: Arc::new(Noon),
                random: Arc::new(SystemRandom),
                outbound: Outbound::new(policy).unwrap(),
                mailer: Arc::new(NoMailer),
            },
            Settings::default(),
        );
        Self { engine, token: credential.token().to_owned(), _folder: folder }
    }

    pub(crate) fn public(&self) -> Router {
        habeas_server::public(Arc::clone(&self.engine))
    }

    pub(crate) fn operator(&self) -> Router {
        habeas_server::operator(Arc::clone(&self.engine), OperatorTokens::new([TOKEN]), "/api")
    }

    pub(crate) fn together(&self) -> Router {
        habeas_server::together(Arc::clone(&self.engine), OperatorTokens::new([TOKEN]), "/api")
    }

    /// Calls the operator's API with the operator's token and, if there is a body, as JSON.
    pub(crate) async fn operate(&self, method: &str, path: &str, body: &str) -> Answered {
        let mut request =
            Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        call(self.operator(), request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Has the peer make a request of that id; gives our name for it.
    pub(crate) async fn submit(&self, id: &str) -> String {
        let answered = call(self.public(), self.submission(id.to_owned())).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answered.body));
        let requests = self.operate("GET", "/api/requests", "").await.json();
        requests["requests"][0]["request_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn submission(&self, body: impl Into<Body>) -> Request<Body> {
        Request::post("/v1/requests")
            .header(header::HOST, HOST)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(body.into())
            .unwrap()
    }
}

pub(crate) async fn call(router: Router, request: Request<Body>) -> Answered {
    let (head, body) = router.oneshot(request).await.unwrap().into_parts();
    Answered { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

pub(crate) fn get(path: &str, host: &str) -> Request<Body> {
    Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap()
}

fn tenant(credential: &Credential) -> Tenant {
    let key = SigningKey::generate_p256().unwrap();
    let stub = DialectId::known("stub/1");
    Tenant {
        organisation: Organisation {
            domain: HOST.parse().unwrap(),
            capabilities: Capabilities { rights: vec![Right::Access], ..Capabilities::default() },
            limits: Limits { body_bytes: LIMIT, ..Limits::default() },
            policy: Policy {
                regime: Regime::Gdpr,
                hold_ms: 0,
                call_back_acceptance: false,
                signature_in_body: false,
                plain_http: true,
            },
        },
        mounts: vec![Mount {
            dialect: stub,
            role: Role::Processor,
            base_url: "http://mail.localhost:8080/v1".parse().unwrap(),
            path: "/v1".into(),
        }],
        key_id: KeyId::new(key.key_id()),
        key: Arc::new(key),
        chain: String::new(),
        beside: None,
        business: Business::default(),
        sealer: Arc::new(Sealer::new(&MasterKey::generate())),
        steered: false,
        peers: vec![
            Peer { incoming: vec![credential.hash().into()], ..peer("shop.localhost", None, None) },
            // What they support is known here, so that nobody is asked.
            peer("post.localhost", Some("http://post.localhost/v1"), Some(emails(&[Right::Access, Right::Erasure]))),
            peer("films.localhost", Some("http://films.localhost/v1"), Some(emails(&[Right::Erasure]))),
        ],
        fulfilment: Fulfilment::Operator,
        keep_ms: 0,
    }
}

fn emails(rights: &[Right]) -> Capabilities {
    let identities = vec![(Kind::new("email"), Format::Raw)];
    Capabilities { rights: rights.to_vec(), identities, ..Capabilities::default() }
}

fn peer(domain: &str, base: Option<&str>, declared: Option<Capabilities>) -> Peer {
    let party = Party {
        id: PartyId::new(domain),
        domain: domain.parse().unwrap(),
        dialect: DialectId::known("stub/1"),
        base: base.map(|base| base.parse().unwrap()),
        known_as: domain.into(),
        trust: Trust::default(),
        knobs: Vec::new(),
        vouches_for: Vec::new(),
        declared,
    };
    Peer::of(party)
}

fn root() -> String {
    habeas_trust::authority::Authority::new("test", 0, 4_102_444_800_000).unwrap().certificate_pem()
}

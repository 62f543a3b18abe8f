//! A whole server in a temporary folder: store, engine and both routers, with a clock that is moved by hand, and a
//! peer that writes down what it hears.

pub(crate) mod ambient;
pub(crate) mod ask;
pub(crate) mod drp;
pub(crate) mod fake;
pub(crate) mod http;
pub(crate) mod keys;
pub(crate) mod letters;
pub(crate) mod logs;
pub(crate) mod peer;
pub(crate) mod pip;
mod tenants;
pub(crate) mod trust;
pub(crate) mod wire;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request};
use habeas_core::{
    clock::{Clock as _, DAY_MS, Instant, MINUTE_MS},
    event::Actor,
    id::RequestId,
    state::Change,
};
use habeas_engine::{
    Engine, Outside,
    directory::{Directory, Tenant},
    outbound::{Outbound, Policy},
    settings::Settings,
};
use habeas_server::OperatorTokens;
use habeas_store::{
    DeliveryFilter, DeliveryRow, Save, Sealers, Waiting,
    sqlite::{Durability, Sqlite},
};
use habeas_trust::{certificate::Roots, seal::Sealer};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::service_fn;

pub(crate) use self::{
    ambient::ManualClock,
    ask::{Ask, EMAIL, ID},
    http::{Answered, Call},
    letters::Letters,
    peer::{Behavior, Peer, Reply},
    wire::{Fault, Wire},
};
use self::{ambient::Seeded, keys::Keys, tenants::Plan};

pub(crate) const OPERATOR: &str = "an operator's token, known to nobody else";
const REQUESTS: &str = "/v1/opengdpr_requests";

/// Who does the processor's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Operator,
    Automatic,
    Webhook,
}

/// What differs between worlds.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Whether the processor signs with RSA; else with P-256.
    pub(crate) rsa: bool,
    pub(crate) work: Work,
    pub(crate) hold_ms: i64,
    pub(crate) keep_ms: i64,
    pub(crate) settings: Settings,
    /// The parties of agent.localhost.
    pub(crate) downstream: &'static [&'static str],
    /// The parties that do the work of business.localhost; none, where it does it itself.
    pub(crate) bridge: &'static [&'static str],
    /// What is done to each organisation before it starts.
    pub(crate) adjust: fn(&mut Tenant),
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            rsa: false,
            work: Work::Operator,
            hold_ms: 0,
            keep_ms: 90 * DAY_MS,
            settings: Settings::default(),
            downstream: &["mail.localhost", "ads.localhost"],
            bridge: &[],
            adjust: |_| {},
        }
    }
}

/// The server and what surrounds it.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) peer: Peer,
    pub(crate) keys: Keys,
    pub(crate) setup: Setup,
    pub(crate) folder: TempDir,
    pub(crate) wire: Arc<Wire>,
    /// The letters that were sent.
    pub(crate) letters: Arc<Letters>,
    port: u16,
    listening: Arc<Mutex<Router>>,
    starts: u64,
}

impl World {
    /// The usual one: P-256, an operator, no hold.
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        logs::capture();
        let keys = Keys::new(setup.rsa);
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new());
        let peer = Peer::start().await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let letters = Arc::new(Letters::default());
        let plan = Plan { setup: &setup, keys: &keys, peer: &peer, port, letters: &letters };
        let engine = start(&plan, &clock, &folder, 0);
        let listening = Arc::new(Mutex::new(router(&engine)));
        let wire = Arc::new(Wire::default());
        serve(listener, Arc::clone(&listening), Arc::clone(&wire));
        Self { engine, clock, peer, keys, setup, folder, wire, letters, port, listening, starts: 0 }
    }

    /// Starts anew over the same database, as after a crash: leases are taken back, nothing else is known.
    pub(crate) async fn restart(&mut self) {
        self.starts += 1;
        let plan =
            Plan { setup: &self.setup, keys: &self.keys, peer: &self.peer, port: self.port, letters: &self.letters };
        self.engine = start(&plan, &self.clock, &self.folder, self.starts);
        *self.listening.lock().unwrap() = router(&self.engine);
        self.engine.store().take_back_leases().await.unwrap();
    }

    /// A change that who asked wants is saved, and the node dies before anything else happens.
    pub(crate) async fn dies_after(&mut self, id: &RequestId, change: &Change, waiting: Option<Waiting>) {
        let store = self.engine.store();
        let request = store.request(id).await.unwrap().unwrap();
        let from_seq = request.standing.seq;
        let (request, event) = request.apply(change, Actor::Upstream, self.now()).unwrap();
        let save = Save {
            waiting,
            verification: None,
            proved: None,
            from_seq,
            request,
            events: vec![event],
            deliveries: Vec::new(),
            superseded_lanes: Vec::new(),
            issued: Vec::new(),
            errand_at: None,
            shred_after: None,
        };
        store.apply(save).await.unwrap();
        self.restart().await;
    }

    pub(crate) fn router(&self) -> Router {
        router(&self.engine)
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) async fn call(&self, call: Call) -> Answered {
        call.to(self.router()).await
    }

    /// shop.localhost makes a request of mail.localhost.
    pub(crate) async fn post(&self, body: impl Into<Vec<u8>>) -> Answered {
        self.call(Call::post(REQUESTS, body).by(self.keys.shop.token())).await
    }

    pub(crate) async fn status(&self, id: &str) -> Answered {
        self.call(Call::get(&format!("{REQUESTS}/{id}")).by(self.keys.shop.token())).await
    }

    pub(crate) async fn cancel(&self, id: &str) -> Answered {
        self.call(Call::delete(&format!("{REQUESTS}/{id}")).by(self.keys.shop.token())).await
    }

    /// The operator's API, with the operator's token.
    pub(crate) async fn operate(&self, method: &str, path: &str, body: &str) -> Answered {
        let mut call = Call::new(method, &format!("/api{path}")).host("operator").by(OPERATOR).body(body);
        if !body.is_empty() {
            call = call.header("content-type", "application/json");
        }
        self.call(call).await
    }

    /// Accepts a request and gives our own name for it.
    pub(crate) async fn accepted(&self, ask: &Ask) -> RequestId {
        self.post(ask.text()).await.is(201);
        let wire_id = ask.0["subject_request_id"].as_str().unwrap();
        self.named(wire_id).await
    }

    /// Our own name for the processor's request of that id.
    pub(crate) async fn named(&self, wire_id: &str) -> RequestId {
        self.listed("role=processor", wire_id).await
    }

    /// An organisation's own name for its request of that id.
    pub(crate) async fn named_at(&self, organisation: &str, wire_id: &str) -> RequestId {
        self.listed(&format!("organisation={organisation}"), wire_id).await
    }

    async fn listed(&self, filter: &str, wire_id: &str) -> RequestId {
        let listed = self.operate("GET", &format!("/requests?limit=1000&{filter}"), "").await.is(200).json();
        let found = |request: &&Value| request["subject_request_id"] == wire_id;
        let request = listed["requests"].as_array().unwrap().iter().find(found).unwrap();
        RequestId::new(request["request_id"].as_str().unwrap())
    }

    /// An operator does something to a request.
    pub(crate) async fn act(&self, id: &RequestId, what: &str, body: &str) -> Answered {
        self.operate("POST", &format!("/requests/{id}/{what}"), body).await
    }

    /// Does what is due.
    pub(crate) async fn work(&self) {
        self.engine.run_until_idle().await.unwrap();
    }

    /// Moves the clock, then does what is due.
    pub(crate) async fn later(&self, ms: i64) {
        self.clock.advance(ms);
        self.work().await;
    }

    /// Lives through so long a time: what falls due is done when it does.
    pub(crate) async fn live(&self, ms: i64) {
        let end = self.now().plus_ms(ms);
        while self.now() < end {
            let due = self.engine.store().next_due(self.now()).await.unwrap();
            // Hosts that rest are looked at now and then.
            let look = self.now().plus_ms(5 * MINUTE_MS).min(end);
            self.clock.set(due.map_or(look, |due| due.min(look)));
            self.work().await;
        }
    }

    /// All deliveries of a request.
    pub(crate) async fn deliveries(&self, id: &RequestId) -> Vec<DeliveryRow> {
        let filter = DeliveryFilter { request: Some(id.clone()), limit: 1000, ..DeliveryFilter::default() };
        self.engine.deliveries(&filter).await.unwrap()
    }
}

fn start(plan: &Plan<'_>, clock: &Arc<ManualClock>, folder: &TempDir, starts: u64) -> Arc<Engine> {
    let sealers = plan.keys.sealing().map(|(domain, key)| (domain, Arc::new(Sealer::new(key))));
    let store = Sqlite::open(&folder.path().join("habeas.db"), Sealers::new(sealers), Durability::Off).unwrap();
    let policy = Policy {
        sandbox: true,
        allow: vec![],
        ports: vec![],
        tls_roots_pem: None,
        trust_roots: Arc::new(Roots::from_pem(&plan.keys.ca.certificate_pem()).unwrap()),
    };
    Engine::new(
        Directory::new(
            plan.tenants(),
            vec![habeas_opengdpr::v1_0(), habeas_opengdpr::v0_1_3(), habeas_opengdpr::v0_1_2(), habeas_drp::v0_5()],
        ),
        Arc::new(store),
        Outside {
            clock: Arc::clone(clock) as Arc<_>,
            random: Arc::new(Seeded::new(starts)),
            outbound: Outbound::new(policy).unwrap(),
            mailer: Arc::clone(plan.letters) as Arc<_>,
        },
        plan.setup.settings.clone(),
    )
}

fn router(engine: &Arc<Engine>) -> Router {
    habeas_server::together(Arc::clone(engine), OperatorTokens::new([OPERATOR]), "/api")
}

/// Serves whichever router is the present one.
fn serve(listener: TcpListener, listening: Arc<Mutex<Router>>, wire: Arc<Wire>) {
    let present = service_fn(move |request: Request| {
        let router = listening.lock().unwrap().clone();
        let wire = Arc::clone(&wire);
        async move { Ok::<_, Infallible>(wire.carry(router, request).await) }
    });
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback_service(present)).await });
}

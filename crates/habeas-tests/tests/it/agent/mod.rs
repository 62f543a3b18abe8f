//! An agent: takes requests in one version, hands them on in others, and tells its sender what comes back (A25 to A27).

mod bounds;
mod cancels;
mod chain;
mod choice;
mod dates;
mod decided;
mod down;
mod exchange;
mod flow_g;
mod held;
mod loops;
mod narrowing;
mod outcomes;
mod room;
mod same_id;

use habeas_core::{dialect::DialectId, id::RequestId};
use habeas_engine::directory::{Peer, Tenant};
use serde_json::Value;

use crate::world::{Answered, Ask, Call, ID, World, peer::Heard};

const AGENT: &str = "agent.localhost";
const MAIL: &str = "mail.localhost";
const ADS: &str = "ads.localhost";
const PUSH: &str = "push.localhost";
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The agent's mounts, and their word for a request that was handed on.
const MOUNTS: [(&str, &str); 3] = [("/v0.1.3", "distributed"), ("/v0.1.2", "in_progress"), ("/v1", "in_progress")];

impl World {
    /// shop.localhost asks the agent at one of its mounts.
    async fn entrust(&self, mount: &str, body: impl Into<Vec<u8>>) -> Answered {
        let call = Call::post(&format!("{mount}/opengdpr_requests"), body);
        self.call(call.host(AGENT).by(self.keys.shop.token())).await
    }

    /// The usual request at one of the agent's mounts, with a callback to [`World::told_upstream`]; not handed on yet.
    async fn entrusted(&self, mount: &str) -> RequestId {
        self.entrust(mount, self.usual().text()).await.is(201);
        self.named_at(AGENT, ID).await
    }

    /// The usual request.
    fn usual(&self) -> Ask {
        Ask::erasure().callbacks(&[self.peer.url("up", "/up")])
    }

    /// GET or DELETE of the usual request at the agent.
    async fn of_agent(&self, method: &str, mount: &str) -> Answered {
        let call = Call::new(method, &format!("{mount}/opengdpr_requests/{ID}"));
        self.call(call.host(AGENT).by(self.keys.shop.token())).await
    }

    /// What the agent has told its sender; processors call the same URL, and are left out.
    fn told_upstream(&self) -> Vec<String> {
        self.heard_from(AGENT).iter().map(Heard::status).collect()
    }

    /// What somebody has told the sender.
    fn heard_from(&self, domain: &str) -> Vec<Heard> {
        let heard = self.peer.heard("/up").into_iter();
        heard.filter(|heard| heard.header("x-opengdpr-processor-domain") == domain).collect()
    }

    /// The agent's leg to a party.
    async fn leg_to(&self, id: &RequestId, party: &str) -> Value {
        let story = self.story(id).await;
        let legs = story["legs"].as_array().unwrap();
        legs.iter().find(|leg| leg["party"] == party).unwrap_or_else(|| panic!("no leg to {party}")).clone()
    }

    /// An operator of a processor does something to the usual request, and everybody hears of it.
    async fn happens_at(&self, processor: &str, what: &str) {
        let id = self.named_at(processor, ID).await;
        self.act(&id, what, "").await.is(200);
        self.work().await;
    }
}

/// Every state of an organisation's request in order, from its history.
fn history(story: &Value) -> Vec<&str> {
    story["history"].as_array().unwrap().iter().map(|event| event["change"].as_str().unwrap()).collect()
}

/// Where an organisation is called below that path.
fn base_of(tenant: &Tenant, domain: &str, path: &str) -> url::Url {
    let port = tenant.mounts[0].base_url.port().unwrap();
    format!("http://{domain}:{port}{path}").parse().unwrap()
}

/// What an organisation knows of a party, to be adjusted.
fn party_of<'t>(tenant: &'t mut Tenant, party: &str) -> Option<&'t mut Peer> {
    tenant.peers.iter_mut().find(|peer| peer.party.id.as_str() == party)
}

/// The controllers speak to the agent in that version.
fn agent_speaks(tenant: &mut Tenant, dialect: &'static str, path: &str) {
    let base = base_of(tenant, AGENT, path);
    if let Some(agent) = party_of(tenant, AGENT).filter(|agent| agent.party.base.is_some()) {
        agent.party.dialect = DialectId::known(dialect);
        agent.party.base = Some(base);
    }
}

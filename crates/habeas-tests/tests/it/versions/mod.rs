//! Several versions beside each other: each peer is answered in its own, whichever others there are (A3, A4).

mod answers;
mod examples;
mod forged;
mod kept;
mod paths;
mod singular;
mod strangers;
mod unprefixed;

use habeas_core::dialect::DialectId;
use habeas_engine::directory::Tenant;

use crate::world::{Answered, Call, World};

const ADS: &str = "ads.localhost";
const AGENT: &str = "agent.localhost";

/// Every version, with a mount that serves it and nothing else.
const EDITIONS: [Edition; 3] = [
    Edition { name: "0.1.2", host: AGENT, mount: "/v0.1.2", named: "0.1" },
    Edition { name: "0.1.3", host: ADS, mount: "/v0.1.3", named: "0.1" },
    Edition { name: "1.0", host: ADS, mount: "/v1", named: "1.0" },
];

#[derive(Debug, Clone, Copy)]
struct Edition {
    name: &'static str,
    host: &'static str,
    mount: &'static str,
    /// Its `api_version`.
    named: &'static str,
}

impl Edition {
    fn is_0_1(self) -> bool {
        self.named == "0.1"
    }
}

impl World {
    /// shop.localhost calls an organisation with its credential.
    async fn calls(&self, host: &str, call: Call) -> Answered {
        self.call(call.host(host).by(self.keys.shop.token())).await
    }

    /// It posts a request below a mount.
    async fn posts(&self, host: &str, mount: &str, body: impl Into<Vec<u8>>) -> Answered {
        self.calls(host, Call::post(&format!("{mount}/opengdpr_requests"), body)).await
    }
}

/// The controllers speak to fake.localhost in that version.
fn fake_speaks(tenant: &mut Tenant, dialect: &'static str) {
    for peer in &mut tenant.peers {
        if peer.party.id.as_str() == "fake.localhost" {
            peer.party.dialect = DialectId::known(dialect);
        }
    }
}

fn fake_in_0_1_2(tenant: &mut Tenant) {
    fake_speaks(tenant, "opengdpr/0.1.2");
}

fn fake_in_0_1_3(tenant: &mut Tenant) {
    fake_speaks(tenant, "opengdpr/0.1.3");
}

fn fake_in_1_0(tenant: &mut Tenant) {
    fake_speaks(tenant, "opengdpr/1.0");
}

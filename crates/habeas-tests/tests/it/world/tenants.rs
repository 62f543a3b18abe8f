//! Which organisations there are: one processor, two controllers, and who they know.

use std::sync::Arc;

use habeas_core::{
    capability::Capabilities,
    dialect::DialectId,
    id::{KeyId, PartyId},
    identity::{Format, Kind},
    organisation::{Limits, Mount, Organisation, Policy},
    party::{Party, Trust},
    regime::Regime,
    right::Right,
    role::Role,
    secret::Secret,
};
use habeas_engine::directory::{Credential, Fulfilment, Peer as Known, Tenant, Webhook};
use url::Url;

use super::{Setup, Work, keys::Keys, peer::Peer};

const DIALECT: DialectId = DialectId::known("opengdpr/1.0");

/// What tenants are made of.
pub(crate) struct Plan<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) keys: &'a Keys,
    pub(crate) peer: &'a Peer,
    pub(crate) port: u16,
}

impl Plan<'_> {
    pub(crate) fn tenants(&self) -> Vec<Tenant> {
        let shop = &self.keys.shop;
        let other = &self.keys.other;
        let mut mail = self.tenant("mail.localhost", Role::Processor);
        mail.fulfilment = self.fulfilment();
        let contact: Url = self.peer.url("contact", "/contact").parse().unwrap();
        for (name, credential) in [("shop", shop), ("other", other)] {
            let mut known = party(&format!("{name}.localhost"), None);
            known.party.known_as = format!("{name} at mail");
            known.incoming = vec![credential.hash()];
            known.contact = Some(contact.clone());
            mail.peers.push(known);
        }
        let mail_base: Url = format!("http://mail.localhost:{}/v1", self.port).parse().unwrap();
        let fake_base: Url = self.peer.url("fake", "/v1").parse().unwrap();
        let mut tenants = vec![mail];
        for (name, credential) in [("shop.localhost", shop), ("other.localhost", other)] {
            let mut tenant = self.tenant(name, Role::Controller);
            for (domain, base) in [("mail.localhost", &mail_base), ("fake.localhost", &fake_base)] {
                let mut known = party(domain, Some(base.clone()));
                known.outgoing = Some(Credential::Bearer(Secret::new(credential.token())));
                tenant.peers.push(known);
            }
            tenants.push(tenant);
        }
        tenants
    }

    fn fulfilment(&self) -> Fulfilment {
        match self.setup.work {
            Work::Operator => Fulfilment::Operator,
            Work::Automatic => Fulfilment::Automatic { start_ms: 1000, finish_ms: 1000 },
            Work::Webhook => Fulfilment::Webhook(Webhook {
                url: self.peer.url("systems", "/work").parse().unwrap(),
                secret: self.keys.webhook.clone(),
            }),
        }
    }

    fn tenant(&self, domain: &str, role: Role) -> Tenant {
        let key = self.keys.signing(domain);
        let mount = |path: &str| {
            let base_url = format!("http://{domain}:{}{path}", self.port).parse().unwrap();
            Mount { dialect: DIALECT, role, base_url, path: path.to_owned() }
        };
        let identity = |kind: &str, format| (Kind::new(kind), format);
        Tenant {
            organisation: Organisation {
                domain: domain.parse().unwrap(),
                capabilities: Capabilities {
                    rights: vec![Right::Access, Right::Portability, Right::Erasure],
                    identities: vec![
                        identity("email", Format::Raw),
                        identity("email", Format::Sha256),
                        identity("controller_customer_id", Format::Raw),
                    ],
                    certificate_url: None,
                },
                limits: Limits::default(),
                policy: Policy {
                    regime: Regime::Gdpr,
                    hold_ms: self.setup.hold_ms,
                    call_back_acceptance: true,
                    signature_in_body: true,
                    plain_http: true,
                },
            },
            mounts: vec![mount("/v1"), mount("")],
            key_id: KeyId::new(key.key_id()),
            key: Arc::new(key),
            chain: self.keys.chain(domain),
            peers: Vec::new(),
            fulfilment: Fulfilment::Operator,
            keep_ms: self.setup.keep_ms,
        }
    }
}

fn party(domain: &str, base: Option<Url>) -> Known {
    Known {
        party: Party {
            id: PartyId::new(domain),
            domain: domain.parse().unwrap(),
            dialect: DIALECT,
            base,
            known_as: domain.to_owned(),
            trust: Trust::default(),
        },
        incoming: Vec::new(),
        outgoing: None,
        contact: None,
    }
}

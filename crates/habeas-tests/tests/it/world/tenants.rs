//! Which organisations there are: three processors, an agent, two controllers, a business with people's agents, and who
//! they know.

use std::sync::Arc;

use habeas_core::{
    business::Business,
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
use habeas_engine::directory::{Credential, Fulfilment, Incoming, Peer as Known, Tenant, Webhook};
use habeas_trust::{
    credential::Credential as Credentials,
    shared_secret::SecretHash,
    token::{TokenKey, TokenSigner},
};
use url::Url;

use super::{Setup, Work, drp, keys::Keys, peer::Peer};

const V1_0: DialectId = DialectId::known("opengdpr/1.0");
const V0_1_3: DialectId = DialectId::known("opengdpr/0.1.3");
const V0_1_2: DialectId = DialectId::known("opengdpr/0.1.2");
const DRP: DialectId = DialectId::known("drp/0.5");

/// What tenants are made of.
pub(crate) struct Plan<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) keys: &'a Keys,
    pub(crate) peer: &'a Peer,
    pub(crate) port: u16,
    pub(crate) letters: &'a std::sync::Arc<super::Letters>,
}

impl Plan<'_> {
    pub(crate) fn tenants(&self) -> Vec<Tenant> {
        let both = [(V1_0, "/v1"), (V0_1_3, "/v0.1.3"), (V1_0, ""), (V0_1_3, "")];
        let mut tenants = vec![
            self.processor("mail.localhost", &[(V1_0, "/v1"), (V1_0, "")]),
            self.processor("ads.localhost", &both),
            self.processor("push.localhost", &[(V1_0, "/v1"), (V1_0, "")]),
            self.agent(),
        ];
        if let Some(push) = tenants.get_mut(2) {
            push.organisation.capabilities.identities = vec![(Kind::new("email"), Format::Sha256)];
        }
        for (name, credential) in [("shop.localhost", &self.keys.shop), ("other.localhost", &self.keys.other)] {
            let mut tenant = self.tenant(name, Role::Controller, &[(V1_0, "/v1"), (V1_0, "")]);
            for domain in ["mail.localhost", "fake.localhost", "ads.localhost", "push.localhost", "agent.localhost"] {
                tenant.peers.push(self.called(domain, credential));
            }
            tenants.push(tenant);
        }
        if let Some(other) = tenants.last_mut() {
            self.serve_people(other, "/data-rights");
        }
        tenants.extend([self.business(), self.helper()]);
        for tenant in &mut tenants {
            (self.setup.adjust)(tenant);
        }
        tenants
    }

    fn processor(&self, domain: &str, mounts: &[(DialectId, &str)]) -> Tenant {
        let mut tenant = self.tenant(domain, Role::Processor, mounts);
        tenant.fulfilment = self.fulfilment();
        let contact: Url = self.peer.url("contact", "/contact").parse().unwrap();
        let short = domain.split('.').next().unwrap();
        let Keys { shop, other, agent, business, .. } = self.keys;
        for (name, credential) in [("shop", shop), ("other", other), ("agent", agent), ("business", business)] {
            let mut known = party(&format!("{name}.localhost"), None);
            known.party.known_as = format!("{name} at {short}");
            known.incoming = vec![credential.hash().into()];
            known.contact = Some(contact.clone());
            tenant.peers.push(known);
        }
        tenant
    }

    /// It takes requests in every version, and hands them on to mail in 1.0 and to ads in 0.1.3.
    fn agent(&self) -> Tenant {
        let mounts = [(V1_0, "/v1"), (V0_1_3, "/v0.1.3"), (V0_1_2, "/v0.1.2"), (V0_1_3, ""), (V0_1_2, ""), (V1_0, "")];
        let mut tenant = self.tenant("agent.localhost", Role::Agent, &mounts);
        for (name, credential) in [("shop", &self.keys.shop), ("other", &self.keys.other)] {
            let mut known = party(&format!("{name}.localhost"), None);
            known.party.known_as = format!("{name} at agent");
            known.incoming = vec![credential.hash().into()];
            tenant.peers.push(known);
        }
        for domain in self.setup.downstream {
            tenant.peers.push(self.called(domain, &self.keys.agent));
        }
        tenant.fulfilment = Fulfilment::Parties(self.setup.downstream.iter().map(|id| PartyId::new(*id)).collect());
        tenant
    }

    /// A party that is called, in its own version.
    fn called(&self, domain: &str, credential: &Credentials) -> Known {
        let (dialect, path) = match domain {
            "ads.localhost" | "agent.localhost" => (V0_1_3, "/v0.1.3"),
            _ => (V1_0, "/v1"),
        };
        let base = match domain {
            "fake.localhost" => self.peer.url("fake", path),
            _ => format!("http://{domain}:{}{path}", self.port),
        };
        let mut known = party(domain, Some(base.parse().unwrap()));
        known.party.dialect = dialect;
        known.outgoing = Some(Credential::Bearer(Secret::new(credential.token())));
        if domain == "agent.localhost" {
            known.party.vouches_for = self.setup.downstream.iter().map(|name| name.parse().unwrap()).collect();
        }
        known
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

    /// It serves people's agents, and its parties do the work, if it has any.
    fn business(&self) -> Tenant {
        let mut tenant = self.tenant(drp::BUSINESS, Role::Controller, &[(V1_0, "/v1"), (V1_0, "")]);
        for domain in ["mail.localhost", "ads.localhost", "push.localhost", "fake.localhost"] {
            tenant.peers.push(self.called(domain, &self.keys.business));
        }
        self.serve_people(&mut tenant, drp::BASE);
        tenant.organisation.policy.regime = Regime::Ccpa;
        tenant.fulfilment = self.fulfilment();
        if !self.setup.bridge.is_empty() {
            let done = std::mem::replace(
                &mut tenant.fulfilment,
                Fulfilment::Parties(self.setup.bridge.iter().map(|id| PartyId::new(*id)).collect()),
            );
            tenant.beside = match done {
                Fulfilment::Webhook(webhook) => Some(webhook),
                _ => None,
            };
        }
        tenant
    }

    /// Two agents may come for people; one of them is an organisation of ours.
    fn serve_people(&self, tenant: &mut Tenant, path: &str) {
        let domain = tenant.domain().as_str().to_owned();
        let home: Url = format!("http://{domain}:{}", self.port).parse().unwrap();
        let mount =
            |role, path: &str| Mount { dialect: DRP, role, base_url: home.join(path).unwrap(), path: path.to_owned() };
        tenant.mounts.extend([mount(Role::CoveredBusiness, ""), mount(Role::Pip, path)]);
        let capabilities = &mut tenant.organisation.capabilities;
        capabilities.rights =
            vec![Right::Access, Right::AccessCategories, Right::Erasure, Right::OptOutOfSale, Right::OptInToSale];
        capabilities.api_base = Some(home.join(path).unwrap());
        capabilities.relationships = vec!["customer".to_owned(), "subscriber".to_owned()];
        for agent in [drp::HELPER, drp::RIVAL] {
            let mut known = party(agent, None);
            known.party.dialect = DRP;
            known.incoming = vec![self.shared(agent, &domain)];
            known.outgoing = Some(Credential::Bearer(Secret::new(drp::secret(&domain, agent))));
            known.identity_keys = vec![TokenKey::secret(&drp::identity_key(agent, &domain)).unwrap()];
            // Where people go back to, and where it is called back.
            let places = [drp::REDIRECT, &self.peer.url("a", "/a")];
            known.redirect_origins = places.map(|place| place.parse::<Url>().unwrap().origin()).to_vec();
            tenant.peers.push(known);
        }
    }

    /// It acts for people: with the businesses of this server, and with one that the recording peer plays.
    fn helper(&self) -> Tenant {
        let mut tenant = self.tenant(drp::HELPER, Role::AuthorizedAgent, &[]);
        tenant.mounts.push(Mount {
            dialect: DRP,
            role: Role::AuthorizedAgent,
            base_url: format!("http://{}:{}/drp", drp::HELPER, self.port).parse().unwrap(),
            path: "/drp".to_owned(),
        });
        for domain in [drp::BUSINESS, "other.localhost", drp::PIP] {
            let base = match domain {
                drp::PIP => self.peer.url("pip", ""),
                _ => format!("http://{domain}:{}", self.port),
            };
            let mut known = party(domain, Some(base.parse().unwrap()));
            known.party.dialect = DRP;
            known.incoming = vec![self.shared(domain, drp::HELPER)];
            known.outgoing = Some(Credential::Bearer(Secret::new(drp::secret(drp::HELPER, domain))));
            known.identity_signer = Some(TokenSigner::secret(&drp::identity_key(drp::HELPER, domain)).unwrap());
            tenant.peers.push(known);
        }
        tenant
    }

    /// What one keeps of the secret with which another calls it.
    fn shared(&self, caller: &str, called: &str) -> Incoming {
        Incoming::Secret(SecretHash::of(&drp::secret(caller, called), &self.keys.sealer(called), true).unwrap())
    }

    fn tenant(&self, domain: &str, role: Role, mounts: &[(DialectId, &str)]) -> Tenant {
        let key = self.keys.signing(domain);
        let mount = |(dialect, path): &(DialectId, &str)| {
            let base_url = format!("http://{domain}:{}{path}", self.port).parse().unwrap();
            Mount { dialect: dialect.clone(), role, base_url, path: (*path).to_owned() }
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
                    ..Capabilities::default()
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
            mounts: mounts.iter().map(mount).collect(),
            key_id: KeyId::new(key.key_id()),
            key: Arc::new(key),
            chain: self.keys.chain(domain),
            peers: Vec::new(),
            fulfilment: Fulfilment::Operator,
            keep_ms: self.setup.keep_ms,
            beside: None,
            business: Business::default(),
            sealer: self.keys.sealer(domain),
            steered: false,
        }
    }
}

fn party(domain: &str, base: Option<Url>) -> Known {
    Known::of(Party {
        id: PartyId::new(domain),
        domain: domain.parse().unwrap(),
        dialect: V1_0,
        base,
        known_as: domain.to_owned(),
        trust: Trust::default(),
        knobs: Vec::new(),
        vouches_for: Vec::new(),
        declared: None,
    })
}

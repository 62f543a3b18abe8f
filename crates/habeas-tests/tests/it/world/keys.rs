//! Who signs, who vouches, and who may call: what outlives a restart.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use habeas_core::domain::Domain;
use habeas_trust::{
    authority::Authority,
    credential::Credential,
    seal::{MasterKey, Sealer},
    signing::{RsaSize, SigningKey},
    webhook::WebhookSecret,
};

use super::ambient::NOON;

pub(crate) const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// The keys and credentials of a world.
pub(crate) struct Keys {
    pub(crate) ca: Authority,
    signing: HashMap<&'static str, String>,
    chains: HashMap<&'static str, String>,
    /// The credentials of the controllers at the processors and the agent.
    pub(crate) shop: Credential,
    pub(crate) other: Credential,
    /// The credential of the agent at its processors.
    pub(crate) agent: Credential,
    /// The credential of the business at its processors.
    pub(crate) business: Credential,
    pub(crate) webhook: WebhookSecret,
    sealing: HashMap<&'static str, MasterKey>,
}

/// Everybody who has a key.
pub(crate) const NAMES: [&str; 9] = [
    "mail.localhost",
    "ads.localhost",
    "push.localhost",
    "agent.localhost",
    "shop.localhost",
    "other.localhost",
    "fake.localhost",
    "business.localhost",
    "helper.localhost",
];

impl Keys {
    pub(crate) fn new(rsa: bool) -> Self {
        let ca = Authority::new("test", NOON - YEAR_MS, NOON + 10 * YEAR_MS).unwrap();
        let mut signing: HashMap<_, _> = NAMES.map(|name| (name, p256())).into();
        if rsa {
            signing.insert("mail.localhost", rsa_key());
        }
        let chain = |name: &'static str| {
            let key = SigningKey::from_pem(&signing[name]).unwrap();
            (name, ca.issue_through_intermediate(&key, &[name], NOON - YEAR_MS, NOON + YEAR_MS).unwrap())
        };
        let chains = NAMES.map(chain).into();
        let sealing = NAMES.map(|name| (name, MasterKey::generate())).into();
        let [shop, other, agent, business] = [(); 4].map(|()| Credential::generate());
        Self { ca, signing, chains, shop, other, agent, business, webhook: WebhookSecret::generate(), sealing }
    }

    pub(crate) fn signing(&self, name: &str) -> SigningKey {
        SigningKey::from_pem(&self.signing[name]).unwrap()
    }

    pub(crate) fn chain(&self, name: &str) -> String {
        self.chains[name].clone()
    }

    pub(crate) fn sealer(&self, name: &str) -> Arc<Sealer> {
        Arc::new(Sealer::new(&self.sealing[name]))
    }

    pub(crate) fn sealing(&self) -> impl Iterator<Item = (Domain, &MasterKey)> {
        self.sealing.iter().map(|(name, key)| (name.parse().unwrap(), key))
    }
}

pub(crate) fn p256() -> String {
    SigningKey::generate_p256().unwrap().to_pem().to_string()
}

/// One key for all worlds: making one takes a while.
fn rsa_key() -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate_rsa(RsaSize::Bits2048).unwrap().to_pem().to_string()).clone()
}

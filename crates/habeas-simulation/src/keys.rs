//! Keys, certificates and secrets: made once, the same in all worlds of a run. Nothing that happens depends on them.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use anyhow::{Context as _, Result};
use habeas_trust::{
    authority::Authority,
    certificate::Roots,
    credential::Credential,
    seal::{MasterKey, Sealer},
    signing::SigningKey,
    webhook::WebhookSecret,
};

use crate::{actors::ALL, clock::NOON};

const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// What the actors own.
pub(crate) struct Keys {
    pub(crate) roots: Arc<Roots>,
    owned: HashMap<&'static str, Owned>,
    pub(crate) webhook: WebhookSecret,
}

/// What one of them owns.
pub(crate) struct Owned {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) chain: String,
    pub(crate) sealer: Arc<Sealer>,
    /// With which it calls others by OpenGDPR.
    pub(crate) credential: Credential,
}

impl Keys {
    /// The keys of this process.
    pub(crate) fn shared() -> Result<&'static Self> {
        static KEYS: OnceLock<Option<Keys>> = OnceLock::new();
        KEYS.get_or_init(|| Self::make().ok()).as_ref().context("no keys could be made")
    }

    fn make() -> Result<Self> {
        let authority = Authority::new("simulation", NOON - YEAR_MS, NOON + 20 * YEAR_MS)?;
        let own = |name: &'static str| -> Result<(&'static str, Owned)> {
            let key = SigningKey::generate_p256()?;
            let chain = authority.issue_through_intermediate(&key, &[name], NOON - YEAR_MS, NOON + 10 * YEAR_MS)?;
            let sealer = Arc::new(Sealer::new(&MasterKey::generate()));
            Ok((name, Owned { key: Arc::new(key), chain, sealer, credential: Credential::generate() }))
        };
        Ok(Self {
            roots: Arc::new(Roots::from_pem(&authority.certificate_pem())?),
            owned: ALL.into_iter().map(own).collect::<Result<_>>()?,
            webhook: WebhookSecret::generate(),
        })
    }

    pub(crate) fn of(&self, name: &str) -> Result<&Owned> {
        self.owned.get(name).with_context(|| format!("{name} has no keys"))
    }
}

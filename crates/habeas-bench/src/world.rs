//! For whom does the server under test act? One processor with one controller, configured as the product is by
//! default, its keys in a folder. Only callbacks by plain http to this machine are allowed beside that.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use clap::ValueEnum;
use habeas_core::{
    capability::Capabilities,
    clock::{Clock as _, DAY_MS},
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
    ambient::SystemClock,
    directory::{Fulfilment, Peer, Tenant},
};
use habeas_trust::{
    authority::Authority,
    credential::{Credential, TokenHash},
    seal::MasterKey,
    signing::{RsaSize, SigningKey},
};

use crate::message::DOMAIN;

const DIALECT: DialectId = DialectId::known("opengdpr/1.0");
const CONTROLLER: &str = "shop.localhost";

/// What is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    P256,
    Rsa2048,
}

impl Algorithm {
    pub(crate) fn generate(self) -> Result<SigningKey> {
        Ok(match self {
            Self::P256 => SigningKey::generate_p256()?,
            Self::Rsa2048 => SigningKey::generate_rsa(RsaSize::Bits2048)?,
        })
    }
}

/// Makes all keys in a folder; says the controller's token.
pub(crate) fn provide(folder: &Path, algorithm: Algorithm) -> Result<String> {
    let now = SystemClock.now();
    let (from, until) = (now.ms(), now.plus_ms(30 * DAY_MS).ms());
    let key = algorithm.generate()?;
    let chain = Authority::new("benchmark", from, until)?.issue(&key, &[DOMAIN], from, until)?;
    let credential = Credential::generate();
    fs::write(folder.join("key.pem"), key.to_pem().as_bytes())?;
    fs::write(folder.join("chain.pem"), chain)?;
    fs::write(folder.join("sealing.hex"), MasterKey::generate().to_hex().as_bytes())?;
    fs::write(folder.join("token"), credential.hash().to_string())?;
    Ok(credential.token().to_owned())
}

/// The processor whose keys are in a folder, and the key that seals what is its.
pub(crate) fn processor(folder: &Path, signature_in_body: bool) -> Result<(Tenant, MasterKey)> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).with_context(|| name.to_owned());
    let key = SigningKey::from_pem(&read("key.pem")?)?;
    let sealing = MasterKey::from_hex(&read("sealing.hex")?)?;
    let tenant = Tenant {
        organisation: Organisation {
            domain: DOMAIN.parse().map_err(|_| anyhow!("not a domain"))?,
            capabilities: Capabilities {
                rights: vec![Right::Access, Right::Portability, Right::Erasure],
                identities: [Format::Raw, Format::Sha256].map(|format| (Kind::new("email"), format)).to_vec(),
                certificate_url: None,
            },
            limits: Limits::default(),
            policy: Policy {
                regime: Regime::Gdpr,
                hold_ms: 0,
                call_back_acceptance: true,
                signature_in_body,
                plain_http: true,
            },
        },
        mounts: vec![mount("/v1")?, mount("")?],
        key_id: KeyId::new(key.key_id()),
        key: Arc::new(key),
        chain: read("chain.pem")?,
        peers: vec![controller(read("token")?.parse()?)?],
        fulfilment: Fulfilment::Operator,
        keep_ms: 30 * DAY_MS,
    };
    Ok((tenant, sealing))
}

fn mount(path: &str) -> Result<Mount> {
    let base_url = format!("http://{DOMAIN}{path}").parse()?;
    Ok(Mount { dialect: DIALECT, role: Role::Processor, base_url, path: path.to_owned() })
}

fn controller(credential: TokenHash) -> Result<Peer> {
    Ok(Peer {
        party: Party {
            id: PartyId::new(CONTROLLER),
            domain: CONTROLLER.parse().map_err(|_| anyhow!("not a domain"))?,
            dialect: DIALECT,
            base: None,
            known_as: CONTROLLER.to_owned(),
            trust: Trust::default(),
        },
        incoming: vec![credential],
        outgoing: None,
        contact: None,
    })
}

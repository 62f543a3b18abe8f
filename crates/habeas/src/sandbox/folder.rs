//! What does a sandbox keep, so that it is the same world when it starts again?
//!
//! `sandbox.json` holds its tokens in clear, which nothing but a sandbox does; like every secret in here it can be read
//! by its owner only.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow, bail};
use habeas_core::clock::{DAY_MS, Instant};
use habeas_trust::{
    authority::Authority,
    certificate::{Chain, Roots},
    credential::Credential,
    seal::{MasterKey, Sealer},
    signing::{Algorithm, RsaSize, SigningKey},
};
use serde::{Deserialize, Serialize};

use super::{
    Identities, Sealing,
    cast::{CAST, LINES, Member},
};
use crate::files::{self, Readers};

const AUTHORITY_MS: i64 = 20 * 365 * DAY_MS;
const CERTIFICATE_MS: i64 = 90 * DAY_MS;
/// A certificate that ends sooner is made anew at the start.
const RENEW_MS: i64 = 30 * DAY_MS;

/// The folder of a sandbox that runs.
pub(super) struct Folder {
    path: PathBuf,
    /// Locked until it is closed.
    _lock: File,
}

/// The tokens of a sandbox.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) operator_token: String,
    pub(super) credentials: Vec<Call>,
}

/// The credential with which a party calls an organisation.
#[derive(Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) organisation: String,
    pub(super) party: String,
    pub(super) token: String,
    /// The secret that identity tokens between the two are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) identity_key: Option<String>,
}

/// The key and certificate of an organisation.
pub(super) struct Identity {
    pub(super) domain: &'static str,
    pub(super) key: Arc<SigningKey>,
    pub(super) chain: String,
    pub(super) sealer: Arc<Sealer>,
}

impl Folder {
    /// Opens it for this process alone; made if it is not there.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("the folder {} cannot be used", path.display());
        files::private_folder(path).with_context(cannot)?;
        let path = path.canonicalize().with_context(cannot)?;
        match files::lock(&path.join("lock")).with_context(cannot)? {
            Some(lock) => Ok(Self { path, _lock: lock }),
            None => bail!("another sandbox runs in {}", path.display()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("habeas.db")
    }

    /// Where letters are put.
    pub(super) fn outbox(&self) -> PathBuf {
        self.path.join("outbox")
    }

    /// The authority's certificate.
    pub(super) fn authority(&self) -> PathBuf {
        self.path.join("ca.pem")
    }

    /// Its tokens. Those that it lacks are made and saved: for a new folder all of them, for one of an older version
    /// those of who has come since.
    pub(super) fn secrets(&self) -> anyhow::Result<Secrets> {
        let path = self.path.join("sandbox.json");
        let token = || Credential::generate().token().to_owned();
        let text = files::keep(&path, Readers::Owner, || {
            serde_json::to_string_pretty(&Secrets { operator_token: token(), credentials: Vec::new() })
                .map_err(io::Error::from)
        })?;
        let mut secrets: Secrets = serde_json::from_str(&text).context("sandbox.json cannot be read")?;
        let known = secrets.credentials.len();
        for line in &LINES {
            if !secrets.credentials.iter().any(|call| line.is(call)) {
                let (organisation, party) = (line.organisation.to_owned(), line.party.to_owned());
                let identity_key = line.has_tokens().then(|| MasterKey::generate().to_hex().to_string());
                secrets.credentials.push(Call { organisation, party, token: token(), identity_key });
            }
        }
        if secrets.credentials.len() > known {
            files::replace(&path, &serde_json::to_string_pretty(&secrets)?, Readers::Owner)?;
        }
        Ok(secrets)
    }

    pub(super) fn sealing_keys(&self) -> anyhow::Result<Sealing> {
        let key = |member: &Member| {
            let path = self.path.join(format!("{}.seal", member.domain));
            let text =
                files::keep(&path, Readers::Owner, || Ok::<_, io::Error>(MasterKey::generate().to_hex().to_string()))?;
            Ok((member.domain.parse()?, MasterKey::from_hex(&text)?))
        };
        CAST.iter().map(key).collect()
    }
}

/// The authority of the sandbox in a folder, and the keys and certificates of its organisations. Takes a while the
/// first time: an RSA key is made.
pub(super) fn identities(folder: &Path, sealing: &Sealing, now: Instant) -> anyhow::Result<(Authority, Identities)> {
    let keys = std::thread::scope(|scope| -> anyhow::Result<Vec<SigningKey>> {
        let threads: Vec<_> = CAST.iter().map(|member| scope.spawn(move || key(folder, member))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, anyhow::Result<SigningKey>>| {
            thread.join().map_err(|_| anyhow!("a key could not be made"))?
        };
        threads.into_iter().map(join).collect()
    })?;
    let authority = authority(folder, now)?;
    let roots = Roots::from_pem(&authority.certificate_pem())?;
    let identity = |(member, key): (&Member, SigningKey)| {
        let chain = certificate(folder, member, &key, &authority, &roots, now)?;
        let own = sealing.iter().find(|(domain, _)| domain.as_str() == member.domain);
        let (_, master) = own.context("an organisation has no sealing key")?;
        Ok(Identity { domain: member.domain, key: Arc::new(key), chain, sealer: Arc::new(Sealer::new(master)) })
    };
    let identities = CAST.iter().zip(keys).map(identity).collect::<anyhow::Result<_>>()?;
    Ok((authority, identities))
}

fn key(folder: &Path, member: &Member) -> anyhow::Result<SigningKey> {
    let path = folder.join(format!("{}.key", member.domain));
    let text = files::keep(&path, Readers::Owner, || {
        let key = match member.algorithm {
            Algorithm::RsaPkcs1Sha256 => SigningKey::generate_rsa(RsaSize::Bits2048)?,
            Algorithm::EcdsaP256Sha256 => SigningKey::generate_p256()?,
        };
        Ok::<_, anyhow::Error>(key.to_pem().to_string())
    })?;
    SigningKey::from_pem(&text).with_context(|| format!("{} cannot be used", path.display()))
}

fn authority(folder: &Path, now: Instant) -> anyhow::Result<Authority> {
    let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    if !(certificate.exists() && key.exists()) {
        let authority = Authority::new("habeas sandbox", now.plus_ms(-DAY_MS).ms(), now.plus_ms(AUTHORITY_MS).ms())?;
        files::replace(&key, &authority.key_pem(), Readers::Owner)?;
        files::replace(&certificate, &authority.certificate_pem(), Readers::All)?;
        return Ok(authority);
    }
    let read =
        |path: &Path| std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    Authority::from_pem(&read(&certificate)?, &read(&key)?)
        .with_context(|| format!("{} cannot be used", certificate.display()))
}

/// The certificate that is there, if it is still good for a while; else a new one.
fn certificate(
    folder: &Path,
    member: &Member,
    key: &SigningKey,
    authority: &Authority,
    roots: &Roots,
    now: Instant,
) -> anyhow::Result<String> {
    let path = folder.join(format!("{}.pem", member.domain));
    if let Some(text) = std::fs::read_to_string(&path).ok()
        && let Ok(chain) = Chain::from_pem(&text)
        && crate::assembly::organisation::is_of(&chain, key)
        && chain.verify(member.domain, roots, now.plus_ms(RENEW_MS).ms()).is_ok()
        && chain.verify(member.domain, roots, now.ms()).is_ok()
    {
        return Ok(text);
    }
    let from = now.plus_ms(-DAY_MS).ms();
    let chain = authority.issue(key, &[member.domain], from, now.plus_ms(CERTIFICATE_MS).ms())?;
    files::replace(&path, &chain, Readers::All)?;
    Ok(chain)
}

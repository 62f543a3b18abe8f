//! Which keys and credentials are there, and who is served where? All is made once in a folder, from which the servers
//! read it. Only plain http to this machine is allowed beside what the product allows by default.

mod tenants;

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use habeas_core::clock::{Clock as _, DAY_MS};
use habeas_engine::ambient::SystemClock;
use habeas_trust::{
    authority::Authority,
    certificate::Roots,
    credential::Credential,
    seal::MasterKey,
    signing::{RsaSize, SigningKey},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::message::DOMAIN;

pub(crate) use tenants::{Ports, Served, served};

/// Who sends.
pub(crate) const SHOP: &str = "shop.localhost";
/// Who is sent to.
pub(crate) const PARTIES: [&str; 3] = [DOMAIN, "ads.localhost", "push.localhost"];

const AUTHORITY: &str = "authority.pem";
const TOKEN: &str = "token";

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

/// Whom one process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cast {
    /// One processor.
    Mail,
    /// Three processors.
    Parties,
    /// Their controller.
    Shop,
}

impl Cast {
    const fn domains(self) -> &'static [&'static str] {
        match self {
            Self::Mail => &[DOMAIN],
            Self::Parties => &PARTIES,
            Self::Shop => &[SHOP],
        }
    }

    /// The name of the database.
    pub(crate) const fn database(self) -> &'static str {
        match self {
            Self::Mail => "habeas.db",
            Self::Parties => "parties.db",
            Self::Shop => "shop.db",
        }
    }

    /// The word of the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Parties => "parties",
            Self::Shop => "shop",
        }
    }
}

/// Makes all keys in a folder; says the controller's token at its processors.
pub(crate) fn provide(folder: &Path, algorithm: Algorithm, casts: &[Cast]) -> Result<String> {
    let now = SystemClock.now();
    let (from, until) = (now.ms(), now.plus_ms(30 * DAY_MS).ms());
    let authority = Authority::new("benchmark", from, until)?;
    for domain in casts.iter().flat_map(|cast| cast.domains()) {
        let write = |what: &str, text: &str| fs::write(folder.join(format!("{domain}.{what}")), text);
        let key = algorithm.generate()?;
        write("key", &key.to_pem())?;
        write("chain", &authority.issue(&key, &[domain], from, until)?)?;
        write("sealing", &MasterKey::generate().to_hex())?;
    }
    let credential = Credential::generate();
    fs::write(folder.join(AUTHORITY), authority.certificate_pem())?;
    fs::write(folder.join(TOKEN), credential.token())?;
    Ok(credential.token().to_owned())
}

/// Who vouches for signatures: the authorities that the product trusts by default, and that of the folder.
pub(crate) fn roots(folder: &Path) -> Result<Roots> {
    let own = CertificateDer::from_pem_slice(read(folder, AUTHORITY)?.as_bytes())?;
    let all = rustls_native_certs::load_native_certs().certs.into_iter().chain([own]);
    Ok(Roots::from_der(all.map(|certificate| certificate.to_vec())))
}

fn read(folder: &Path, name: &str) -> Result<String> {
    fs::read_to_string(folder.join(name)).with_context(|| name.to_owned())
}

//! What does a sandbox say of itself when it is ready? A contract: tools read this.

use std::{net::SocketAddr, path::PathBuf};

use habeas_engine::directory::Tenant;
use serde::{Deserialize, Serialize};

use super::{
    PREFIX,
    folder::{Folder, Secrets},
};

/// Who is in it, and how to reach them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Announcement {
    /// The listener.
    pub url: String,
    /// The certificate authority's certificate.
    pub ca: PathBuf,
    /// The operator API.
    pub operator: Operator,
    /// The folder where letters to people are put, the newest last.
    pub outbox: PathBuf,
    /// The organisations.
    pub organisations: Vec<Organisation>,
}

/// The operator API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operator {
    /// Where it is.
    pub url: String,
    /// The token that it asks for.
    pub token: String,
}

/// An organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organisation {
    /// Its domain.
    pub domain: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// Where it serves what: one mount per dialect and role.
    pub mounts: Vec<Mount>,
    /// Who may call it.
    pub credentials: Vec<PartyCredential>,
}

/// A place where an organisation serves one dialect in one role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mount {
    /// The dialect.
    pub dialect: String,
    /// The role.
    pub role: String,
    /// Where it begins.
    pub base_url: String,
}

/// The credential of a party, sent as `Authorization: Bearer`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartyCredential {
    /// The party.
    pub party: String,
    /// The token.
    pub token: String,
    /// The secret that its identity tokens for this organisation are signed with (HS256, used as bytes), where it sends
    /// any. The token may then also be shown as nothing but its SHA-512, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_key: Option<String>,
}

impl Announcement {
    pub(super) fn new(address: SocketAddr, folder: &Folder, secrets: &Secrets, tenants: &[Tenant]) -> Self {
        let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { host(address) };
        let url = format!("http://{host}:{}", address.port());
        Self {
            ca: folder.authority(),
            outbox: folder.outbox(),
            operator: Operator { url: format!("{url}{PREFIX}"), token: secrets.operator_token.clone() },
            organisations: tenants.iter().map(|tenant| organisation(tenant, secrets)).collect(),
            url,
        }
    }

    /// The token with which a party calls an organisation.
    pub fn token(&self, organisation: &str, party: &str) -> Option<&str> {
        let organisation = self.organisations.iter().find(|one| one.domain == organisation)?;
        organisation.credentials.iter().find(|one| one.party == party).map(|one| one.token.as_str())
    }
}

fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    }
}

fn organisation(tenant: &Tenant, secrets: &Secrets) -> Organisation {
    let (mut roles, mut mounts): (Vec<String>, Vec<Mount>) = Default::default();
    for mount in &tenant.mounts {
        let (dialect, role) = (mount.dialect.to_string(), mount.role.to_string());
        if !roles.contains(&role) {
            roles.push(role.clone());
        }
        // The mount without prefix is another name of the first one.
        if !mounts.iter().any(|other| other.dialect == dialect && other.role == role) {
            let base_url = mount.base_url.as_str().trim_end_matches('/').to_owned();
            mounts.push(Mount { dialect, role, base_url });
        }
    }
    let domain = tenant.domain().to_string();
    let credentials = secrets
        .credentials
        .iter()
        .filter(|one| one.organisation == domain)
        .map(|one| PartyCredential {
            party: one.party.clone(),
            token: one.token.clone(),
            identity_key: one.identity_key.clone(),
        })
        .collect();
    Organisation { domain, roles, mounts, credentials }
}

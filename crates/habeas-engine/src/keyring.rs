//! What the claims of a message are checked against.

use habeas_core::{
    domain::Domain,
    id::PartyId,
    message::{Distrust, Keyring},
    secret::Secret,
};
use habeas_trust::{
    certificate::Chain,
    public_key::{Leniency, PublicKey},
};

use crate::directory::{Peer, Tenant};

/// The key of one domain, with the chain that vouches for it.
#[derive(Clone)]
pub(crate) struct PeerKey {
    pub(crate) domain: Domain,
    pub(crate) key: PublicKey,
    pub(crate) pss: bool,
    pub(crate) chain: Chain,
}

impl PeerKey {
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(message, signature, Leniency { pss: self.pss })
    }
}

/// An organisation's credentials, and the key of the one domain that may speak in this exchange.
pub(crate) struct Keys<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) signer: Option<&'a PeerKey>,
}

impl Keyring for Keys<'_> {
    fn holder(&self, credential: &Secret) -> Option<PartyId> {
        holder(self.tenant, credential.expose()).map(|peer| peer.party.id.clone())
    }

    fn signed(&self, domain: &Domain, message: &[u8], signature: &[u8]) -> Result<(), Distrust> {
        let key = self.signer.filter(|key| key.domain == *domain).ok_or(Distrust::UnknownSigner)?;
        if key.verify(message, signature) { Ok(()) } else { Err(Distrust::BadSignature) }
    }
}

/// The party whose credential stands in an `Authorization` header: `Bearer <token>`, `Basic` with the token as password
/// and any user name, or nothing but the SHA-512 of the token where the party may do that.
pub(crate) fn holder<'t>(tenant: &'t Tenant, authorization: &str) -> Option<&'t Peer> {
    let Some((scheme, value)) = authorization.trim().split_once(' ') else {
        return tenant.hashed_holder(authorization.trim());
    };
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return tenant.holder(value);
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(habeas_wire::base64::decode(value.as_bytes())?).ok()?;
        let (_, password) = pair.split_once(':')?;
        return tenant.holder(password);
    }
    None
}

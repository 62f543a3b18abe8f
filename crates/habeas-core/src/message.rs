//! Who sent these bytes, and may they be believed? The only door from bytes to meaning.
//!
//! A message arrives as [`Unverified`]: its head can be looked at, its body cannot. [`Unverified::verify`] checks the
//! [`Claim`] that the dialect read from the head and opens the door. Requests, callbacks and answers alike pass it.

use http::{HeaderMap, Method};

use crate::{domain::Domain, id::PartyId, secret::Secret};

/// The head of a request to us.
#[derive(Debug, Clone)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// What the route's pattern caught.
    pub params: Params,
    /// The query, as it came.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
}

/// What the route's pattern caught of the path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// `{id}`: the id of a request.
    pub id: Option<String>,
    /// `{token}`: the token that names a leg.
    pub token: Option<Secret>,
}

/// The head of an answer to us.
#[derive(Debug, Clone)]
pub struct AnswerHead {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
}

/// Who the sender says it is and with which proof, read from the head alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody in particular: discovery, certificates, error answers.
    Nobody,
    /// The holder of a credential of ours: the value of the `Authorization` header. The engine knows its schemes.
    Holder(Secret),
    /// A domain that signed the whole body.
    Signer {
        /// The domain.
        domain: Domain,
        /// Its signature.
        signature: Vec<u8>,
    },
}

/// Who sent a message, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Nobody in particular.
    Nobody,
    /// A party of ours, by its credential.
    Party(PartyId),
    /// A domain, by its signature. Which party that is, the leg says.
    Signer {
        /// The domain.
        domain: Domain,
        /// Its signature over the body, which becomes part of the receipt.
        signature: Vec<u8>,
    },
}

/// Why a claim was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// No such credential.
    #[error("the credential is unknown")]
    UnknownCredential,
    /// No key of that domain is known, or it may not speak here.
    #[error("the signer is unknown")]
    UnknownSigner,
    /// The signature does not hold over these bytes.
    #[error("the signature does not hold")]
    BadSignature,
}

/// What claims are checked against.
pub trait Keyring {
    /// Whose credential this is.
    fn holder(&self, credential: &Secret) -> Option<PartyId>;

    /// Checks a domain's signature over a message.
    ///
    /// # Errors
    /// [`Distrust`] when the domain's key is unknown or the signature does not hold.
    fn signed(&self, domain: &Domain, message: &[u8], signature: &[u8]) -> Result<(), Distrust>;
}

/// Bytes that nobody has vouched for yet. There is no way to the body but [`Unverified::verify`].
#[derive(Debug)]
pub struct Unverified<H> {
    head: H,
    body: Vec<u8>,
}

impl<H> Unverified<H> {
    /// What came in.
    pub const fn new(head: H, body: Vec<u8>) -> Self {
        Self { head, body }
    }

    /// The head, from which the claim is read.
    pub const fn head(&self) -> &H {
        &self.head
    }

    /// Checks the claim and opens the message.
    ///
    /// # Errors
    /// [`Distrust`] when the claim does not hold.
    pub fn verify(self, claim: Claim, keys: &dyn Keyring) -> Result<Verified<H>, Distrust> {
        let who = match claim {
            Claim::Nobody => Who::Nobody,
            Claim::Holder(credential) => Who::Party(keys.holder(&credential).ok_or(Distrust::UnknownCredential)?),
            Claim::Signer { domain, signature } => {
                keys.signed(&domain, &self.body, &signature)?;
                Who::Signer { domain, signature }
            }
        };
        Ok(Verified { head: self.head, body: self.body, who })
    }
}

/// A message whose sender is known.
#[derive(Debug)]
pub struct Verified<H> {
    head: H,
    body: Vec<u8>,
    who: Who,
}

impl<H> Verified<H> {
    /// The head.
    pub const fn head(&self) -> &H {
        &self.head
    }

    /// The body, exactly as it was signed or came over the authenticated connection.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Who sent it.
    pub const fn who(&self) -> &Who {
        &self.who
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl Keyring for Nothing {
        fn holder(&self, _: &Secret) -> Option<PartyId> {
            None
        }
        fn signed(&self, _: &Domain, _: &[u8], _: &[u8]) -> Result<(), Distrust> {
            Err(Distrust::BadSignature)
        }
    }

    #[test]
    fn a_claim_that_does_not_hold_never_opens_the_body() {
        let message = || Unverified::new((), b"secret".to_vec());
        assert_eq!(
            message().verify(Claim::Holder(Secret::new("Bearer x")), &Nothing).unwrap_err(),
            Distrust::UnknownCredential
        );
        let claim = Claim::Signer { domain: "example.com".parse().unwrap(), signature: vec![1] };
        assert_eq!(message().verify(claim, &Nothing).unwrap_err(), Distrust::BadSignature);
    }
}

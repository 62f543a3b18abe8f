//! Is the caller an operator?

use std::{fmt, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use habeas_core::problem::Code;
use habeas_trust::{
    credential::TokenHash,
    digest::{constant_time_eq, sha256},
};
use http::{HeaderMap, header, request::Parts};

use crate::problem::Failure;

/// The tokens of the operators, as digests. Without any, nobody is admitted.
#[derive(Clone, Default)]
pub struct OperatorTokens {
    digests: Vec<[u8; 32]>,
    hashes: Vec<TokenHash>,
}

impl OperatorTokens {
    /// Admits the holders of these tokens.
    pub fn new<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        Self { digests: tokens.into_iter().map(|token| sha256(token.as_bytes())).collect(), hashes: Vec::new() }
    }

    /// Admits the holders of the tokens with these hashes as well.
    #[must_use]
    pub fn and_hashes(mut self, hashes: impl IntoIterator<Item = TokenHash>) -> Self {
        self.hashes.extend(hashes);
        self
    }

    /// Whether the token is an operator's, in a time that does not depend on how alike they are.
    fn admits(&self, token: &str) -> bool {
        let digest = sha256(token.as_bytes());
        let digests = self.digests.iter().map(|known| constant_time_eq(known, &digest));
        digests.chain(self.hashes.iter().map(|hash| hash.matches(token))).fold(false, |admitted, same| admitted | same)
    }
}

impl fmt::Debug for OperatorTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperatorTokens({})", self.digests.len() + self.hashes.len())
    }
}

/// Lets operators pass.
pub(super) async fn admit(State(tokens): State<Arc<OperatorTokens>>, request: Request, next: Next) -> Response {
    match bearer(request.headers()) {
        Some(token) if tokens.admits(token) => next.run(request).await,
        _ => {
            let (head, body) = request.into_parts();
            crate::intake::discard(&head.headers, body);
            Failure::of(Code::Unauthorized).into_response()
        }
    }
}

/// The token of a message, before its body is read.
pub(super) struct Bearer(pub(super) String);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        bearer(&parts.headers).map(|token| Self(token.to_owned())).ok_or(Failure::of(Code::Unauthorized))
    }
}

/// The token of an `Authorization: Bearer` header, if there is exactly one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    (values.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use habeas_trust::credential::Credential;

    use super::*;

    #[test]
    fn only_the_tokens_given_are_admitted() {
        let credential = Credential::generate();
        let tokens = OperatorTokens::new(["one", "two"]).and_hashes([credential.hash()]);
        for token in ["one", "two", credential.token()] {
            assert!(tokens.admits(token));
        }
        for token in ["", "o", "one ", "three"] {
            assert!(!tokens.admits(token));
        }
        assert!(!OperatorTokens::default().admits(""));
        assert_eq!(format!("{tokens:?}"), "OperatorTokens(3)");
    }
}

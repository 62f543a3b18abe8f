//! With which keys are identity tokens checked that come from a party, and signed that go to it?

use std::{collections::HashSet, path::Path, sync::Arc};

use habeas_core::secret::Secret;
use habeas_trust::{
    digest,
    signing::SigningKey,
    token::{TokenAlgorithm, TokenKey, TokenSigner},
};

use super::{
    files,
    sealed::{self, Seal, alone},
};
use crate::config::{
    Loaded,
    party::{IdentityKey, Party},
};

/// The keys that its tokens are checked with. `seen` holds what is known of the secrets of other parties: a secret of
/// three would let two of them speak for each other.
pub(super) fn keys(
    loaded: &mut Loaded,
    place: &str,
    from: &Party,
    seal: Seal<'_>,
    seen: &mut HashSet<[u8; 32]>,
) -> Vec<TokenKey> {
    let mut ours = HashSet::new();
    let mut keys = Vec::new();
    for (index, key) in from.identity_keys.iter().enumerate() {
        let at = format!("{place}.identity_keys[{index}]");
        let (checked, secret) = self::key(loaded, &at, key, seal);
        let digest = secret.map(|secret| digest::sha256(secret.expose().as_bytes()));
        if digest.is_some_and(|digest| seen.contains(&digest)) {
            let message = "another party has this secret, too, here or with another organisation: a token of one would \
                           be good as that of the other";
            loaded.object(&at, message);
        }
        ours.extend(digest);
        keys.extend(checked);
    }
    seen.extend(ours);
    keys
}

fn key(loaded: &mut Loaded, at: &str, key: &IdentityKey, seal: Seal<'_>) -> (Option<TokenKey>, Option<Secret>) {
    let keys = [
        ("secret_file", key.secret_file.is_some()),
        ("secret", key.secret.is_some()),
        ("key_file", key.key_file.is_some()),
    ];
    if key.algorithm.is_none() {
        loaded.missing(&format!("{at}.algorithm"));
    }
    let Some(algorithm) = key.algorithm.map(|algorithm| algorithm.0) else { return (None, None) };
    let shared = algorithm == TokenAlgorithm::Hs256;
    let strange = |name: &str| if shared { name == "key_file" } else { name != "key_file" };
    for (name, _) in keys.iter().filter(|(name, given)| *given && strange(name)) {
        let needs = if shared { "has a shared secret" } else { "has a public key, in key_file" };
        loaded.object(&format!("{at}.{name}"), format!("{algorithm} {needs}"));
    }
    let keys: Vec<_> = keys.into_iter().map(|(name, given)| (name, given && !strange(name))).collect();
    if !alone(loaded, at, &keys) {
        return (None, None);
    }
    if !shared {
        let Some(file) = &key.key_file else {
            loaded.missing(&format!("{at}.key_file"));
            return (None, None);
        };
        let place = format!("{at}.key_file");
        let pem = files::text(loaded, &place, file);
        let key = pem.and_then(|pem| noted(loaded, &place, TokenKey::public(algorithm, &pem)));
        return (key, None);
    }
    let (place, secret) = match (&key.secret_file, &key.secret) {
        (Some(file), _) => secret_of_file(loaded, &format!("{at}.secret_file"), file),
        (None, Some(text)) => secret_of_text(loaded, &format!("{at}.secret"), text, seal),
        (None, None) => {
            loaded.missing_because(&format!("{at}.secret_file"), "is required, or secret");
            return (None, None);
        }
    };
    let key = secret.as_ref().and_then(|secret| noted(loaded, &place, TokenKey::secret(secret.expose())));
    (key, secret)
}

/// With what we sign tokens for it; `None` where nothing is said, or not well enough.
pub(super) fn signer(
    loaded: &mut Loaded,
    place: &str,
    from: &Party,
    seal: Seal<'_>,
    own: Option<&Arc<SigningKey>>,
) -> Option<TokenSigner> {
    let keys = [
        ("identity_secret_file", from.identity_secret_file.is_some()),
        ("identity_secret", from.identity_secret.is_some()),
        ("identity_algorithm", from.identity_algorithm.is_some()),
    ];
    if !alone(loaded, place, &keys) {
        return None;
    }
    let (place, secret) = match (&from.identity_secret_file, &from.identity_secret) {
        (Some(file), _) => secret_of_file(loaded, &format!("{place}.identity_secret_file"), file),
        (None, Some(text)) => secret_of_text(loaded, &format!("{place}.identity_secret"), text, seal),
        (None, None) => {
            let own = own.filter(|_| from.identity_algorithm.is_some());
            return own.map(|key| TokenSigner::of(Arc::clone(key)));
        }
    };
    noted(loaded, &place, TokenSigner::secret(secret?.expose()))
}

/// Whether anything is said of how tokens for it are signed.
pub(super) fn has_signer(from: &Party) -> bool {
    from.identity_secret_file.is_some() || from.identity_secret.is_some() || from.identity_algorithm.is_some()
}

fn secret_of_file(loaded: &mut Loaded, place: &str, file: &Path) -> (String, Option<Secret>) {
    (place.to_owned(), files::secret(loaded, place, file))
}

fn secret_of_text(loaded: &mut Loaded, place: &str, text: &str, seal: Seal<'_>) -> (String, Option<Secret>) {
    (place.to_owned(), seal.open(loaded, place, text, sealed::IDENTITY))
}

fn noted<T, E: std::fmt::Display>(loaded: &mut Loaded, place: &str, made: Result<T, E>) -> Option<T> {
    made.map_err(|error| loaded.object(place, error.to_string())).ok()
}

//! How is one value sealed? `nonce (12) ‖ ciphertext ‖ tag (16)`, AES-256-GCM, the place as associated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use super::{SealError, Secret};

const TAG_LEN: usize = 16;

pub(super) fn seal(key: &Secret, place: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, &**key).map_err(|_| SealError::Failed)?;
    let mut sealed = Vec::with_capacity(NONCE_LEN + clear.len() + TAG_LEN);
    sealed.extend_from_slice(&[0; NONCE_LEN]);
    sealed.extend_from_slice(clear);
    let (head, body) = sealed.split_first_chunk_mut::<NONCE_LEN>().ok_or(SealError::Failed)?;
    let (nonce, tag) = key.seal_in_place_separate_tag(Aad::from(place), body).map_err(|_| SealError::Failed)?;
    *head = *nonce.as_ref();
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

pub(super) fn open(key: &Secret, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, &**key).map_err(|_| SealError::Refused)?;
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Refused)?;
    let mut body = Zeroizing::new(body.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let clear = key.open_in_place(nonce, Aad::from(place), &mut body).map_err(|_| SealError::Refused)?.len();
    body.truncate(clear);
    Ok(body)
}

//! How is a message kept whose exact bytes may be needed again?
//!
//! One line of JSON with method, URL and headers, then the body as it is.

use habeas_core::id::LegId;
use habeas_trust::seal::DataKey;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use super::{Place, RequestKeys};
use crate::{Result, StoreError, model::Frozen};

const CORRUPT: StoreError = StoreError::Corrupt("legs.frozen");

#[derive(Serialize, Deserialize)]
struct Head {
    method: String,
    url: Url,
    /// Values byte by byte: a header may hold what is not UTF-8.
    headers: Vec<(String, Vec<u8>)>,
}

pub(crate) fn seal_frozen(keys: &RequestKeys, key: &DataKey, leg: &LegId, message: &Frozen) -> Result<Vec<u8>> {
    let head = Head {
        method: message.method.as_str().to_owned(),
        url: message.url.clone(),
        headers: message.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
    };
    let mut clear = Zeroizing::new(serde_json::to_vec(&head).map_err(|_| CORRUPT)?);
    clear.push(b'\n');
    clear.extend_from_slice(&message.body);
    keys.seal(key, Place::new("legs", leg, "frozen"), &clear)
}

pub(crate) fn open_frozen(keys: &RequestKeys, key: &DataKey, leg: &LegId, sealed: &[u8]) -> Result<Frozen> {
    let clear = keys.open(key, Place::new("legs", leg, "frozen"), sealed)?;
    let end = clear.iter().position(|byte| *byte == b'\n').ok_or(CORRUPT)?;
    let (head, body) = clear.split_at_checked(end).ok_or(CORRUPT)?;
    let head: Head = serde_json::from_slice(head).map_err(|_| CORRUPT)?;
    let mut headers = HeaderMap::new();
    for (name, value) in head.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| CORRUPT)?;
        headers.append(name, HeaderValue::from_bytes(&value).map_err(|_| CORRUPT)?);
    }
    Ok(Frozen {
        method: Method::from_bytes(head.method.as_bytes()).map_err(|_| CORRUPT)?,
        url: head.url,
        headers,
        body: body.get(1..).unwrap_or_default().to_vec(),
    })
}

//! What is sent? One request of a peer, or one wish of an operator, written once; only its id changes.

use anyhow::{Context as _, Result};
use habeas_engine::ambient::SystemRandom;

use habeas_core::random::Random as _;

/// How long every request's body is, in bytes.
pub(crate) const BODY_BYTES: usize = 584;
/// The organisation that is called.
pub(crate) const DOMAIN: &str = "mail.localhost";
const PATH: &str = "/v1/opengdpr_requests";
const OPERATOR_PATH: &str = "/api/requests";
const NO_ID: &str = "00000000-0000-4000-8000-000000000000";

/// A request ready to be sent.
pub(crate) struct Template {
    bytes: Vec<u8>,
    id_at: usize,
    ids: Ids,
}

impl Template {
    /// A request with these callback URLs, from the holder of the token.
    pub(crate) fn new(token: &str, callbacks: &[String]) -> Result<Self> {
        let bare = body(callbacks, "").len();
        let padding = BODY_BYTES.checked_sub(bare).context("the callback URLs are too long for the body")?;
        let body = body(callbacks, &"x".repeat(padding));
        Self::of(&format!("POST {PATH} HTTP/1.1\r\nhost: {DOMAIN}"), token, &body)
    }

    /// A wish of the operator whose token that is: to every party that can serve it, each under a reference of its own.
    pub(crate) fn wish(token: &str, from: &str) -> Result<Self> {
        let body = format!(
            r#"{{"from":"{from}","right":"erasure","identities":[{{"kind":"email","format":"raw","value":"ann@example.org"}}],"reference":"{NO_ID}"}}"#
        );
        Self::of(&format!("POST {OPERATOR_PATH} HTTP/1.1\r\nhost: {from}"), token, &body)
    }

    fn of(begin: &str, token: &str, body: &str) -> Result<Self> {
        let message = format!(
            "{begin}\r\nauthorization: Bearer {token}\r\naccept: application/json\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let id_at = message.find(NO_ID).context("a body without an id")?;
        Ok(Self { bytes: message.into_bytes(), id_at, ids: Ids::new() })
    }

    /// The same with ids of its own: a repeated id would be answered from what was stored, and not stored again.
    pub(crate) fn another(&self) -> Self {
        Self { bytes: self.bytes.clone(), id_at: self.id_at, ids: Ids::new() }
    }

    /// The next request: the same bytes under a new id.
    pub(crate) fn next(&mut self) -> &[u8] {
        if let Some(place) = self.bytes.get_mut(self.id_at..self.id_at + NO_ID.len()) {
            self.ids.write(place);
        }
        &self.bytes
    }
}

fn body(callbacks: &[String], padding: &str) -> String {
    let urls: Vec<_> = callbacks.iter().map(|url| format!("\"{url}\"")).collect();
    format!(
        r#"{{"subject_request_id":"{NO_ID}","subject_request_type":"erasure","submitted_time":"2026-11-02T09:30:00Z","subject_identities":[{{"identity_type":"email","identity_value":"ann@example.org","identity_format":"raw"}}],"api_version":"1.0","status_callback_urls":[{}],"extensions":{{"another.example":{{"note":"{padding}"}}}}}}"#,
        urls.join(",")
    )
}

/// Random UUIDs of version 4, cheaper than from the system: SplitMix64.
struct Ids(u64);

impl Ids {
    fn new() -> Self {
        let mut seed = [0; 8];
        SystemRandom.fill(&mut seed);
        Self(u64::from_le_bytes(seed))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Writes the hexadecimal digits; what stands in their place is the form: dashes, version and variant stay.
    fn write(&mut self, place: &mut [u8]) {
        let mut bits = u128::from(self.bits()) << 64 | u128::from(self.bits());
        for (index, byte) in place.iter_mut().enumerate() {
            if !matches!(index, 8 | 13 | 14 | 18 | 19 | 23) {
                *byte = char::from_digit((bits & 15) as u32, 16).map_or(b'0', |digit| digit as u8);
                bits >>= 4;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(message: &[u8]) -> String {
        let text = String::from_utf8(message.to_vec()).unwrap();
        text.split("subject_request_id\":\"").nth(1).unwrap()[..36].to_owned()
    }

    #[test]
    fn the_body_has_its_length_whatever_is_called_back() {
        let url = "http://127.0.0.1:20000/callbacks/1".to_owned();
        for callbacks in [vec![], vec![url.clone()], vec![url.clone(), url.clone(), url]] {
            let mut template = Template::new("token", &callbacks).unwrap();
            let message = String::from_utf8(template.next().to_vec()).unwrap();
            let (head, body) = message.split_once("\r\n\r\n").unwrap();
            assert_eq!(body.len(), BODY_BYTES);
            assert!(head.contains("content-length: 584"));
        }
        assert!(Template::new("token", &["x".repeat(600)]).is_err());
    }

    #[test]
    fn every_wish_has_a_reference_of_its_own() {
        let mut template = Template::wish("token", "shop.localhost").unwrap();
        let references = [(); 2].map(|()| {
            let message = String::from_utf8(template.next().to_vec()).unwrap();
            let (head, body) = message.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!("content-length: {}", body.len())));
            let wish: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!((&wish["from"], wish.get("to")), (&"shop.localhost".into(), None));
            wish["reference"].as_str().unwrap().to_owned()
        });
        assert_ne!(references[0], references[1]);
    }

    #[test]
    fn every_request_has_a_new_id_of_version_4() {
        let mut template = Template::new("token", &[]).unwrap();
        let mut another = template.another();
        let ids = [&mut template, &mut another].map(|t| [id_of(t.next()), id_of(t.next())]).concat();
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        for id in ids {
            assert!(habeas_core::id::is_lower_uuid_v4(&id), "{id}");
        }
    }
}

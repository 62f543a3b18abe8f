//! How is DER written as PEM (RFC 7468)?

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(crate) const REQUEST: &str = "CERTIFICATE REQUEST";

const LINE: usize = 64;

/// The text ends with a line break, so that texts can be joined. It may be a key, hence wiped on drop.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    // Reserved in full: growing would leave unwiped copies behind.
    let framing = 2 * ("-----BEGIN -----\n".len() + label.len());
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / LINE + 2 + framing));
    text.extend(["-----BEGIN ", label, "-----"]);
    for (position, character) in body.chars().enumerate() {
        if position % LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.extend(["\n-----END ", label, "-----\n"]);
    text
}

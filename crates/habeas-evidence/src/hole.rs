//! How is a signed body put together again from what was kept of it and the original request?

use habeas_trust::digest::sha256;
use habeas_wire::{base64, json::Object};

use crate::model::Hole;

/// The member that repeats the request (OpenGDPR 1.0 §7.3).
const MEMBER: &str = "encoded_request";
/// Deeper than honest peers nest.
const DEPTH: usize = 64;
/// Stands in the hole so that the rest can be read.
const NOTHING: &[u8] = b"null";

/// How writers of JSON spell the letters of base64 that some of them escape: PHP the slash, .NET the plus, Gson the
/// equals sign.
const SLASH: [&str; 2] = ["/", "\\/"];
const PLUS: [&str; 3] = ["+", "\\u002B", "\\u002b"];
const EQUALS: [&str; 3] = ["=", "\\u003d", "\\u003D"];

/// The body with nothing in the hole, if the hole is where the request is repeated and nowhere else: an exporter could
/// cut out whatever it does not like.
pub(crate) fn without(body: &[u8], hole: Hole) -> Option<Vec<u8>> {
    let whole = fill(body, hole.at, NOTHING)?;
    let position = Object::parse(&whole, DEPTH).ok()?.position(MEMBER)?;
    (position == (hole.at..hole.at.checked_add(NOTHING.len())?)).then_some(whole)
}

/// The body as it was signed, if this is the request that it repeats.
pub(crate) fn rebuilt(body: &[u8], hole: Hole, digest: &[u8; 32], request: &[u8]) -> Option<Vec<u8>> {
    let plain = base64::encode(request);
    let spellings = SLASH.iter().flat_map(|slash| PLUS.iter().map(move |plus| (slash, plus)));
    let spellings = spellings.flat_map(|(slash, plus)| EQUALS.iter().map(move |equals| (slash, plus, equals)));
    spellings
        .map(|(slash, plus, equals)| {
            format!("\"{}\"", plain.replace('/', slash).replace('+', plus).replace('=', equals))
        })
        .filter(|piece| piece.len() == hole.bytes)
        .filter_map(|piece| fill(body, hole.at, piece.as_bytes()))
        .find(|whole| sha256(whole) == *digest)
}

fn fill(body: &[u8], at: usize, piece: &[u8]) -> Option<Vec<u8>> {
    let (before, after) = body.split_at_checked(at)?;
    Some([before, piece, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"{"a":"{","encoded_request":"#;
    const AFTER: &str = r#","subject_request_id":"x"}"#;

    fn cut(piece: &str) -> (Vec<u8>, Hole, [u8; 32]) {
        let whole = format!("{BEFORE}{piece}{AFTER}");
        let hole = Hole { at: BEFORE.len(), bytes: piece.len() };
        (format!("{BEFORE}{AFTER}").into_bytes(), hole, sha256(whole.as_bytes()))
    }

    #[test]
    fn the_request_is_put_back_however_its_base64_was_escaped() {
        // Base64 with every letter that is ever escaped.
        let request = b"\xff\xef\xbe\xff\xf0";
        let plain = base64::encode(request);
        assert_eq!(plain, "/+++//A=");
        for piece in [
            "\"/+++//A=\"",
            "\"\\/+++\\/\\/A=\"",
            "\"/\\u002B\\u002B\\u002B//A=\"",
            "\"/\\u002b\\u002b\\u002b//A\\u003d\"",
        ] {
            let (body, hole, digest) = cut(piece);
            let whole = rebuilt(&body, hole, &digest, request).expect("the request fits");
            assert_eq!(whole, format!("{BEFORE}{piece}{AFTER}").into_bytes());
            assert_eq!(rebuilt(&body, hole, &digest, b"\xff\xef\xbe\xff\xf1"), None, "another request");
            assert_eq!(rebuilt(&body, Hole { at: 0, ..hole }, &digest, request), None);
            assert_eq!(rebuilt(&body, Hole { at: 999, ..hole }, &digest, request), None);
        }
    }

    #[test]
    fn only_the_repeated_request_may_be_missing() {
        let (body, hole, _) = cut("\"AA==\"");
        assert!(without(&body, hole).is_some());
        for at in (0..body.len() + 2).filter(|at| *at != hole.at) {
            assert_eq!(without(&body, Hole { at, ..hole }), None, "{at}");
        }
        let status = br#"{"encoded_request":"AA==","request_status":}"#;
        assert_eq!(without(status, Hole { at: status.len() - 1, bytes: 11 }), None);
        assert_eq!(without(&body, Hole { at: usize::MAX, bytes: usize::MAX }), None);
    }
}

//! Which texts are one signed object, and do its parts come back as they were signed?

use proptest::prelude::*;

use super::*;
use crate::base64::encode_url;

/// RFC 7515 appendix A.1.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn compact(header: &str) -> String {
    format!("{}.{PAYLOAD}.{SIGNATURE}", encode_url(header.as_bytes()))
}

fn flattened(more: &str) -> String {
    format!(r#"{{"payload":"{PAYLOAD}","protected":"{HEADER}","signature":"{SIGNATURE}"{more}}}"#)
}

fn general(signatures: &str, more: &str) -> String {
    format!(r#"{{"payload":"{PAYLOAD}","signatures":[{signatures}]{more}}}"#)
}

fn one() -> String {
    format!(r#"{{"protected":"{HEADER}","signature":"{SIGNATURE}"}}"#)
}

#[test]
fn every_serialization_is_taken_apart_alike() {
    let compact = format!("{HEADER}.{PAYLOAD}.{SIGNATURE}");
    for text in [
        compact.clone(),
        flattened(""),
        flattened(r#","header":{"kid":"1"}"#),
        flattened(r#","header":null,"unknown":[1]"#),
        format!(" {}", flattened("")),
        general(&one(), ""),
        general(&one().replace('}', r#","header":{"x":{}}}"#), r#","x":1"#),
    ] {
        let jws = Jws::parse(&text).expect("a signed object");
        assert_eq!(jws.header(), "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
        assert_eq!(jws.algorithm(), "HS256");
        assert!(jws.payload().starts_with(b"{\"iss\":\"joe\""));
        assert_eq!(jws.signing_input(), format!("{HEADER}.{PAYLOAD}").as_bytes());
        assert_eq!(encode_url(jws.signature()), SIGNATURE);
        assert_eq!(jws.to_compact(), compact);
        assert_eq!(format!("{jws:?}"), "Jws(…)");
    }
}

#[test]
fn what_is_not_one_signed_object_is_refused() {
    use JwsError::{Encoding, Shape, Signatures};
    for (text, expected) in [
        (String::new(), Shape),
        (HEADER.to_owned(), Shape),
        (format!("{HEADER}.{PAYLOAD}"), Shape),
        (format!("{HEADER}.{PAYLOAD}."), Shape),
        (format!("{HEADER}.{PAYLOAD}.{SIGNATURE}."), Shape),
        (format!("{HEADER}.{PAYLOAD}.{SIGNATURE}.x.y"), Shape),
        (format!("{HEADER}.{PAYLOAD}.{SIGNATURE}="), Encoding),
        (format!("{HEADER}.{PAYLOAD}.{SIGNATURE} "), Encoding),
        (format!(" {HEADER}.{PAYLOAD}.{SIGNATURE}"), Encoding),
        (format!("{HEADER}.{PAYLOAD}==.{SIGNATURE}"), Encoding),
        (format!("{HEADER}.{PAYLOAD}.{}", SIGNATURE.replace('-', "+")), Encoding),
        // The last character has two bits that stand for nothing.
        (format!("{HEADER}.{PAYLOAD}.{}l", SIGNATURE.trim_end_matches('k')), Encoding),
        ("{".to_owned(), Shape),
        ("{}".to_owned(), Shape),
        (flattened("").replace("payload", "load"), Shape),
        (flattened("").replace("signature", "sig"), Shape),
        (flattened("").replace(&format!("\"{SIGNATURE}\""), "7"), Shape),
        (flattened(r#","payload":"e30""#), Shape),
        (general("", ""), Signatures),
        (general(&format!("{},{}", one(), one()), ""), Signatures),
        (general("7", ""), Shape),
        (general(&one(), r#","signature":"e30""#), Shape),
        (general(&one(), r#","protected":null"#), Shape),
        (flattened("").replace("\"payload\"", "\"signatures\":{},\"payload\""), Shape),
        (flattened(&format!(r#","x":{}{}"#, "[".repeat(40), "]".repeat(40))), Shape),
    ] {
        assert_eq!(Jws::parse(&text).err(), Some(expected), "{text}");
    }
    let large = format!("{HEADER}.{}.{SIGNATURE}", "AAAA".repeat(MAX_BYTES / 4));
    assert_eq!(Jws::parse(&large).err(), Some(JwsError::TooLarge));
    assert_eq!(Jws::parse(&flattened(&format!(r#","x":"{large}""#))).err(), Some(JwsError::TooLarge));
}

#[test]
fn a_header_that_chooses_its_own_check_is_refused() {
    use JwsError::{Algorithm, Header, Parameter};
    for (header, expected) in [
        (r#"{"typ":"JWT"}"#, Algorithm),
        (r#"{"alg":null}"#, Algorithm),
        (r#"{"alg":""}"#, Algorithm),
        (r#"{"alg":7}"#, Algorithm),
        (r#"{"alg":["HS256"]}"#, Algorithm),
        (r#"{"alg":"none"}"#, Algorithm),
        (r#"{"alg":"None"}"#, Algorithm),
        (r#"{"alg":"NONE"}"#, Algorithm),
        (r#"{"alg":" nOnE "}"#, Algorithm),
        (r#"{"alg":"HS256","crit":["exp"]}"#, Parameter),
        (r#"{"alg":"HS256","crit":null}"#, Parameter),
        (r#"{"alg":"HS256","b64":false}"#, Parameter),
        (r#"{"alg":"HS256","b64":null}"#, Parameter),
        (r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#, Parameter),
        (r#"{"alg":"HS256","jku":"https://example.com/"}"#, Parameter),
        (r#"{"alg":"HS256","x5u":"https://example.com/"}"#, Parameter),
        (r#"{"alg":"HS256","x5\u0063":["AA"]}"#, Parameter),
        (r#"{"alg":"HS256","alg":"none"}"#, Header),
        (r#"{"alg":"HS256","\u0061lg":"HS256"}"#, Header),
        (r#"["HS256"]"#, Header),
        ("", Header),
        (r#"{"alg":"HS256","x":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}"#, Header),
    ] {
        assert_eq!(Jws::compact(&compact(header)).err(), Some(expected), "{header}");
    }
    assert!(Jws::compact(&compact(r#"{"alg":"HS256","kid":"jku","b64":true}"#)).is_ok());
}

#[test]
fn an_unprotected_header_may_say_nothing_that_matters() {
    use JwsError::{Algorithm, Header, Parameter};
    for (unprotected, expected) in [
        (r#"{"alg":"HS256"}"#, Header),
        (r#"{"typ":"JOSE"}"#, Header),
        (r#"{"jku":"https://example.com/"}"#, Parameter),
        (r#"{"jwk":{}}"#, Parameter),
        (r#"{"crit":[]}"#, Parameter),
        (r#"{"b64":false}"#, Parameter),
        ("7", Header),
    ] {
        let header = format!(r#","header":{unprotected}"#);
        assert_eq!(Jws::json(&flattened(&header)).err(), Some(expected), "{unprotected}");
        let inner = one().replace('}', &format!("{header}}}"));
        assert_eq!(Jws::json(&general(&inner, "")).err(), Some(expected), "{unprotected}");
    }
    let outside = |protected: &str| {
        format!(r#"{{"payload":"{PAYLOAD}",{protected}"header":{{"alg":"HS256"}},"signature":"{SIGNATURE}"}}"#)
    };
    assert_eq!(Jws::json(&outside("")).err(), Some(Algorithm));
    let empty = format!(r#""protected":"{}","#, encode_url(b"{}"));
    assert_eq!(Jws::json(&outside(&empty)).err(), Some(Algorithm));
}

proptest! {
    #[test]
    fn what_is_put_together_is_taken_apart(payload: Vec<u8>, signature in prop::collection::vec(any::<u8>(), 1..80)) {
        let unsigned = Unsigned::new(br#"{"alg":"HS256"}"#, &payload);
        let signed = unsigned.signing_input().to_vec();
        let text = unsigned.signed(&signature);
        let jws = Jws::parse(&text).expect("ours");
        prop_assert_eq!(jws.signing_input(), signed);
        prop_assert_eq!(jws.payload(), payload);
        prop_assert_eq!(jws.signature(), signature);
        prop_assert_eq!(jws.to_compact(), text);
    }

    #[test]
    fn arbitrary_text_never_panics(text: String) {
        let _ = (Jws::parse(&text), Jws::compact(&text), Jws::json(&text));
    }

    #[test]
    fn a_text_that_is_taken_is_the_only_one_for_its_parts(text in "[A-Za-z0-9_.-]{0,60}", header in r#"\{"alg":"[A-Za-z]{0,4}"\}"#) {
        for text in [text.clone(), format!("{}.{text}", encode_url(header.as_bytes()))] {
            if let Ok(jws) = Jws::compact(&text) {
                prop_assert_eq!(jws.to_compact(), text);
            }
        }
    }

    #[test]
    fn a_mutated_text_never_panics(at: prop::sample::Index, byte in 32..127_u8, json: bool) {
        let mut text = if json { flattened("") } else { format!("{HEADER}.{PAYLOAD}.{SIGNATURE}") }.into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let _ = Jws::parse(&String::from_utf8(text).expect("ASCII"));
    }
}

//! Who a token does not name, or who did not sign it, gets nothing (readings R4, R5).

use std::sync::Arc;

use habeas_engine::directory::Tenant;
use habeas_trust::{
    signing::SigningKey,
    token::{TokenAlgorithm, TokenKey, TokenSigner},
};
use habeas_wire::{base64, jws::Unsigned};
use serde_json::{Value, json};

use crate::world::{
    Setup, World,
    drp::{BUSINESS, Exercise, HELPER, OTHER, RIVAL, identity_key, of_business, signed, token},
};

const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn key() -> String {
    identity_key(HELPER, BUSINESS)
}

fn claims() -> Value {
    json!({"iss": HELPER, "aud": BUSINESS, "sub": "c4na7y", "email": "c4na7y@example.org"})
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

/// A token in parts: protected header, payload, signature.
fn parts(token: &str) -> [String; 3] {
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

impl World {
    /// Shows a token, and all it comes to is an error.
    async fn refuses(&self, token: impl Into<Value>, why: &str) {
        let answer = self.call(Exercise::deletion().with("identity", token).call()).await;
        assert_eq!(answer.status, 400, "{why}: {}", answer.text());
        answer.is_drp_error(400);
        assert!(answer.text().contains("identity"), "{why}: {}", answer.text());
    }

    async fn takes(&self, token: impl Into<Value>, why: &str) {
        let answer = self.call(Exercise::deletion().with("identity", token).call()).await;
        assert_eq!(answer.status, 200, "{why}: {}", answer.text());
    }

    async fn has_none(&self) {
        let listed = self.operate("GET", "/requests", "").await.json();
        assert_eq!(listed["requests"], json!([]));
    }
}

#[tokio::test]
async fn a_signature_that_is_none_or_anothers_is_refused() {
    let world = World::new().await;
    let payload = claims().to_string();
    let [head, body, signature] = parts(&token(&claims(), &key()));
    for alg in ["none", "None", "NONE", " none", "", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA"] {
        let header = json!({"alg": alg}).to_string();
        world.refuses(signed(&header, &payload, &key()), alg).await;
        let [head, ..] = parts(&signed(&header, &payload, &key()));
        world.refuses(format!("{head}.{body}."), alg).await;
        world.refuses(format!("{head}.{body}"), alg).await;
    }
    for header in [
        "{}",
        "[]",
        r#"{"alg":7}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","jku":"https://evil.example/keys"}"#,
        r#"{"alg":"HS256","x5u":"https://evil.example/x"}"#,
        r#"{"alg":"HS256","x5c":["AAAA"]}"#,
        r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#,
    ] {
        world.refuses(signed(header, &payload, &key()), header).await;
    }
    for other in
        [identity_key(RIVAL, BUSINESS), identity_key(HELPER, OTHER), "c4na7y, nobody's key, long enough".into()]
    {
        world.refuses(token(&claims(), &other), &other).await;
    }
    let [_, others, _] = parts(&token(&with("email", "eve@example.org"), &key()));
    world.refuses(format!("{head}.{others}.{signature}"), "the claims of another").await;
    world.refuses(format!("{head}.{body}.{}", &signature[..40]), "a part of the signature").await;
    world.refuses(format!("{head}.{body}.{signature}.{signature}"), "a part too many").await;
    world.refuses(format!("{head}.{body}.{signature}=="), "padding").await;
    world.refuses(format!("{head}.{body}.{signature} "), "white space").await;
    world.refuses(format!("{head}..{signature}"), "nothing").await;
    world.has_none().await;
}

#[tokio::test]
async fn who_else_it_is_from_or_for_is_refused() {
    let world = World::new().await;
    for (claims, why) in [
        (with("iss", RIVAL), "another agent's"),
        (with("iss", BUSINESS), "ours"),
        (with("iss", ""), "nobody's"),
        (with("iss", 7), "a number"),
        (with("aud", OTHER), "another business"),
        (with("aud", HELPER), "the agent itself"),
        (with("aud", "https://business.localhost.evil.example"), "a longer name"),
        (with("aud", json!([])), "for nobody"),
        (with("aud", json!([OTHER, "third.example"])), "for others"),
        (with("aud", json!([7])), "no names"),
        (with("aud", json!({"a": BUSINESS})), "an object"),
    ] {
        world.refuses(token(&claims, &key()), why).await;
    }
    world.has_none().await;
    for (n, claims) in (0..).zip([
        with("aud", json!([OTHER, BUSINESS])),
        with("aud", "https://business.localhost"),
        with("aud", "Business.LOCALHOST"),
        with("aud", Value::Null),
        with("iss", Value::Null),
    ]) {
        let mut claims = claims;
        claims["jti"] = json!(n);
        world.takes(token(&claims, &key()), &claims.to_string()).await;
    }
}

#[tokio::test]
async fn its_time_counts_where_it_has_one() {
    let world = World::new().await;
    const NOW: i64 = 1_767_268_800;
    for (claim, value) in [
        ("exp", json!(NOW - 60)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!("2030-01-01")),
        ("nbf", json!(NOW + 61)),
        ("iat", json!(NOW + 61)),
        ("iat", json!([NOW])),
    ] {
        world.refuses(token(&with(claim, value.clone()), &key()), &format!("{claim} {value}")).await;
    }
    world.has_none().await;
    for (claim, value) in [
        ("exp", json!(NOW - 59)),
        ("exp", json!(1e300)),
        ("nbf", json!(NOW + 60)),
        ("iat", json!(NOW + 60)),
        ("iat", json!(0)),
        ("exp", json!(NOW as f64 + 0.5)),
    ] {
        world.takes(token(&with(claim, value.clone()), &key()), &format!("{claim} {value}")).await;
    }
}

#[tokio::test]
async fn its_claims_are_one_strict_object_that_names_somebody() {
    let world = World::new().await;
    let deep = format!(r#"{{"email":"c4na7y@example.org","x":{}{}}}"#, "[".repeat(70), "]".repeat(70));
    for payload in [
        "",
        "null",
        "[]",
        "\"c4na7y\"",
        "{",
        "{}",
        r#"{"email":null}"#,
        r#"{"email":"a@example.org","email":"c4na7y@example.org"}"#,
        r#"{"email":7}"#,
        r#"{"email":"a@example.org","email_verified":"true"}"#,
        r#"{"email":"a@example.org","address":7}"#,
        r#"{"power_of_attorney":"c4na7y"}"#,
        r#"{"sub":" ","name":""}"#,
        &deep,
    ] {
        world.refuses(signed(HS256, payload, &key()), payload).await;
    }
    let large = json!({"email": "a@example.org", "x": "c4na7y".repeat(20_000)});
    world.refuses(token(&large, &key()), "too large").await;
    world.has_none().await;
    for payload in [r#"{"name":"Ann"}"#, r#"{"sub":"1"}"#, r#"{"phone_number":"1 602 555 1212"}"#, r#"{"address":"x"}"#]
    {
        world.takes(signed(HS256, payload, &key()), payload).await;
    }
}

#[tokio::test]
async fn each_serialization_is_taken_with_one_signature_and_no_other() {
    let world = World::new().await;
    let of = |n: u32| parts(&token(&with("jti", n), &key()));
    let [head, body, signature] = of(1);
    world.takes(json!({"payload": body, "protected": head, "signature": signature}), "flattened").await;
    let [head, body, signature] = of(2);
    let one = json!({"protected": head, "signature": signature, "header": {"kid": "1"}});
    world.takes(json!({"payload": body, "signatures": [one]}), "general").await;

    let [head, body, signature] = of(3);
    let good = json!({"protected": head, "signature": signature});
    let none = json!({"header": {"alg": "none"}, "signature": ""});
    for (identity, why) in [
        (json!({"payload": body, "signatures": []}), "no signature"),
        (json!({"payload": body, "signatures": [good, good]}), "twice"),
        (json!({"payload": body, "signatures": [good, none]}), "a second one"),
        (json!({"payload": body, "signatures": [none]}), "not signed"),
        (json!({"payload": body, "signatures": good}), "no list"),
        (json!({"payload": body, "protected": head, "signature": signature, "signatures": [good]}), "both"),
        (json!({"payload": body, "protected": head, "signatures": [good]}), "half of both"),
        (json!({"payload": body, "header": {"alg": "HS256"}, "signature": signature}), "nothing protected"),
        (json!({"payload": body, "protected": head, "signature": signature, "header": {"alg": "HS256"}}), "alg twice"),
        (json!({"payload": body, "protected": head, "signature": signature, "header": {"jku": "x"}}), "its own key"),
        (json!({"payload": claims(), "protected": head, "signature": signature}), "the payload in clear"),
        (json!({"protected": head, "signature": signature}), "no payload"),
        (json!([head, body, signature]), "a list"),
    ] {
        world.refuses(identity, why).await;
    }
}

fn es256() -> &'static str {
    static KEY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    KEY.get_or_init(crate::world::keys::p256)
}

fn public_pem() -> String {
    let key = SigningKey::from_pem(es256()).unwrap();
    let der = base64::encode(key.public_key_spki_der());
    format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
}

/// The agent signs with a key of its own.
fn own_key(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        for peer in tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == HELPER) {
            peer.identity_keys = vec![TokenKey::public(TokenAlgorithm::Es256, &public_pem()).unwrap()];
        }
    });
}

#[tokio::test]
async fn a_public_key_is_no_secret_and_what_it_signed_must_name_us() {
    let world = World::with(Setup { adjust: own_key, ..Setup::default() }).await;
    let signer = TokenSigner::of(Arc::new(SigningKey::from_pem(es256()).unwrap()));
    let make = |header: &str, claims: &Value| {
        let unsigned = Unsigned::new(header.as_bytes(), claims.to_string().as_bytes());
        let signature = signer.sign(unsigned.signing_input()).unwrap();
        unsigned.signed(&signature)
    };
    let header = r#"{"alg":"ES256"}"#;
    let mut nobody = claims();
    nobody.as_object_mut().unwrap().remove("aud");
    world.refuses(make(header, &nobody), "good at any business").await;
    world.refuses(make(header, &with("aud", OTHER)), "for another").await;
    world.refuses(make(HS256, &claims()), "another algorithm").await;
    world.refuses(token(&claims(), &key()), "the secret that was agreed before").await;
    // Everybody has the public half.
    let unsigned = Unsigned::new(HS256.as_bytes(), claims().to_string().as_bytes());
    for secret in [public_pem(), public_pem().trim_end().to_owned()] {
        let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let forged = aws_lc_rs::hmac::sign(&hmac, unsigned.signing_input());
        world.refuses(unsigned.clone().signed(forged.as_ref()), "the public key as a secret").await;
    }
    world.has_none().await;
    world.takes(make(header, &claims()), "its own").await;
}

/// One key of tokens for everybody.
fn same_key(tenant: &mut Tenant) {
    for peer in tenant.peers.iter_mut().filter(|peer| !peer.identity_keys.is_empty()) {
        peer.identity_keys = vec![TokenKey::secret(&identity_key("everybody", "everybody")).unwrap()];
    }
}

#[tokio::test]
async fn another_spelling_of_anothers_token_is_anothers_token() {
    let world = World::with(Setup { adjust: same_key, ..Setup::default() }).await;
    let shown = token(&json!({"sub": "ann", "email": "ann@example.org"}), &identity_key("everybody", "everybody"));
    world.exercise(&Exercise::deletion().with("identity", shown.as_str())).await;

    let [head, body, signature] = parts(&shown);
    // The last letter of 32 bytes has two bits to spare.
    let bytes = base64::decode_url(signature.as_bytes()).unwrap();
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let last = alphabet.iter().position(|letter| signature.ends_with(*letter)).unwrap();
    assert_eq!(bytes.len(), 32);
    let respelled = format!("{}{}", &signature[..42], alphabet[last ^ 1]);
    for (identity, why) in [
        (json!(shown), "itself"),
        (json!({"payload": body, "protected": head, "signature": signature}), "flattened"),
        (json!({"payload": body, "signatures": [{"protected": head, "signature": signature}]}), "general"),
        (json!(format!("{head}.{body}.{respelled}")), "with other spare bits"),
        (json!({"payload": body, "protected": head, "signature": respelled}), "the same, flattened"),
    ] {
        let mut rival = Exercise::deletion().with("identity", identity);
        rival.agent = RIVAL;
        let answer = world.call(rival.call()).await;
        assert_eq!(answer.status, 400, "{why}: {}", answer.text());
    }
}

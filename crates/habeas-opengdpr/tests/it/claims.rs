//! Who may a message say it comes from?

use habeas_core::{
    dialect::{Endpoint, Operation, Verb},
    message::{AnswerHead, Claim, RequestHead},
    problem::{Code, Problem},
    secret::Secret,
};
use http::Method;

use crate::{
    edition::alike,
    world::{World, head, headers},
};

const DOMAIN: &str = "x-opengdpr-processor-domain";
const SIGNATURE: &str = "x-opengdpr-signature";
const DSR_DOMAIN: &str = "x-opendsr-processor-domain";
const DSR_SIGNATURE: &str = "x-opendsr-signature";

fn claim(path: &str, method: Verb, head: &RequestHead) -> Result<Claim, Problem> {
    alike(|dialect| {
        let row = dialect.endpoints().iter().find(|row| row.path == path && row.method == method).unwrap();
        (row.claim)(head)
    })
}

fn called_back(pairs: &[(&'static str, &str)]) -> Result<Claim, Problem> {
    claim("opengdpr_callbacks/{token}", Verb::Post, &head(Method::POST, headers(pairs)))
}

fn signer() -> Claim {
    Claim::Signer { domain: "example.com".parse().unwrap(), signature: b"foobar".to_vec() }
}

#[test]
fn the_routing_table_knows_both_spellings() {
    let rows = alike(|dialect| {
        let row = |row: &Endpoint| format!("{:?} {} {} {:?}", row.method, row.path, row.operation.as_str(), row.roles);
        dialect.endpoints().iter().map(row).collect::<Vec<_>>()
    });
    insta::assert_snapshot!(rows.join("\n"), @r"
    Get discovery discover [Processor, Agent]
    Get cert.pem certificate [Processor, Agent]
    Post opengdpr_requests submit [Processor, Agent]
    Post opengdpr_request submit [Processor, Agent]
    Get opengdpr_requests/{id} status [Processor, Agent]
    Get opengdpr_request/{id} status [Processor, Agent]
    Get status/{id} status [Processor, Agent]
    Get status status [Processor, Agent]
    Delete opengdpr_requests/{id} cancel [Processor, Agent]
    Delete opengdpr_request/{id} cancel [Processor, Agent]
    Post opengdpr_callbacks/{token} callback [Controller, Agent, Processor]
    ");
}

#[test]
fn discovery_and_certificate_ask_for_nobody() {
    for path in ["discovery", "cert.pem"] {
        assert_eq!(claim(path, Verb::Get, &head(Method::GET, headers(&[]))), Ok(Claim::Nobody));
    }
}

#[test]
fn api_calls_bring_a_credential() {
    let ask = |pairs: &[_]| claim("opengdpr_requests", Verb::Post, &head(Method::POST, headers(pairs)));
    assert_eq!(ask(&[("authorization", "Basic eDp5")]), Ok(Claim::Holder(Secret::new("Basic eDp5"))));
    for pairs in [&[][..], &[("authorization", "")], &[("authorization", "Bearer a"), ("authorization", "Bearer b")]] {
        assert_eq!(ask(pairs).unwrap_err().code, Code::Unauthorized, "{pairs:?}");
    }
}

#[test]
fn a_callback_brings_a_signature_in_either_family() {
    for pairs in [
        &[(DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy")][..],
        &[(DOMAIN, "Example.COM"), (SIGNATURE, "Zm9v YmFy")],
        &[(DSR_DOMAIN, "example.com"), (DSR_SIGNATURE, "Zm9vYmFy")],
        &[(DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy"), (DSR_DOMAIN, "example.com"), (DSR_SIGNATURE, "Zm9vYmFy")],
    ] {
        assert_eq!(called_back(pairs), Ok(signer()), "{pairs:?}");
    }
}

#[test]
fn anything_short_of_that_is_forbidden() {
    for pairs in [
        &[][..],
        &[(DOMAIN, "example.com")],
        &[(SIGNATURE, "Zm9vYmFy")],
        &[(DOMAIN, "example.com"), (DSR_SIGNATURE, "Zm9vYmFy")],
        &[(DOMAIN, "https://example.com"), (SIGNATURE, "Zm9vYmFy")],
        &[(DOMAIN, "127.0.0.1"), (SIGNATURE, "Zm9vYmFy")],
        &[(DOMAIN, "example.com"), (SIGNATURE, "not base64!")],
        &[(DOMAIN, "example.com"), (SIGNATURE, "")],
        &[(DOMAIN, "example.com"), (DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy")],
        &[(DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy"), (DSR_DOMAIN, "example.com")],
        &[(DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy"), (DSR_DOMAIN, "a.com"), (DSR_SIGNATURE, "Zm9vYmFy")],
        &[(DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy"), (DSR_DOMAIN, "example.com"), (DSR_SIGNATURE, "Zm9v")],
    ] {
        assert_eq!(called_back(pairs).unwrap_err().code, Code::Forbidden, "{pairs:?}");
    }
}

fn proof(operation: Operation, head: &AnswerHead) -> Result<Claim, Problem> {
    alike(|dialect| {
        let claim = dialect.proof(operation, head, Some(&World::new().them));
        assert_eq!(dialect.proof(operation, head, None), claim, "a party without leniencies is like any other");
        claim
    })
}

#[test]
fn receipts_and_statuses_must_be_signed_and_nothing_else() {
    let signed = headers(&[(DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy")]);
    for operation in [Operation::Submit, Operation::Status, Operation::Cancel] {
        for status in [200, 201, 202, 204] {
            let head = AnswerHead { status, headers: signed.clone() };
            assert_eq!(proof(operation, &head), Ok(signer()));
            let head = AnswerHead { status, headers: headers(&[]) };
            assert_eq!(proof(operation, &head).unwrap_err().code, Code::Forbidden);
        }
        let refusal = AnswerHead { status: 400, headers: headers(&[]) };
        assert_eq!(proof(operation, &refusal), Ok(Claim::Nobody));
    }
    for operation in [Operation::Discover, Operation::Certificate] {
        let head = AnswerHead { status: 200, headers: headers(&[]) };
        assert_eq!(proof(operation, &head), Ok(Claim::Nobody));
    }
}

#[test]
fn a_party_may_be_let_off_signing_but_not_off_a_signature_that_does_not_hold() {
    let mut them = World::new().them;
    them.trust.unsigned_receipts = true;
    let proof = |operation, pairs: &[(&'static str, &str)]| {
        let head = AnswerHead { status: 202, headers: headers(pairs) };
        alike(|dialect| dialect.proof(operation, &head, Some(&them)))
    };
    for operation in [Operation::Submit, Operation::Status, Operation::Cancel] {
        assert_eq!(proof(operation, &[("content-type", "text/plain")]), Ok(Claim::Nobody));
        for (domain, signature) in [(DOMAIN, SIGNATURE), (DSR_DOMAIN, DSR_SIGNATURE)] {
            assert_eq!(proof(operation, &[(domain, "example.com"), (signature, "Zm9vYmFy")]), Ok(signer()));
            for broken in [
                &[(domain, "example.com")][..],
                &[(signature, "Zm9vYmFy")],
                &[(domain, "example.com"), (signature, "")],
                &[(domain, "example.com"), (signature, "not base64!")],
            ] {
                assert_eq!(proof(operation, broken).unwrap_err().code, Code::Forbidden, "{broken:?}");
            }
        }
    }
}

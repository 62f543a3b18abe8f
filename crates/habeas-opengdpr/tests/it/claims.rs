//! Who may a message say it comes from?

use habeas_core::{
    dialect::{Operation, Verb},
    message::{AnswerHead, Claim, RequestHead},
    problem::{Code, Problem},
    role::Role,
    secret::Secret,
};
use http::Method;

use crate::world::{dialect, head, headers};

const DOMAIN: &str = "x-opengdpr-processor-domain";
const SIGNATURE: &str = "x-opengdpr-signature";
const DSR_DOMAIN: &str = "x-opendsr-processor-domain";
const DSR_SIGNATURE: &str = "x-opendsr-signature";

fn claim(path: &str, method: Verb, head: &RequestHead) -> Result<Claim, Problem> {
    let row = dialect().endpoints().iter().find(|row| row.path == path && row.method == method).unwrap();
    (row.claim)(head)
}

fn called_back(pairs: &[(&'static str, &str)]) -> Result<Claim, Problem> {
    claim("opengdpr_callbacks/{token}", Verb::Post, &head(Method::POST, headers(pairs)))
}

fn signer() -> Claim {
    Claim::Signer { domain: "example.com".parse().unwrap(), signature: b"foobar".to_vec() }
}

#[test]
fn the_routing_table_knows_both_spellings() {
    let rows: Vec<_> = dialect()
        .endpoints()
        .iter()
        .map(|row| format!("{:?} {} {} {:?}", row.method, row.path, row.operation.as_str(), row.roles))
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    Get discovery discover [Processor]
    Get cert.pem certificate [Processor]
    Post opengdpr_requests submit [Processor]
    Post opengdpr_request submit [Processor]
    Get opengdpr_requests/{id} status [Processor]
    Get opengdpr_request/{id} status [Processor]
    Get status/{id} status [Processor]
    Get status status [Processor]
    Delete opengdpr_requests/{id} cancel [Processor]
    Delete opengdpr_request/{id} cancel [Processor]
    Post opengdpr_callbacks/{token} callback [Controller]
    ");
    assert!(dialect().endpoints().iter().all(|row| row.roles == [Role::Processor] || row.roles == [Role::Controller]));
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

#[test]
fn receipts_and_statuses_must_be_signed_and_nothing_else() {
    let signed = headers(&[(DOMAIN, "example.com"), (SIGNATURE, "Zm9vYmFy")]);
    for operation in [Operation::Submit, Operation::Status, Operation::Cancel] {
        for status in [200, 201, 202, 204] {
            let head = AnswerHead { status, headers: signed.clone() };
            assert_eq!(dialect().proof(operation, &head), Ok(signer()));
            let head = AnswerHead { status, headers: headers(&[]) };
            assert_eq!(dialect().proof(operation, &head).unwrap_err().code, Code::Forbidden);
        }
        let refusal = AnswerHead { status: 400, headers: headers(&[]) };
        assert_eq!(dialect().proof(operation, &refusal), Ok(Claim::Nobody));
    }
    for operation in [Operation::Discover, Operation::Certificate] {
        let head = AnswerHead { status: 200, headers: headers(&[]) };
        assert_eq!(dialect().proof(operation, &head), Ok(Claim::Nobody));
    }
}

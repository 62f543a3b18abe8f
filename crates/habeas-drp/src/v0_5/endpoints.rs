//! Where is what served, by whom, and who may call? (§2, §3.07)

use habeas_core::{
    dialect::{Endpoint, Operation, Verb},
    message::{Claim, RequestHead},
    problem::{Code, Problem},
    role::Role,
    secret::Secret,
};
use http::header::AUTHORIZATION;

/// Where an organisation says what it supports (RFC 8615).
pub(super) const WELL_KNOWN: [&str; 2] = [".well-known", "data-rights.json"];

/// The routing table. Where callbacks go is the agent's to choose: to a place that names the leg.
pub(super) static ENDPOINTS: [Endpoint; 5] = [
    Endpoint {
        operation: Operation::Discover,
        method: Verb::Get,
        path: ".well-known/data-rights.json",
        roles: &[Role::CoveredBusiness],
        claim: nobody,
    },
    row(Operation::Submit, Verb::Post, "exercise", &[Role::Pip]),
    row(Operation::Status, Verb::Get, "status", &[Role::Pip]),
    row(Operation::Cancel, Verb::Post, "revoke", &[Role::Pip]),
    row(Operation::Callback, Verb::Post, "callbacks/{token}", &[Role::AuthorizedAgent]),
];

const fn row(operation: Operation, method: Verb, path: &'static str, roles: &'static [Role]) -> Endpoint {
    Endpoint { operation, method, path, roles, claim: holder }
}

/// Discovery is for everybody, also for who brings a credential that is none.
const fn nobody(_: &RequestHead) -> Result<Claim, Problem> {
    Ok(Claim::Nobody)
}

/// Everything else is for holders of a shared secret. A header that stands there twice says nothing certain.
fn holder(head: &RequestHead) -> Result<Claim, Problem> {
    let mut values = head.headers.get_all(AUTHORIZATION).iter();
    let only = match (values.next(), values.next()) {
        (only, None) => only,
        (_, Some(_)) => None,
    };
    let credential = only.and_then(|value| value.to_str().ok()).filter(|value| !value.trim().is_empty());
    credential.map(|credential| Claim::Holder(Secret::new(credential))).ok_or(Problem::new(Code::Unauthorized))
}

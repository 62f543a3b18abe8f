//! Where is what served? The same places in every version so far (1.0 §6 to §9; A2, A3).
//!
//! 0.1 shows a single request below the singular, 1.0 below the plural, and peers of both use either: all of them are
//! served with every method. `/status` must exist and is never described: it takes the id as a segment or as a query.

use habeas_core::{
    dialect::{Endpoint, Operation, Verb},
    message::{Claim, RequestHead},
    problem::Problem,
    role::Role,
};

use super::head::{holder, nobody, signer};

/// The routing table.
pub(crate) static ENDPOINTS: [Endpoint; 11] = [
    row(Operation::Discover, Verb::Get, "discovery", nobody),
    row(Operation::Certificate, Verb::Get, "cert.pem", nobody),
    row(Operation::Submit, Verb::Post, "opengdpr_requests", holder),
    row(Operation::Submit, Verb::Post, "opengdpr_request", holder),
    row(Operation::Status, Verb::Get, "opengdpr_requests/{id}", holder),
    row(Operation::Status, Verb::Get, "opengdpr_request/{id}", holder),
    row(Operation::Status, Verb::Get, "status/{id}", holder),
    row(Operation::Status, Verb::Get, "status", holder),
    row(Operation::Cancel, Verb::Delete, "opengdpr_requests/{id}", holder),
    row(Operation::Cancel, Verb::Delete, "opengdpr_request/{id}", holder),
    Endpoint {
        operation: Operation::Callback,
        method: Verb::Post,
        path: "opengdpr_callbacks/{token}",
        roles: &EVERYBODY,
        claim: signer,
    },
];

/// Who takes requests: processors, and agents, which are a kind of processor. 1.0 has no agents by name, but processors
/// that hand requests on to sub-processors (1.0 §10).
static RECEIVERS: [Role; 2] = [Role::Processor, Role::Agent];

/// Who is called back: everybody who sends requests, or hands them on.
static EVERYBODY: [Role; 3] = [Role::Controller, Role::Agent, Role::Processor];

const fn row(
    operation: Operation,
    method: Verb,
    path: &'static str,
    claim: fn(&RequestHead) -> Result<Claim, Problem>,
) -> Endpoint {
    Endpoint { operation, method, path, roles: &RECEIVERS, claim }
}

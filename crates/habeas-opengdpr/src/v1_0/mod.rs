//! OpenGDPR 1.0: what does this version say, and how is it read where it is silent?
//!
//! Two roles: a controller sends, a processor receives, answers with signed receipts and calls back. Against 0.1 it
//! names the controller in every signed answer, keeps the original out of the answer to a cancellation, adds
//! `cancelled`, `results_url` and `extensions`, and wants its major version first in the path.
//!
//! Readings, with their numbers in protocol/opengdpr.md §3:
//!
//! - A1 `processor_signature` cannot sign the body that holds it. The header signs the bytes sent; the member, last
//!   and optional by policy, signs the body without itself.
//! - A2 `/status` must exist and is never described: it takes the id as a segment or as a query.
//! - A3 Both spellings of the collection are served with every method; we call the plural.
//! - A5, A38 Callbacks and answers may carry either family of signature headers, whole, and never two that differ.
//!   Everything short of that is 403.
//! - A6 Only a request in `pending` can be cancelled.
//! - A14 Every JSON answer to an authenticated caller is signed, and discovery; errors and certificates are not.
//! - A28 Times from controllers must be RFC 3339 with an offset; times from processors are taken as they come.
//! - A35 A request needs no identity if the receiver's own extension says anything.
//! - A43 `property_id` of 0.1 has no place here: a request that holds one cannot be sent on.
//! - A46 There is no word for a denial. The last honest status stands, and `extensions["<own domain>"].denied.reason`
//!   tells it; `completed` never does.
//!
//! `api_version` is optional in requests; where it stands its major number must be ours.

use habeas_core::{
    dialect::{DialectId, Endpoint, Operation, Verb},
    message::{Claim, RequestHead},
    problem::Problem,
    role::Role,
};

use crate::{
    exchange::{OPENGDPR, holder, nobody, signer},
    version::{Version, Words},
};

/// The version's row.
pub(crate) static VERSION: Version = Version {
    id: DialectId::known("opengdpr/1.0"),
    api_version: "1.0",
    family: OPENGDPR,
    words: Words {
        received: "pending",
        distributed: "in_progress",
        in_progress: "in_progress",
        fulfilled: "completed",
        cancelled: "cancelled",
    },
    roku: "roku_advertising_id",
    receipts_name_controller: true,
    answers_name_version: true,
    cancel_answer_holds_original: false,
    has_results: true,
    has_extensions: true,
    has_property_id: false,
    endpoints: &ENDPOINTS,
};

static ENDPOINTS: [Endpoint; 11] = [
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
        roles: &[Role::Controller],
        claim: signer,
    },
];

const fn row(
    operation: Operation,
    method: Verb,
    path: &'static str,
    claim: fn(&RequestHead) -> Result<Claim, Problem>,
) -> Endpoint {
    Endpoint { operation, method, path, roles: &[Role::Processor], claim }
}

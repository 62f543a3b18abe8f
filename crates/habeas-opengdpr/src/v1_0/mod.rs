//! OpenGDPR 1.0: what does this version say, and how is it read where it is silent?
//!
//! Two roles: a controller sends, a processor receives, answers with signed receipts and calls back. What was an agent
//! is a processor with sub-processors. Against 0.1 it names the controller in every signed answer, keeps the original
//! out of the answer to a cancellation, adds `cancelled`, `results_url` and `extensions`, and wants its major version
//! first in the path.
//!
//! Readings, by their numbers:
//!
//! - A1 `processor_signature` cannot sign the body that holds it. The header signs the bytes sent; the member, last
//!   and optional by policy, signs the body without itself.
//! - A2 `/status` must exist and is never described: it takes the id as a segment or as a query.
//! - A3 Both spellings of the collection are served with every method; we call the plural.
//! - A4 Any `1.x` in `api_version` means this version.
//! - A5, A38 Callbacks and answers may carry either family of signature headers, whole, and never two that differ.
//!   Everything short of that is 403.
//! - A6 Only a request in `pending` can be cancelled.
//! - A8 An id is one of the sender that chose it. The same bytes of the same sender get the same receipt; other bytes
//!   under the id are refused, and nobody learns of another sender's ids.
//! - A11 What is wrong with a submission, and a cancellation that comes too late, is 400. Everything else has the
//!   status that HTTP has for it, and `code` repeats it.
//! - A13 A signature stands in one line; white space within is skipped when read.
//! - A14 Every JSON answer to an authenticated caller is signed, and discovery; errors and certificates are not.
//! - A15 The certificate is served at the organisation's own host, leaf first. That of a party may be served by another
//!   host where that was agreed.
//! - A19 Discovery is looked for below the major version and then at the top, and answers without credentials.
//! - A20 The acceptance is called back as well, unless that was turned off.
//! - A22 A callback has no time, so that it may be replayed: a step back is acknowledged and changes nothing.
//! - A23 The original request in a receipt is not stored: it is cut out at a recorded place, so that whoever has it can
//!   put it back and check the signature.
//! - A26 An organisation whose parties do the work supports what any of them does.
//! - A28 Times from controllers must be RFC 3339 with an offset; times from processors are taken as they come.
//! - A29 Ids are UUIDs in lower case; a path finds them in either.
//! - A30 `null` says as much as leaving the member out.
//! - A31 An error is told in the `error` object, and heard with or without it.
//! - A32 Members that we do not know are kept for who gets the request next. A name that occurs twice is 400.
//! - A35 A request needs no identity if the receiver's own extension says anything.
//! - A40 The media type is JSON with any parameters, and 415 otherwise. No answer may be stored on its way.
//! - A41 A callback URL is `https`, names no user, and is called by the guard's rules.
//! - A42 `results_url` comes with completed requests whose right has results, and ends.
//! - A43 `property_id` of 0.1 is no member here. A party that is known to read it in its own extension is sent it
//!   there; beside extensions that the request came with, or to another party, it cannot be said.
//! - A44 A date that moves is told, under the status that stands.
//! - A45 A leg that is refused because its id is there already is taken for a loop of agents, and is not tried again.
//! - A46 There is no word for a denial. The last honest status stands, and `extensions["<own domain>"].denied.reason`
//!   tells it; `completed` never does. `details` beside it says what else there is to say.
//! - A47 A body has a size, a depth and so many identities and callback URLs, and no more.
//!
//! `api_version` is optional in requests; where it stands its major number must be ours.

use habeas_core::dialect::{DialectId, Knob};

use crate::{
    exchange::{ENDPOINTS, OPENGDPR, OWN_EXTENSIONS_ONLY, PROPERTY_ID_IN_EXTENSIONS, RELATIONSHIPS_IN_EXTENSIONS},
    version::{Version, Words},
};

/// The version's row.
pub(crate) static VERSION: Version = Version {
    id: DialectId::known("opengdpr/1.0"),
    api_version: "1.0",
    number: "1",
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
    shows_singular_path: false,
    knobs: &KNOBS,
    endpoints: &ENDPOINTS,
};

static KNOBS: [Knob; 3] = [PROPERTY_ID_IN_EXTENSIONS, OWN_EXTENSIONS_ONLY, RELATIONSHIPS_IN_EXTENSIONS];

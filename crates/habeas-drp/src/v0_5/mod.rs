//! DRP 0.5: what does this version say, and how is it read where it is silent?
//!
//! An authorized agent exercises a person's rights with a covered business, whose endpoints a privacy infrastructure
//! provider (PIP) may run. The business says at a well-known place where they are. The person travels as the claims of
//! a signed identity token; everything that is ever told of a request is one object, the Exercise Status
//! (`status_object`).
//!
//! Readings, by their numbers:
//!
//! - R1 Rights are spelled with a hyphen in the examples and with an underscore in the table. Both are read; we say the
//!   spelling that the other side's discovery has, and hyphens otherwise.
//! - R2 The example's time is no RFC 3339. Ours are, in UTC and without a fraction; theirs are read in any shape.
//! - R3 The credential is the request's `Authorization` header. That the engine knows its schemes, and adds it to what
//!   we send, is why none shows here.
//! - R4 A token's times and audience are checked where they are there. Who signs with a key that others may know must
//!   name the audience, since the token would be good elsewhere too.
//! - R5 A token comes in any serialization of RFC 7515, with one signature.
//! - R7 Several rights are one request, in which reads come before deletion. We ask for one at a time.
//! - R8 Who has not proved who they are in time is denied, as insufficiently verified.
//! - R9 What the message alone shows to be no right is denied in the answer to it. Everything else is `open` there, and
//!   taken up after it.
//! - R10, R11, R25 Seven members of the status object are always there, `null` where they say nothing. `expires_at` and
//!   `results_url` are there when they say something, and no other member ever is.
//! - R12, R13 A reason that we do not know is no ground, but it is kept in words.
//! - R14 Taking back what is final is refused with 409; what was taken back already is the engine's to answer again.
//! - R15 Ids are opaque, and an unknown one is 404.
//! - R16 Only how a request stands now is worth telling: a newer status takes the place of an older one.
//! - R19 `voluntary` is what leaving `regime` out says. A regime that we do not know is the business's to deny.
//! - R20 0.4 is read like 0.5, except from a party that is held to the letter.
//! - R21 A revocation has the id, and may have a reason.
//! - R23 A right that is not served refuses the whole request, with 400. Some say 404 for that, and some write blanks
//!   around the words.
//! - R24 `api_base` has no slash at its end.
//! - R26, R27 Every problem is told as `code` and `message`. `fatal` would speak of the state of a request: we never
//!   say it, and when we hear it we do not ask again.
//! - R28 A person proves who they are by a code that is sent to the address in the token.
//! - R29 The date may be extended before it has passed, and no further than the law of the request admits.
//! - R30 A sender may make a request repeatable with an `Idempotency-Key`; without one the same bytes are.

mod callback;
mod discover;
mod endpoints;
mod error;
mod exercise;
mod field;
mod identity;
mod knobs;
mod message;
mod revoke;
mod status;
mod status_object;
mod words;

use habeas_core::{
    dialect::{
        Answer, Callback, Cancel, Cancellable, Dialect, DialectId, Discover, Endpoint, Exchange, Facts, Knob, Manners,
        Notice, Operation, Status, Submit, Unrepresentable,
    },
    event::Standing,
    id::LegId,
    message::{AnswerHead, Claim},
    party::Party,
    problem::{Field, Problem},
    right::Right,
    role::Role,
    secret::Secret,
    state::State,
    submission::Subject,
};

/// What `version` says.
const VERSION: &str = "0.5";

/// How deeply the JSON of an answer may be nested.
const JSON_DEPTH: usize = 64;

/// DRP 0.5, spoken.
pub(crate) struct Drp;

impl Dialect for Drp {
    fn id(&self) -> DialectId {
        DialectId::known("drp/0.5")
    }

    fn facts(&self) -> Facts {
        Facts {
            cancel_answer_holds_original: false,
            receiver_makes_id: true,
            cancel: Cancellable::UntilFinal,
            sender: Role::AuthorizedAgent,
            stands_for_parties: false,
            base_is_discovered: true,
            manners: Manners::Status,
        }
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        &endpoints::ENDPOINTS
    }

    fn knobs(&self) -> &'static [Knob] {
        &knobs::KNOBS
    }

    /// The acceptance itself is told by the answer; of what follows, the latest (§2.04.1, R16).
    fn notice(&self, before: Option<&Standing>, after: &Standing) -> Notice {
        let shows = before.is_some_and(|before| !status_object::alike(before, after));
        if shows { Notice::Latest } else { Notice::Silent }
    }

    fn word(&self, state: &State) -> &'static str {
        words::status_of(state)
    }

    fn callback_field(&self, _: usize) -> Field {
        Field::named(exercise::CALLBACK)
    }

    fn nearest(&self, right: Right) -> Option<Right> {
        words::word_of(right).map(|_| right)
    }

    /// Nobody signs an answer.
    fn proof(&self, _: Operation, _: &AnswerHead, _: Option<&Party>) -> Result<Claim, Problem> {
        Ok(Claim::Nobody)
    }

    fn is_of(&self, token: &Secret, subject: &Subject, x: &Exchange<'_>) -> Result<bool, Problem> {
        identity::is_of(token, subject, x)
    }

    fn token(&self, subject: &Subject, leg: &LegId, x: &Exchange<'_>) -> Result<Secret, Unrepresentable> {
        identity::make(subject, leg, x)
    }

    fn refuse(&self, problem: &Problem, _: &Exchange<'_>) -> Answer {
        error::refuse(problem)
    }

    fn discover(&self) -> Option<&dyn Discover> {
        Some(self)
    }

    fn submit(&self) -> Option<&dyn Submit> {
        Some(self)
    }

    fn status(&self) -> Option<&dyn Status> {
        Some(self)
    }

    fn cancel(&self) -> Option<&dyn Cancel> {
        Some(self)
    }

    fn callback(&self) -> Option<&dyn Callback> {
        Some(self)
    }
}

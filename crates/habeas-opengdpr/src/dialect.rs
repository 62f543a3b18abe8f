//! How does a version of OpenGDPR stand behind the seam?

use habeas_core::{
    dialect::{
        Answer, Callback, Cancel, Cancellable, Certificate, Dialect, DialectId, Discover, Endpoint, Exchange, Facts,
        In, Knob, Manners, Notice, Operation, Status, Submit,
    },
    event::Standing,
    message::{AnswerHead, Claim},
    party::Party,
    problem::{Field, Problem},
    right::Right,
    role::Role,
    state::State,
};
use habeas_wire::json::Object;

use crate::{exchange, version::Version};

/// A version of OpenGDPR, spoken. The operations are implemented in [`exchange`].
pub(crate) struct OpenGdpr {
    pub(crate) version: &'static Version,
}

impl OpenGdpr {
    pub(crate) const fn of(version: &'static Version) -> Self {
        Self { version }
    }
}

impl Dialect for OpenGdpr {
    fn id(&self) -> DialectId {
        self.version.id.clone()
    }

    fn facts(&self) -> Facts {
        Facts {
            cancel_answer_holds_original: self.version.cancel_answer_holds_original,
            receiver_makes_id: false,
            cancel: Cancellable::WhilePending,
            sender: Role::Controller,
            stands_for_parties: true,
            base_is_discovered: false,
            manners: Manners::Receipts,
        }
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        self.version.endpoints
    }

    fn knobs(&self) -> &'static [Knob] {
        self.version.knobs
    }

    fn fits(&self, message: In<'_>) -> Option<bool> {
        let body = Object::parse(message.body(), exchange::JSON_DEPTH).ok()?;
        let named = body.string("api_version").ok()??;
        Some(self.version.is_meant_by(&named))
    }

    fn notice(&self, before: Option<&Standing>, after: &Standing) -> Notice {
        exchange::notice(self.version, before, after)
    }

    fn word(&self, state: &State) -> &'static str {
        self.version.word(state)
    }

    fn callback_field(&self, index: usize) -> Field {
        Field::entry("status_callback_urls", index)
    }

    fn nearest(&self, right: Right) -> Option<Right> {
        exchange::nearest(right)
    }

    fn proof(&self, operation: Operation, head: &AnswerHead, them: Option<&Party>) -> Result<Claim, Problem> {
        exchange::proof(operation, head, them)
    }

    fn refuse(&self, problem: &Problem, x: &Exchange<'_>) -> Answer {
        exchange::refuse(self.version, problem, x)
    }

    fn discover(&self) -> Option<&dyn Discover> {
        Some(self)
    }

    fn certificate(&self) -> Option<&dyn Certificate> {
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

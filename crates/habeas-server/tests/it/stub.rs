//! A dialect that says as little as possible: what is served here must not depend on any real one.

use habeas_core::{
    capability::Capabilities,
    dialect::{
        Answer, Asked, Back, Cancellable, Dialect, DialectId, Discover, Endpoint, Exchange, Facts, In, Manners, Notice,
        Operation, Submit, Told, Unrepresentable, Verb,
    },
    event::Standing,
    id::WireId,
    identity::{Format, Identity, Kind},
    message::{AnswerHead, Claim, RequestHead},
    party::Party,
    problem::{Code, Problem},
    right::Right,
    role::Role,
    secret::Secret,
    submission::{Law, Outbound, Subject, Submission},
};
use http::{HeaderMap, HeaderValue, header};

/// The bytes of its discovery document; not what a serializer would write.
pub(crate) const DISCOVERY: &[u8] = b"{ \"exactly\":\n\t\"these bytes\" }";

/// A request body is the id alone; asking for this id makes the dialect panic.
pub(crate) const PANIC: &[u8] = b"panic";

pub(crate) struct Stub;

impl Dialect for Stub {
    fn id(&self) -> DialectId {
        DialectId::known("stub/1")
    }

    fn facts(&self) -> Facts {
        Facts {
            cancel_answer_holds_original: false,
            receiver_makes_id: false,
            cancel: Cancellable::UntilFinal,
            sender: Role::Controller,
            stands_for_parties: true,
            base_is_discovered: false,
            manners: Manners::Receipts,
        }
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        &[
            Endpoint {
                operation: Operation::Discover,
                method: Verb::Get,
                path: "discovery",
                roles: &[Role::Processor],
                claim: |_| Ok(Claim::Nobody),
            },
            Endpoint {
                operation: Operation::Submit,
                method: Verb::Post,
                path: "requests",
                roles: &[Role::Processor],
                claim: holder,
            },
        ]
    }

    fn notice(&self, _: Option<&Standing>, _: &Standing) -> Notice {
        Notice::Silent
    }

    fn nearest(&self, right: Right) -> Option<Right> {
        Some(right)
    }

    fn proof(&self, _: Operation, _: &AnswerHead, _: Option<&Party>) -> Result<Claim, Problem> {
        Ok(Claim::Nobody)
    }

    fn refuse(&self, problem: &Problem, _: &Exchange<'_>) -> Answer {
        answer(problem.status(), format!("stub says {}", problem.code.row().name).into_bytes())
    }

    fn discover(&self) -> Option<&dyn Discover> {
        Some(self)
    }

    fn submit(&self) -> Option<&dyn Submit> {
        Some(self)
    }
}

fn holder(head: &RequestHead) -> Result<Claim, Problem> {
    let value = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.map(|text| Claim::Holder(Secret::new(text))).ok_or(Problem::new(Code::Unauthorized))
}

fn answer(status: u16, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/stub"));
    Answer { status, headers, body }
}

impl Discover for Stub {
    fn reply(&self, _: &Exchange<'_>) -> Answer {
        answer(200, DISCOVERY.to_vec())
    }

    fn ask(&self, _: &Exchange<'_>) -> Asked {
        Err(Unrepresentable("anything"))
    }

    fn hear(&self, _: Back<'_>) -> Result<Told<Capabilities>, Problem> {
        Ok(Told::Said(Capabilities::default()))
    }
}

impl Submit for Stub {
    fn read(&self, message: In<'_>, _: &Exchange<'_>) -> Result<Submission, Problem> {
        assert_ne!(message.body(), PANIC, "as wished");
        let id = std::str::from_utf8(message.body()).map_err(|_| Problem::new(Code::MalformedJson))?;
        let identity =
            Identity { kind: Kind::new("email"), format: Format::Raw, value: Secret::new("canary@example.org") };
        Ok(Submission {
            wire_id: Some(WireId::new(id)),
            dedupe: None,
            rights: vec![Right::Access],
            law: Law::Unsaid,
            token: None,
            submitted: None,
            subject: Subject { identities: vec![identity], ..Subject::default() },
            callbacks: vec![],
        })
    }

    fn reply(&self, standing: &Standing, _: &[u8], _: &Exchange<'_>) -> Answer {
        answer(201, standing.wire_id.as_str().as_bytes().to_vec())
    }

    fn ask(&self, _: &Outbound<'_>, _: &Exchange<'_>) -> Asked {
        Err(Unrepresentable("anything"))
    }

    fn hear(&self, _: Back<'_>) -> Result<Told<habeas_core::dialect::Reported>, Problem> {
        Ok(Told::Refused { status: 400, again: false, exists: false })
    }
}

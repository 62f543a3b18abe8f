//! The seam: how a protocol version speaks, as seen by an engine that knows no protocol.
//!
//! A dialect is a pure translation. For each operation it hands out a small trait with the same four verbs: `read`
//! (wire → us), `reply` (us → wire), `ask` (our call → wire), `hear` (answer → us). An operation that a version does
//! not have is an absent row in [`Dialect::endpoints`] and a `None`.

use std::{borrow::Cow, fmt, ops::Range};

use http::{HeaderMap, Method};
use url::Url;

use crate::{
    capability::Capabilities,
    clock::Instant,
    domain::Domain,
    event::Standing,
    id::{LegId, RemoteId, WireId},
    leg::Report,
    message::{AnswerHead, Claim, RequestHead, Verified},
    organisation::{Mount, Organisation},
    party::Party,
    problem::{Code, Field, Problem},
    right::Right,
    role::Role,
    secret::Secret,
    state::State,
    submission::{CallbackUrl, Outbound, Subject, Submission},
};

/// The name of one published version of one protocol, such as `opengdpr/1.0`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialectId(Cow<'static, str>);

impl DialectId {
    /// The name of a dialect that this program speaks.
    pub const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A name read from configuration or storage.
    pub fn named(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DialectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DialectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What can be done over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// To learn what a party supports.
    Discover,
    /// To fetch the certificate it signs with.
    Certificate,
    /// To make a request.
    Submit,
    /// To ask how it stands.
    Status,
    /// To take it back.
    Cancel,
    /// To be told that it changed.
    Callback,
}

impl Operation {
    const ALL: [Self; 6] =
        [Self::Discover, Self::Certificate, Self::Submit, Self::Status, Self::Cancel, Self::Callback];

    /// The name used in storage, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Certificate => "certificate",
            Self::Submit => "submit",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::Callback => "callback",
        }
    }

    /// The operation of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }
}

/// One row of a dialect's routing table.
#[derive(Clone, Copy)]
pub struct Endpoint {
    /// What is done there.
    pub operation: Operation,
    /// With which method.
    pub method: Verb,
    /// The path below the mount, without a slash at either end; `{id}` and `{token}` catch one segment.
    pub path: &'static str,
    /// The roles that serve it.
    pub roles: &'static [Role],
    /// Reads from the head who calls.
    pub claim: fn(&RequestHead) -> Result<Claim, Problem>,
}

/// The methods that endpoints use. [`http::Method`] is not `Copy`, rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET, and HEAD with it.
    Get,
    /// POST.
    Post,
    /// DELETE.
    Delete,
}

impl Verb {
    /// The method as HTTP has it.
    pub const fn http(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Delete => Method::DELETE,
        }
    }
}

/// Facts that steer storage before any message is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The answer to a cancellation holds the bytes of the original request, so they must be kept (sealed).
    pub cancel_answer_holds_original: bool,
    /// The receiver makes the request's id.
    pub receiver_makes_id: bool,
    /// When a request may be cancelled.
    pub cancel: Cancellable,
    /// In which role an organisation sends.
    pub sender: Role,
    /// What an organisation supports is what its parties do, where they do its work (reading A26).
    pub stands_for_parties: bool,
    /// Where a party serves everything but discovery, its discovery says.
    pub base_is_discovered: bool,
    /// How a receiver goes about a request.
    pub manners: Manners,
}

/// How the receiver of a request goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// It gives a receipt, repeats that, and tells by signed callbacks what was reached (OpenGDPR).
    Receipts,
    /// It takes the request up by itself, decides what the message shows in the answer and verifies the person; tells,
    /// under its credential, how the request stands at the moment, in words too; and forgets it after a while (DRP).
    Status,
}

/// When a request may be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellable {
    /// Only before anything was done.
    WhilePending,
    /// Until it is final.
    UntilFinal,
}

/// Something that a dialect does differently for a party that is configured so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knob {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it does, for the documentation.
    pub doc: &'static str,
}

/// Whether a change is told to the sender of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It is not.
    Silent,
    /// It is, and so are those before it.
    Every,
    /// It is, and takes the place of any that is not delivered yet.
    Latest,
}

/// What this version has no words for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this version cannot say: {0}")]
pub struct Unrepresentable(pub &'static str);

/// An answer of ours, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body: the exact bytes that the signature covers.
    pub body: Vec<u8>,
}

/// A call of ours, ready to be sent. Credentials for the way out are added by the engine and never seen here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// What an answer to our call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// What we asked for.
    Said(T),
    /// No.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Whether asking again later makes sense.
        again: bool,
        /// Whether the reason is that the party has a request of that id already (readings A8, A45).
        exists: bool,
    },
}

/// A report together with what of the message may not be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The report.
    pub report: Report,
    /// Where in the body the piece stands that may not be stored (OpenGDPR 1.0 §7.3: `encoded_request`).
    pub secret: Option<Range<usize>>,
    /// What that piece decodes to; the engine compares it with what was sent and drops it.
    pub echoed: Option<Vec<u8>>,
    /// Whether the message itself says which request it is about. One that does not is no receipt: it would go with any
    /// request.
    pub names_request: bool,
}

/// Signs with the organisation's key. Local and synchronous; a failure shows in the engine, which then sends nothing.
pub trait Signer {
    /// The signature over the bytes.
    fn sign(&self, bytes: &[u8]) -> Vec<u8>;
}

/// How far a key of an identity token is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinned {
    /// It is a secret between the two: what it signed was made for us.
    Pairwise,
    /// Its public half may be known to others: for whom a token was made, the token must say.
    Public,
}

/// The keys of identity tokens that were agreed with the other side. Local and synchronous, as [`Signer`] is.
pub trait TokenKeys {
    /// The other side's key of this algorithm that made the signature, if one did.
    fn check(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> Option<Pinned>;
    /// The algorithm with which we sign for the other side, by its name of RFC 7518; `None` where no key was agreed.
    fn algorithm(&self) -> Option<&'static str>;
    /// Signs with that.
    fn sign(&self, bytes: &[u8]) -> Vec<u8>;
}

/// No keys of identity tokens at all.
#[derive(Debug, Clone, Copy)]
pub struct NoTokens;

impl TokenKeys for NoTokens {
    fn check(&self, _: &str, _: &[u8], _: &[u8]) -> Option<Pinned> {
        None
    }
    fn algorithm(&self) -> Option<&'static str> {
        None
    }
    fn sign(&self, _: &[u8]) -> Vec<u8> {
        Vec::new()
    }
}

/// Both ends of one exchange, the instant, and the hand that signs.
pub struct Exchange<'a> {
    /// Our organisation.
    pub us: &'a Organisation,
    /// Where the exchange takes place, when we serve.
    pub mount: Option<&'a Mount>,
    /// The other side, once known.
    pub them: Option<&'a Party>,
    /// When.
    pub now: Instant,
    /// Our hand.
    pub signer: &'a dyn Signer,
    /// The keys of identity tokens.
    pub tokens: &'a dyn TokenKeys,
}

/// A verified request to us.
pub type In<'a> = &'a Verified<RequestHead>;
/// A verified answer to us.
pub type Back<'a> = &'a Verified<AnswerHead>;
/// A call of ours, or what cannot be said.
pub type Asked = Result<Outgoing, Unrepresentable>;

/// One published version of one protocol.
pub trait Dialect: Send + Sync {
    /// Its name.
    fn id(&self) -> DialectId;
    /// What steers storage.
    fn facts(&self) -> Facts;
    /// The routing table.
    fn endpoints(&self) -> &'static [Endpoint];
    /// What may be done differently for single parties. Configuration refuses other names.
    fn knobs(&self) -> &'static [Knob] {
        &[]
    }
    /// Whether this body says that it is of this version; `None` when it does not say. Asked where versions share a
    /// path (reading A4).
    fn fits(&self, _message: In<'_>) -> Option<bool> {
        None
    }
    /// Whether the sender is told of this change.
    fn notice(&self, before: Option<&Standing>, after: &Standing) -> Notice;
    /// The version's own word for where a request stands, for problems that name it.
    fn word(&self, state: &State) -> &'static str {
        state.name()
    }
    /// The place of a callback URL in a submission, for problems that name it.
    fn callback_field(&self, index: usize) -> Field {
        Field::entry("callbacks", index)
    }
    /// The right that this version says for ours.
    fn nearest(&self, right: Right) -> Option<Right>;
    /// Which proof an answer of this party must bring.
    ///
    /// # Errors
    /// [`Problem`] when the answer's headers do not even name one that can be read.
    fn proof(&self, operation: Operation, head: &AnswerHead, them: Option<&Party>) -> Result<Claim, Problem>;
    /// Whether an identity token that comes by itself (DRP 0.5 §3.02.1) is this person's.
    ///
    /// # Errors
    /// [`Problem`] when it is none that can be believed; a dialect without tokens believes none.
    fn is_of(&self, _token: &Secret, _subject: &Subject, _x: &Exchange<'_>) -> Result<bool, Problem> {
        Err(Problem::new(Code::InvalidField))
    }
    /// The identity token for this person, to go with a call that is not ours to make: the person's browser takes it
    /// to the page where the person is verified (DRP 0.5 §3.02.1).
    ///
    /// # Errors
    /// [`Unrepresentable`] in a dialect without tokens, or when no key was agreed with the party.
    fn token(&self, _subject: &Subject, _leg: &LegId, _x: &Exchange<'_>) -> Result<Secret, Unrepresentable> {
        Err(Unrepresentable("an identity token"))
    }
    /// The answer that tells a problem.
    fn refuse(&self, problem: &Problem, x: &Exchange<'_>) -> Answer;
    /// How to learn what a party supports.
    fn discover(&self) -> Option<&dyn Discover> {
        None
    }
    /// How to fetch its certificate.
    fn certificate(&self) -> Option<&dyn Certificate> {
        None
    }
    /// How to make a request.
    fn submit(&self) -> Option<&dyn Submit> {
        None
    }
    /// How to ask for its status.
    fn status(&self) -> Option<&dyn Status> {
        None
    }
    /// How to take it back.
    fn cancel(&self) -> Option<&dyn Cancel> {
        None
    }
    /// How to tell of changes.
    fn callback(&self) -> Option<&dyn Callback> {
        None
    }
}

/// What an organisation supports.
pub trait Discover: Send + Sync {
    /// Where a domain usually serves this version, most likely first, for domains that nobody has configured (A19).
    fn usual_bases(&self, domain: &Domain) -> Vec<Url> {
        Url::parse(&format!("https://{domain}")).into_iter().collect()
    }
    /// Our answer.
    fn reply(&self, x: &Exchange<'_>) -> Answer;
    /// Our question.
    ///
    /// # Errors
    /// [`Unrepresentable`] when the party has no address.
    fn ask(&self, x: &Exchange<'_>) -> Asked;
    /// Their answer.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read.
    fn hear(&self, answer: Back<'_>) -> Result<Told<Capabilities>, Problem>;
}

/// The certificate an organisation signs with, and its chain, in PEM.
pub trait Certificate: Send + Sync {
    /// Our answer.
    fn reply(&self, pem: &str, x: &Exchange<'_>) -> Answer;
    /// Our question.
    ///
    /// # Errors
    /// [`Unrepresentable`] when the version has no such thing.
    fn ask(&self, url: &Url) -> Asked;
    /// Their answer.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read.
    fn hear(&self, answer: Back<'_>) -> Result<Told<String>, Problem>;
}

/// A request is made.
pub trait Submit: Send + Sync {
    /// What the peer asks.
    ///
    /// # Errors
    /// [`Problem`] when it asks wrongly.
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<Submission, Problem>;
    /// The id that a message gives, even if nothing else of it can be taken: what was accepted once is answered again,
    /// whatever is supported by now.
    fn names(&self, _message: In<'_>) -> Option<WireId> {
        None
    }
    /// Our receipt; `body` is the request's, byte for byte.
    fn reply(&self, standing: &Standing, body: &[u8], x: &Exchange<'_>) -> Answer;
    /// Our request.
    ///
    /// # Errors
    /// [`Unrepresentable`] when this version has no words for it.
    fn ask(&self, outbound: &Outbound<'_>, x: &Exchange<'_>) -> Asked;
    /// Their receipt.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read.
    fn hear(&self, answer: Back<'_>) -> Result<Told<Reported>, Problem>;
}

/// A status is asked for.
pub trait Status: Send + Sync {
    /// Which request the peer means.
    ///
    /// # Errors
    /// [`Problem`] when it names none.
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<WireId, Problem>;
    /// Our answer.
    fn reply(&self, standing: &Standing, right: Right, x: &Exchange<'_>) -> Answer;
    /// Our question.
    ///
    /// # Errors
    /// [`Unrepresentable`] when the party has no address.
    fn ask(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked;
    /// The same at the other place where peers are known to serve it, for when the first answers 404 (reading A3).
    ///
    /// # Errors
    /// [`Unrepresentable`] when there is none.
    fn ask_elsewhere(&self, _id: &RemoteId, _x: &Exchange<'_>) -> Asked {
        Err(Unrepresentable("another place"))
    }
    /// Their answer.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read.
    fn hear(&self, answer: Back<'_>) -> Result<Told<Reported>, Problem>;
}

/// A request is taken back.
pub trait Cancel: Send + Sync {
    /// Which request the peer means.
    ///
    /// # Errors
    /// [`Problem`] when it names none.
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<WireId, Problem>;
    /// Our answer: when the cancellation was received, and the original bytes where the version repeats them.
    fn reply(&self, standing: &Standing, asked_at: Instant, original: Option<&[u8]>, x: &Exchange<'_>) -> Answer;
    /// Our wish.
    ///
    /// # Errors
    /// [`Unrepresentable`] when the party has no address.
    fn ask(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked;
    /// The same at the other place where peers are known to serve it, for when the first answers 404 (reading A3).
    ///
    /// # Errors
    /// [`Unrepresentable`] when there is none.
    fn ask_elsewhere(&self, _id: &RemoteId, _x: &Exchange<'_>) -> Asked {
        Err(Unrepresentable("another place"))
    }
    /// Their answer to the wish about the request of that id, which some do not repeat.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read.
    fn hear(&self, answer: Back<'_>, asked: &RemoteId) -> Result<Told<Reported>, Problem>;
}

/// A change is told.
pub trait Callback: Send + Sync {
    /// What the peer tells.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read.
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<Reported, Problem>;
    /// Our thanks.
    fn reply(&self, x: &Exchange<'_>) -> Answer;
    /// What we tell.
    ///
    /// # Errors
    /// [`Unrepresentable`] when this version has no words for it.
    fn ask(&self, url: &CallbackUrl, standing: &Standing, right: Right, x: &Exchange<'_>) -> Asked;
}

//! A person proves who they are: by a code that only who reads their mail can know (DRP 0.5 §3.02.1; reading R28).
//!
//! The agent sends the person to the request's own address, with the identity token, the request's id and where to go
//! afterwards. All three are checked before anything is shown; what they say goes into a ticket, so that the address
//! that the person stays at holds nothing personal. Nothing changes but by a code that is sent, or given back.

mod ticket;

use habeas_core::{
    clock::{Instant, MINUTE_MS},
    domain::Domain,
    event::Actor,
    identity::Format,
    problem::{Code, Field, Problem},
    random::Random,
    request::Request,
    right::Right,
    secret::Secret,
    state::{Change, Ground, State},
    submission::Subject,
};
use habeas_store::{StoreError, Verification};
use url::Url;

use crate::{
    Engine, Error, Result,
    change::TRIES,
    directory::{Peer, Tenant},
    hand::Hand,
    mail::Mail,
};
use ticket::Ticket;

/// How long a code is good.
const CODE_MS: i64 = 10 * MINUTE_MS;
const CODE_TRIES: u32 = 3;
const CODE_SENDINGS: u32 = 3;
/// As many digits as a code has.
pub const CODE_DIGITS: usize = 8;
/// The kind of identity that letters go to.
pub(crate) const EMAIL: &str = "email";

/// What the person is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Who asks for the proof.
    pub business: Domain,
    /// Who made the request for the person.
    pub agent: Domain,
    /// What is asked for.
    pub rights: Vec<Right>,
    /// The address that the code goes to, as much of it as its owner needs to know it by.
    pub address_hint: String,
    /// Whether a code was sent.
    pub code_sent: bool,
    /// How long that is still good, in milliseconds.
    pub code_good_ms: i64,
    /// How many wrong codes may still be given.
    pub tries_left: u32,
    /// How many codes may still be sent.
    pub sendings_left: u32,
    /// How far it is.
    pub stage: Stage,
    /// Where the person goes afterwards.
    pub redirect_to: Url,
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The person is asked.
    Asked,
    /// The person has proved it.
    Verified,
    /// The person has not, and cannot any more.
    Failed,
    /// Nobody asks any more: the request was taken back, or ended otherwise.
    Over,
}

/// What a code came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It is right.
    Verified {
        /// Where the person goes now.
        redirect_to: Url,
    },
    /// It is wrong, or no longer good.
    Wrong(View),
    /// It is wrong, and there is no further try.
    Failed(View),
}

/// Everything about one verification.
struct Asked<'a> {
    tenant: &'a Tenant,
    peer: &'a Peer,
    request: Request,
    verification: Verification,
    /// The person; nobody once the request was shredded.
    subject: Option<Subject>,
}

impl Asked<'_> {
    /// The address that letters go to.
    fn address(&self) -> Option<Secret> {
        self.subject.as_ref().and_then(|subject| address(&subject.identities))
    }
}

impl Engine {
    /// Checks what the agent sent the person with, and gives the ticket that stands for it.
    ///
    /// # Errors
    /// [`Code::NotFound`] when nobody is verified at this address; [`Code::InvalidField`] and [`Code::MissingField`]
    /// naming the parameter that does not fit the request; when the store fails.
    pub async fn open_verification(&self, host: &str, token: &str, query: Option<&str>) -> Result<String> {
        let asked = self.asked(host, token).await?;
        if stage(&asked.request, self.clock.now()) != Stage::Asked {
            return Err(gone());
        }
        let request_id = only(query, "request_id")?;
        if request_id != asked.request.standing.wire_id.as_str() {
            return Err(not_so("request_id", "it is another request's"));
        }
        self.check_identity(&asked, Secret::new(only(query, "identity")?)).await?;
        let redirect_to = registered(&only(query, "redirect_to")?, &asked)?;
        Ok(Ticket { redirect_to }.seal(&asked.tenant.sealer, token))
    }

    /// What the person is shown who comes with a ticket.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is no such address or the ticket is not of it; when the store fails.
    pub async fn verification_view(&self, host: &str, token: &str, ticket: &str) -> Result<View> {
        let asked = self.asked(host, token).await?;
        let ticket = Ticket::open(&asked.tenant.sealer, token, ticket).ok_or(Problem::new(Code::NotFound))?;
        Ok(self.view(&asked, ticket))
    }

    /// Sends a code to the person's address.
    ///
    /// # Errors
    /// [`Code::TooMany`] when as many were sent as may be; [`Code::Gone`] when nobody is verified any more;
    /// [`Code::Unavailable`] when the letter cannot be sent now; as [`Engine::verification_view`] else.
    pub async fn send_code(&self, host: &str, token: &str, ticket: &str) -> Result<View> {
        let mut asked = self.asked(host, token).await?;
        let ticket = Ticket::open(&asked.tenant.sealer, token, ticket).ok_or(Problem::new(Code::NotFound))?;
        let now = self.clock.now();
        if stage(&asked.request, now) != Stage::Asked {
            return Err(gone());
        }
        if asked.verification.sendings >= CODE_SENDINGS {
            return Err(Problem::new(Code::TooMany).because("as many codes were sent as may be").into());
        }
        let to = asked.address().ok_or(Problem::new(Code::Gone).because("there is no address any more"))?;
        let code = code(self.random.as_ref());
        // Saved before it is sent: a code that nobody knows does no harm.
        let with_code = asked.verification.clone().with_code(&code, now.plus_ms(CODE_MS));
        match self.store.save_verification(&with_code).await {
            // Somebody pressed twice: the other code is the one that is sent.
            Err(StoreError::Stale) => {
                let asked = self.asked(host, token).await?;
                return Ok(self.view(&asked, ticket));
            }
            saved => saved?,
        }
        let mail = letter(&asked, to, &code);
        let saved = with_code.saved();
        if let Err(error) = self.mailer.send(mail).await {
            self.store.save_verification(&saved.without_code()).await?;
            tracing::error!(request = %asked.request.id, %error, "a verification code could not be sent");
            return Err(Problem::new(Code::Unavailable).because("the letter could not be sent now").into());
        }
        tracing::info!(request = %asked.request.id, "a verification code was sent");
        asked.verification = saved;
        Ok(self.view(&asked, ticket))
    }

    /// Checks a code. After three wrong ones the request is denied.
    ///
    /// # Errors
    /// [`Code::Gone`] when nobody is verified any more; as [`Engine::verification_view`] else.
    pub async fn check_code(&self, host: &str, token: &str, ticket: &str, code: &str) -> Result<Checked> {
        for _ in 0..TRIES {
            let mut asked = self.asked(host, token).await?;
            let ticket = Ticket::open(&asked.tenant.sealer, token, ticket).ok_or(Problem::new(Code::NotFound))?;
            let now = self.clock.now();
            match stage(&asked.request, now) {
                Stage::Asked => {}
                // Pressed twice.
                Stage::Verified => return Ok(Checked::Verified { redirect_to: ticket.redirect_to }),
                Stage::Failed | Stage::Over => {
                    return Err(gone());
                }
            }
            let good = asked.verification.code_until.is_some_and(|until| now < until);
            if asked.verification.tries >= CODE_TRIES {
                return self.fail(asked, ticket).await;
            }
            if !good {
                return Ok(Checked::Wrong(self.view(&asked, ticket)));
            }
            // A try and what it comes to are saved together, so that many at once are no more tries than one after the
            // other, and a right one is never lost.
            let after = asked.verification.clone().after_try();
            if asked.verification.is_code(code) {
                match self.take_up_proved(&asked.request.id, Actor::Subject, Change::Verified, Some(&after)).await {
                    Err(Error::Store(StoreError::Stale)) => continue,
                    done => done?,
                };
                return Ok(Checked::Verified { redirect_to: ticket.redirect_to });
            }
            match self.store.save_verification(&after).await {
                Err(StoreError::Stale) => continue,
                saved => saved?,
            }
            asked.verification = after;
            if asked.verification.tries < CODE_TRIES {
                return Ok(Checked::Wrong(self.view(&asked, ticket)));
            }
            return self.fail(asked, ticket).await;
        }
        Err(StoreError::Stale.into())
    }

    /// There was a third wrong code. Whoever comes later, or after a crash, finds that it is so.
    async fn fail(&self, mut asked: Asked<'_>, ticket: Ticket) -> Result<Checked> {
        let deny = |request: &Request| match request.standing.state {
            State::AwaitingVerification { .. } => Ok(vec![Change::Deny(Ground::InsufficientVerification)]),
            _ => Ok(Vec::new()),
        };
        asked.request = self.change(&asked.request.id, Actor::Subject, deny).await?;
        Ok(Checked::Failed(self.view(&asked, ticket)))
    }

    async fn asked(&self, host: &str, token: &str) -> Result<Asked<'_>> {
        let absent = || Error::from(Problem::new(Code::NotFound));
        let tenant = self.directory.by_host(host).ok_or_else(absent)?;
        let verification = self.store.verification(tenant.domain(), token).await?.ok_or_else(absent)?;
        let request = self.store.request(&verification.request).await?.ok_or_else(absent)?;
        let upstream = request.upstream.as_ref().ok_or_else(absent)?;
        let peer = tenant.peer(&upstream.party).ok_or_else(absent)?;
        let subject = self.store.secrets(&request.id).await?.map(|secrets| secrets.subject);
        Ok(Asked { tenant, peer, request, verification, subject })
    }

    async fn check_identity(&self, asked: &Asked<'_>, identity: Secret) -> Result<()> {
        let upstream = asked.request.upstream.as_ref().ok_or(Error::Bug("a verification without an agent"))?;
        let dialect =
            self.directory.dialect(&upstream.dialect).ok_or(Error::Bug("the dialect of a request is gone"))?;
        let subject = asked.subject.as_ref().ok_or(Problem::new(Code::Gone))?;
        let hand = Hand::new(asked.tenant).with(Some(asked.peer));
        let x = hand.exchange(None, self.clock.now());
        if dialect.is_of(&identity, subject, &x)? { Ok(()) } else { Err(not_so("identity", "it is another person's")) }
    }

    fn view(&self, asked: &Asked<'_>, ticket: Ticket) -> View {
        let (now, verification) = (self.clock.now(), &asked.verification);
        let good = verification.code_until.map_or(0, |until| until.since(now).max(0));
        View {
            business: asked.tenant.domain().clone(),
            agent: asked.peer.party.domain.clone(),
            rights: asked.request.rights.clone(),
            address_hint: asked.address().map(|address| hint(address.expose())).unwrap_or_default(),
            code_sent: verification.code_until.is_some(),
            code_good_ms: good,
            tries_left: CODE_TRIES.saturating_sub(verification.tries),
            sendings_left: CODE_SENDINGS.saturating_sub(verification.sendings),
            stage: stage(&asked.request, now),
            redirect_to: ticket.redirect_to,
        }
    }
}

/// The address that letters go to.
pub(crate) fn address(identities: &[habeas_core::identity::Identity]) -> Option<Secret> {
    let email =
        |identity: &&habeas_core::identity::Identity| identity.kind.as_str() == EMAIL && identity.format == Format::Raw;
    identities.iter().find(email).map(|identity| identity.value.clone())
}

fn stage(request: &Request, now: Instant) -> Stage {
    match &request.standing.state {
        State::AwaitingVerification { until, .. } if until.is_none_or(|until| now < until) => Stage::Asked,
        State::AwaitingVerification { .. } | State::Denied { ground: Ground::InsufficientVerification, .. } => {
            Stage::Failed
        }
        State::InProgress | State::Distributed | State::Fulfilled { .. } => Stage::Verified,
        State::Received | State::Cancelled | State::Denied { .. } | State::Expired { .. } => Stage::Over,
    }
}

/// A parameter that must stand there once.
fn only(query: Option<&str>, name: &'static str) -> Result<String> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut values = pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next().ok_or(Problem::at(Code::MissingField, Field::named(name)))?;
    if values.next().is_some() { Err(not_so(name, "it stands there twice")) } else { Ok(value) }
}

/// Where the person goes afterwards, if the agent has registered that place.
fn registered(text: &str, asked: &Asked<'_>) -> Result<Url> {
    let url = Url::parse(text).map_err(|_| not_so("redirect_to", "it is not an absolute URL"))?;
    let plain = asked.tenant.organisation.policy.plain_http && url.scheme() == "http";
    let known = asked.peer.redirect_origins.contains(&url.origin()) && (url.scheme() == "https" || plain);
    if known && url.username().is_empty() && url.password().is_none() {
        return Ok(url);
    }
    Err(not_so("redirect_to", "it is no place that the agent has registered"))
}

fn gone() -> Error {
    Problem::new(Code::Gone).because("nobody is verified here any more").into()
}

fn not_so(name: &'static str, why: &'static str) -> Error {
    Problem::at(Code::InvalidField, Field::named(name)).because(why).into()
}

/// Eight digits, every one of them as likely as any other.
fn code(random: &dyn Random) -> String {
    const CODES: u64 = 10_u64.pow(8);
    loop {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        // What lies beyond the last whole round would make low codes likelier.
        if number < u64::MAX - u64::MAX % CODES {
            return format!("{:0width$}", number % CODES, width = CODE_DIGITS);
        }
    }
}

fn letter(asked: &Asked<'_>, to: Secret, code: &str) -> Mail {
    let (business, agent) = (asked.tenant.domain(), &asked.peer.party.domain);
    let minutes = CODE_MS / MINUTE_MS;
    Mail {
        to,
        subject: format!("Your code for {business}"),
        text: Secret::new(format!(
            "Your code is: {code}\n\n\
             {agent} has sent {business} a request about your personal data, for you. Enter the code on the page that\n\
             asks for it, to show that the request is yours. It is good for {minutes} minutes.\n\n\
             If you know of no such request, do nothing: without the code it is not carried out. Nobody will ever ask\n\
             you to tell them this code.\n"
        )),
    }
}

/// As much of an address as its owner needs to know it by.
fn hint(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_code_has_eight_digits() {
        assert_eq!(code(&Fixed(0)), "00000000");
        let other = code(&Fixed(7));
        assert!(other.len() == CODE_DIGITS && other.bytes().all(|byte| byte.is_ascii_digit()));
    }

    #[test]
    fn an_address_is_hinted_at() {
        assert_eq!(hint("ann.smith@example.org"), "a…@example.org");
        assert_eq!(hint("é@x.example"), "é…@x.example");
        assert_eq!(hint(""), "…@");
    }

    #[test]
    fn a_parameter_stands_there_once() {
        assert_eq!(only(Some("a=1&b=%3d+"), "b").unwrap(), "= ");
        assert!(only(Some("a=1&a=1"), "a").is_err() && only(None, "a").is_err());
    }
}

//! A message comes in: where does it belong, who sends it, and what do we answer?
//!
//! The order is fixed: route by host, path and method; read the claim from the head; check credentials before a body is
//! accepted; verify; only then read. Every failure is an answer in the words of the dialect.

mod callback;
mod cancel;
mod route;
pub mod signed;
mod status;
mod submit;

use std::sync::Arc;

pub(crate) use status::right_of;

use habeas_core::{
    dialect::{Answer, Dialect, Endpoint, Exchange, Operation},
    domain::Domain,
    id::PartyId,
    message::{Claim, Distrust, RequestHead, Unverified, Verified, Who},
    organisation::{Mount, Organisation},
    problem::{Code, Problem},
    request::Request,
};
use habeas_store::{IssuedBefore, LegRow, causes};
use habeas_trust::shared_secret::sha512_hex;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::{
    Engine, Error, Result,
    directory::{Credential, Peer, Tenant},
    distribute::{Candidate, union},
    hand::Hand,
    keyring::{Keys, PeerKey, holder},
    outbound::OutboundError,
    send::speaker::{Speaker, speaker},
};

/// A request to us whose sender may speak; its body has not been looked at.
pub struct Arrival {
    tenant: Arc<Tenant>,
    mount: Arc<Mount>,
    dialect: Arc<dyn Dialect>,
    endpoint: Endpoint,
    /// Other dialects under the same path; which is meant, the body or the request that is asked for says.
    others: Vec<(Arc<Mount>, Arc<dyn Dialect>)>,
    /// What the organisation supports at the moment, where that is not what it is configured to.
    us: Option<Box<Organisation>>,
    head: RequestHead,
    claim: Claim,
    caller: Caller,
}

/// Who calls, as far as the head tells.
enum Caller {
    Nobody,
    Peer(PartyId),
    /// Whoever may speak about a leg: by the domain that signs, or else the leg's own party by its credential.
    Leg(Box<LegRow>, Option<Domain>),
}

impl Arrival {
    /// How many bytes of body are accepted.
    pub fn body_limit(&self) -> usize {
        match self.endpoint.operation {
            Operation::Submit | Operation::Callback => self.tenant.organisation.limits.body_bytes,
            Operation::Discover | Operation::Certificate | Operation::Status | Operation::Cancel => 64 * 1024,
        }
    }

    /// What is asked for.
    pub fn operation(&self) -> Operation {
        self.endpoint.operation
    }

    /// The organisation that is called.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The name of the dialect spoken.
    pub fn dialect(&self) -> habeas_core::dialect::DialectId {
        self.dialect.id()
    }

    fn peer(&self) -> Option<&Peer> {
        let id = match &self.caller {
            Caller::Nobody => return None,
            Caller::Peer(id) => id,
            Caller::Leg(row, _) => &row.leg.party,
        };
        self.tenant.peer(id)
    }

    fn hand(&self) -> Hand<'_> {
        self.hand_remembering(&[])
    }

    fn hand_remembering<'a>(&'a self, before: &'a [IssuedBefore]) -> Hand<'a> {
        Hand::remembering(&self.tenant, before).with(self.peer())
    }

    fn exchange<'a>(&'a self, engine: &Engine, hand: &'a Hand<'_>) -> Exchange<'a> {
        let exchange = hand.exchange(Some(&self.mount), engine.clock.now());
        Exchange { us: self.us.as_deref().unwrap_or(&self.tenant.organisation), ..exchange }
    }

    /// To the letter of one protocol, an answer shows the hash of our own secret, to who has shown theirs only.
    fn authorize(&self, mut answer: Answer) -> Answer {
        let Some(peer) = self.peer().filter(|peer| peer.response_authorization) else { return answer };
        let secret = match &peer.outgoing {
            Some(Credential::Bearer(secret) | Credential::Hashed(secret)) => secret,
            Some(Credential::Basic { .. } | Credential::Query { .. }) | None => return answer,
        };
        if let Ok(mut value) = HeaderValue::try_from(sha512_hex(secret.expose())) {
            value.set_sensitive(true);
            answer.headers.insert(header::AUTHORIZATION, value);
        }
        answer
    }

    /// Speaks the dialect that this message fits, where several share the path (reading A4); else the first.
    fn settle(&mut self, message: &Verified<RequestHead>) {
        if self.others.is_empty() || self.dialect.fits(message) == Some(true) {
            return;
        }
        if let Some(at) = self.others.iter().position(|(_, dialect)| dialect.fits(message) == Some(true)) {
            (self.mount, self.dialect) = self.others.swap_remove(at);
        }
    }

    /// Speaks the dialect that a request came in, where several share the path.
    fn speak_as(&mut self, request: &Request) {
        let Some(upstream) = &request.upstream else { return };
        let same = |dialect: &Arc<dyn Dialect>| dialect.id() == upstream.dialect;
        if let Some(at) = self.others.iter().position(|(_, dialect)| same(dialect))
            && !same(&self.dialect)
        {
            (self.mount, self.dialect) = self.others.swap_remove(at);
        }
    }

    /// Supports what those support who do the work.
    fn stand_for(&mut self, downstream: &[Candidate<'_>]) {
        if !downstream.is_empty() && self.dialect.facts().stands_for_parties {
            self.us = Some(Box::new(union(&self.tenant.organisation, downstream)));
        }
    }

    fn refuse(&self, engine: &Engine, problem: &Problem) -> Answer {
        refuse(engine, &self.tenant, &self.mount, &self.dialect, problem)
    }
}

impl Engine {
    /// Routes a request by its head and checks who sends it, before a body is accepted. `None`: the host is no
    /// organisation's. `Err`: the answer to send.
    pub async fn arrive(
        &self,
        host: &str,
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Option<std::result::Result<Arrival, Answer>> {
        let tenant = self.directory.by_host(host)?;
        let routed = match route::route(tenant, &self.directory, method, path) {
            Ok(routed) => routed,
            Err(route::Miss { problem, allow, mount }) => {
                let mut answer = match mount.and_then(|mount| Some((mount, self.directory.dialect(&mount.dialect)?))) {
                    Some((mount, dialect)) => refuse(self, tenant, mount, dialect, &problem),
                    None => self.refuse(host, path, &problem)?,
                };
                if let Ok(value) = allow.parse() {
                    answer.headers.insert(header::ALLOW, value);
                }
                if allow.is_empty() {
                    answer.headers.remove(header::ALLOW);
                }
                return Some(Err(answer));
            }
        };
        let head = RequestHead {
            method: method.clone(),
            params: routed.params,
            query: query.map(str::to_owned),
            headers: headers.clone(),
        };
        Some(match self.admit(tenant, routed.dialect.as_ref(), &routed.endpoint, &head).await {
            Ok((claim, caller)) => {
                // A callback is read in the dialect of its leg, wherever it arrives.
                let spoken = match &caller {
                    Caller::Leg(row, _) => self.directory.dialect(&row.leg.dialect),
                    Caller::Nobody | Caller::Peer(_) => None,
                };
                Ok(Arrival {
                    tenant: Arc::clone(tenant),
                    mount: Arc::clone(routed.mount),
                    dialect: Arc::clone(spoken.unwrap_or(routed.dialect)),
                    endpoint: routed.endpoint,
                    others: routed.others.into_iter().map(|(m, d)| (Arc::clone(m), Arc::clone(d))).collect(),
                    us: None,
                    head,
                    claim,
                    caller,
                })
            }
            Err(error) => Err(refuse(self, tenant, routed.mount, routed.dialect, &self.tell(&error))),
        })
    }

    /// The answer that tells a problem, in the dialect of the nearest mount. `None`: the host is no organisation's.
    pub fn refuse(&self, host: &str, path: &str, problem: &Problem) -> Option<Answer> {
        let tenant = self.directory.by_host(host)?;
        let mount = route::nearest(tenant, &self.directory, path)?;
        Some(refuse(self, tenant, mount, self.directory.dialect(&mount.dialect)?, problem))
    }

    async fn admit(
        &self,
        tenant: &Tenant,
        dialect: &dyn Dialect,
        endpoint: &Endpoint,
        head: &RequestHead,
    ) -> Result<(Claim, Caller)> {
        let claim = (endpoint.claim)(head)?;
        let caller = match &claim {
            Claim::Nobody => Caller::Nobody,
            Claim::Holder(credential) => {
                let unauthorized = || Problem::new(Code::Unauthorized);
                let peer = holder(tenant, credential.expose()).ok_or_else(unauthorized)?;
                if endpoint.operation == Operation::Callback {
                    self.calls_back(tenant, peer, head, &claim).await?
                } else {
                    // What was agreed for one protocol opens no door of another, which may ask for less.
                    let own = self.directory.dialect(&peer.party.dialect);
                    let manners = own.map(|own| own.facts().manners);
                    if manners != Some(dialect.facts().manners) {
                        return Err(unauthorized().into());
                    }
                    Caller::Peer(peer.party.id.clone())
                }
            }
            Claim::Signer { domain, .. } => {
                // The token names the leg before the claim is judged, and nothing is ever fetched for a stranger. One
                // answer for all that may be wrong, so that tokens cannot be searched for.
                let forbidden = || Problem::new(Code::Forbidden);
                let token = head.params.token.as_ref().ok_or_else(forbidden)?;
                let row = self.store.leg_by_token(tenant.domain(), token.expose()).await?.ok_or_else(forbidden)?;
                let party = tenant.peer(&row.leg.party).ok_or_else(forbidden)?;
                speaker(tenant, party, domain).ok_or_else(forbidden)?;
                self.proves_as_its_leg(&row, head, &claim)?;
                Caller::Leg(Box::new(row), Some(domain.clone()))
            }
        };
        let coded = head.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        if coded {
            return Err(Problem::new(Code::UnsupportedMediaType).because("a content coding is not understood").into());
        }
        Ok((claim, caller))
    }

    /// Who shows a credential in a callback speaks about the leg that its address names, if that is of the same party.
    async fn calls_back(&self, tenant: &Tenant, peer: &Peer, head: &RequestHead, claim: &Claim) -> Result<Caller> {
        let absent = || Problem::new(Code::NotFound);
        let token = head.params.token.as_ref().ok_or_else(absent)?;
        let row = self.store.leg_by_token(tenant.domain(), token.expose()).await?.ok_or_else(absent)?;
        let party = tenant.peer(&row.leg.party).ok_or_else(absent)?;
        // A credential may stand in another entry of the same party: that it calls us with.
        if party.party.domain != peer.party.domain {
            return Err(absent().into());
        }
        self.proves_as_its_leg(&row, head, claim)?;
        Ok(Caller::Leg(Box::new(row), None))
    }

    /// Whether a callback brings the kind of proof that the dialect of its leg asks for, on whichever mount it came.
    fn proves_as_its_leg(&self, row: &LegRow, head: &RequestHead, claim: &Claim) -> Result<()> {
        let dialect = self.directory.dialect(&row.leg.dialect).ok_or(Error::Bug("the dialect of a leg is gone"))?;
        let own = dialect.endpoints().iter().find(|own| own.operation == Operation::Callback);
        let own = own.ok_or(Problem::new(Code::Forbidden))?;
        let asked = (own.claim)(head)?;
        let same = std::mem::discriminant(&asked) == std::mem::discriminant(claim);
        if same { Ok(()) } else { Err(Problem::new(Code::Forbidden).into()) }
    }

    /// The answer that tells whose arrival it was what is wrong with the rest of the message.
    pub fn refuse_arrival(&self, arrival: &Arrival, problem: &Problem) -> Answer {
        arrival.authorize(arrival.refuse(self, problem))
    }

    /// Answers a request. Errors are answers.
    pub async fn serve(&self, mut arrival: Arrival, body: Vec<u8>) -> Answer {
        match self.dispatch(&mut arrival, body).await {
            Ok(answer) => arrival.authorize(answer),
            Err(error) => self.refuse_arrival(&arrival, &self.tell(&error)),
        }
    }

    async fn dispatch(&self, arrival: &mut Arrival, body: Vec<u8>) -> Result<Answer> {
        match arrival.endpoint.operation {
            Operation::Certificate => self.public(arrival),
            Operation::Discover => {
                if arrival.dialect.facts().stands_for_parties {
                    let tenant = Arc::clone(&arrival.tenant);
                    arrival.stand_for(&self.downstream(&tenant).await?);
                }
                self.public(arrival)
            }
            Operation::Submit => {
                let message = verify(arrival, body, None)?;
                arrival.settle(&message);
                self.submit(arrival, message).await
            }
            Operation::Status => {
                let message = verify(arrival, body, None)?;
                self.status(arrival, message).await
            }
            Operation::Cancel => {
                let message = verify(arrival, body, None)?;
                self.cancel_theirs(arrival, message).await
            }
            Operation::Callback => self.hear_callback(arrival, body).await,
        }
    }

    async fn hear_callback(&self, arrival: &Arrival, body: Vec<u8>) -> Result<Answer> {
        let Caller::Leg(row, domain) = &arrival.caller else { return Err(Error::Bug("a callback without a leg")) };
        let party = arrival.tenant.peer(&row.leg.party).ok_or(Error::Bug("a leg without a party"))?;
        let (Claim::Signer { signature, .. }, Some(domain)) = (&arrival.claim, domain) else {
            let message = verify(arrival, body, None)?;
            return self.callback(arrival, row, &Speaker::Party(party), None, message).await;
        };
        let speaker = speaker(&arrival.tenant, party, domain).ok_or(Error::Bug("a speaker who was one just now"))?;
        let key = self.key_for(&arrival.tenant, speaker.peer(), &body, signature).await.map_err(unbelievable)?;
        let message = verify(arrival, body, Some(&key))?;
        self.callback(arrival, row, &speaker, Some(&key), message).await
    }

    /// What a peer is told of an error; whatever is our own fault is logged here, once.
    pub(crate) fn tell(&self, error: &Error) -> Problem {
        let problem = error.problem();
        if problem.status() >= 500 {
            let incident = habeas_core::random::hex_token::<6>(self.random.as_ref());
            let cause = causes(error);
            tracing::error!(incident, error = %error, cause, "a request failed");
            return problem.because(format!("incident {incident}"));
        }
        problem
    }
}

/// Opens a message whose claim the head made.
fn verify(arrival: &Arrival, body: Vec<u8>, signer: Option<&PeerKey>) -> Result<Verified<RequestHead>> {
    let keys = Keys { tenant: &arrival.tenant, signer };
    Unverified::new(arrival.head.clone(), body).verify(arrival.claim.clone(), &keys).map_err(|distrust| {
        Problem::new(match distrust {
            Distrust::UnknownCredential => Code::Unauthorized,
            Distrust::UnknownSigner | Distrust::BadSignature => Code::Forbidden,
        })
        .into()
    })
}

/// A certificate that is not where it should be, or is none, is a failed authentication (reading A5). One that could
/// not be fetched now is not.
fn unbelievable(error: Error) -> Error {
    match error {
        Error::Outbound(OutboundError::Unusable(_) | OutboundError::TooLarge | OutboundError::NotThere) => {
            Problem::new(Code::Forbidden).into()
        }
        other => other,
    }
}

fn caller(message: &Verified<RequestHead>) -> Result<&PartyId> {
    match message.who() {
        Who::Party(id) => Ok(id),
        Who::Nobody | Who::Signer { .. } => Err(Error::Bug("an operation for parties without one")),
    }
}

fn refuse(engine: &Engine, tenant: &Tenant, mount: &Mount, dialect: &Arc<dyn Dialect>, problem: &Problem) -> Answer {
    let hand = Hand::new(tenant);
    dialect.refuse(problem, &hand.exchange(Some(mount), engine.clock.now()))
}

//! A request that a person's agent made is taken up by itself: denied for what its message shows, held until the person
//! has proved who they are, or handed to those who do the work (reading R9).

use habeas_core::{
    clock::Instant,
    delivery::{DeliveryKind, DeliveryState},
    dialect::Manners,
    event::Actor,
    id::RequestId,
    leg::{Leg, LegState, Progress},
    organisation::Mount,
    problem::{Code, Problem},
    random::hex_token,
    request::Request,
    right::Right,
    state::{Change, Ground, State},
    submission::{Subject, Submission, VERIFIED},
};
use habeas_store::{DeliveryFilter, DeliveryRow, LegRow, Secrets, StoreError, Verification};
use habeas_wire::json::object_of;

use crate::{
    Engine, Error, Result,
    change::TRIES,
    directory::Tenant,
    verify::{EMAIL, address},
};

/// Where people prove who they are, on every organisation's host.
pub const VERIFY_PATH: &str = "/verify/";
/// The local part of an e-mail address begins so, in the sandbox.
const STEER_VERIFY: &str = "verify+";
const STEER_NO_MATCH: &str = "nomatch+";

impl Engine {
    /// Why a request is denied in the answer to it, if it is: for what the message alone shows, and for how often the
    /// same person asked.
    pub(crate) async fn objection(
        &self,
        tenant: &Tenant,
        submission: &Submission,
    ) -> Result<Option<(Ground, &'static str)>> {
        let Submission { subject, rights, law, .. } = submission;
        let region = subject.claim("address").and_then(region);
        if let Some(objection) = tenant.business.objection(*law, rights, region.as_deref()) {
            return Ok(Some(objection));
        }
        // Who asked how often for what is theirs is no ground against an opt-out.
        let at_most = tenant.business.at_most.filter(|_| rights.iter().any(|right| right.may_be_verified()));
        let Some(at_most) = at_most else { return Ok(None) };
        let since = self.clock.now().plus_ms(-at_most.within_ms);
        let before = self.store.asked_before(tenant.domain(), &subject.identities, since).await?;
        Ok((before >= at_most.requests)
            .then_some((Ground::TooManyRequests, "the same person has asked as often as may be")))
    }

    /// Nothing may hold an opt-out up, so it does not come together with what the person must be verified for.
    pub(crate) fn comes_apart(tenant: &Tenant, rights: &[Right]) -> std::result::Result<(), Problem> {
        if tenant.business.verifies(rights) && rights.iter().any(|right| !right.may_be_verified()) {
            return Err(Problem::new(Code::UnsupportedRight)
                .because("an opt-out or opt-in is asked for by itself here: the other right needs a verified person"));
        }
        Ok(())
    }

    /// Takes a request up: what is decided now, and by whom the work is done then.
    pub(crate) async fn begin_request(&self, request: &Request) -> Result<()> {
        let tenant = self.tenant(request)?;
        let secrets = self.store.secrets(&request.id).await?;
        let secrets = secrets.ok_or(Error::Bug("an open request without what is personal in it"))?;
        let change = self.first_step(tenant, request, &secrets)?;
        self.take_up(&request.id, Actor::Schedule, change).await.map(drop)
    }

    fn first_step(&self, tenant: &Tenant, request: &Request, secrets: &Secrets) -> Result<Change> {
        let address = address(&secrets.subject.identities);
        let steered = |prefix| tenant.steered && address.as_ref().is_some_and(|to| to.expose().starts_with(prefix));
        if steered(STEER_NO_MATCH) {
            return Ok(Change::Deny(Ground::NoMatch));
        }
        let may = request.rights.iter().all(|right| right.may_be_verified());
        let known = is_verified(tenant, request, &secrets.subject);
        let wanted = tenant.business.verifies(&request.rights) && !known || steered(STEER_VERIFY) && may;
        if !wanted {
            return Ok(Change::Start);
        }
        match address {
            Some(_) => self.ask_verification(tenant, request),
            // There is no way to ask.
            None => Ok(Change::Deny(Ground::InsufficientVerification)),
        }
    }

    fn ask_verification(&self, tenant: &Tenant, request: &Request) -> Result<Change> {
        let of = |mount: &&Mount| request.upstream.as_ref().is_some_and(|upstream| upstream.mount == mount.path);
        let mount = tenant.mounts.iter().find(of);
        let mut url = mount.ok_or(Error::Bug("a request without its mount"))?.base_url.clone();
        url.set_path(&format!("{VERIFY_PATH}{}", hex_token::<16>(self.random.as_ref())));
        url.set_query(None);
        let until = self.clock.now().plus_ms(tenant.business.verify_within_ms);
        Ok(Change::AskVerification { url, until: Some(until) })
    }

    /// An operator wants the person to prove who they are, or says that this was done in another way.
    ///
    /// # Errors
    /// [`Code::InvalidTransition`] when the request's state does not admit it, when somebody works on it already, or
    /// when there is no way to ask; [`Code::NotFound`]; when the store fails.
    pub async fn verify(&self, id: &RequestId, done: bool) -> Result<Request> {
        let not_so = |why: &'static str| Error::from(Problem::new(Code::InvalidTransition).because(why));
        if done {
            return self.take_up(id, Actor::Operator, Change::Verified).await;
        }
        let request = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
        if self.manners(&request) != Some(Manners::Status) {
            return Err(not_so("who asked in this protocol cannot be told where to prove who they are"));
        }
        if request.rights.iter().any(|right| !right.may_be_verified()) {
            return Err(not_so("nobody has to prove who they are to opt out"));
        }
        if self.store.legs(id).await?.iter().any(LegRow::was_tried) {
            return Err(not_so("a party has it already"));
        }
        if self.was_handed_over(id).await? {
            return Err(not_so("your own systems have it already"));
        }
        let secrets = self.store.secrets(id).await?;
        if !self.mailer.is_configured() || secrets.and_then(|s| address(&s.subject.identities)).is_none() {
            return Err(not_so("there is no address that a code could be sent to, or no mail server"));
        }
        let tenant = self.tenant(&request)?;
        let change = self.ask_verification(tenant, &request)?;
        self.take_up(id, Actor::Operator, change).await
    }

    /// Whether the organisation's own systems may have heard of a request.
    pub(crate) async fn was_handed_over(&self, id: &RequestId) -> Result<bool> {
        let webhooks = DeliveryFilter {
            request: Some(id.clone()),
            kind: Some(DeliveryKind::Webhook),
            limit: 100,
            ..DeliveryFilter::default()
        };
        let may_have = |row: &DeliveryRow| row.delivery.attempts > 0 || row.delivery.state == DeliveryState::Leased;
        Ok(self.store.deliveries(&webhooks).await?.iter().any(may_have))
    }

    /// Makes a change after which the work may begin, and hands the work over if it may.
    pub(crate) async fn take_up(&self, id: &RequestId, actor: Actor, change: Change) -> Result<Request> {
        self.take_up_proved(id, actor, change, None).await
    }

    /// The same, with the try at a code that makes it so.
    pub(crate) async fn take_up_proved(
        &self,
        id: &RequestId,
        actor: Actor,
        change: Change,
        proved: Option<&Verification>,
    ) -> Result<Request> {
        for _ in 0..TRIES {
            let request = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
            if actor == Actor::Schedule && request.standing.state != State::Received {
                // What was to become of it was decided when nobody had looked at it.
                break;
            }
            let tenant = self.tenant(&request)?;
            let callbacks = self.callbacks_of(&request).await?;
            let legs: Vec<Leg> = self.store.legs(id).await?.into_iter().map(|row| row.leg).collect();
            let begins = matches!(change, Change::Start | Change::Verified);
            let words = match (begins, &change) {
                (true, _) => Some(self.words(&request, &legs, tenant)),
                (_, Change::AskVerification { .. }) => {
                    Some("waits until the person has proved who they are".to_owned())
                }
                _ => None,
            };
            let mut changes = Vec::with_capacity(2);
            if let Some(words) = words {
                changes.push(Change::Note { words: words + &self.extended(&request).await? });
            }
            changes.push(change.clone());
            let mut save = self.plan(&request, &changes, actor, &callbacks)?;
            if begins && self.is_our_turn(&request, &legs) {
                self.hand_over(tenant, &mut save);
            }
            save.proved = proved.cloned();
            match self.saved(save).await? {
                Some(after) => return Ok(after),
                // Somebody else has tried a code: that is decided anew where codes are.
                None if proved.is_some() => break,
                None => {}
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Where a request stands, in words for who asked.
    pub(crate) fn words(&self, request: &Request, legs: &[Leg], tenant: &Tenant) -> String {
        let ours = match (&request.standing.found, self.uncovered(request, legs).is_empty()) {
            (Some(_), _) => Some(format!("{} is done", tenant.domain())),
            (None, false) => Some(format!("{} is working on it", tenant.domain())),
            (None, true) => None,
        };
        ours.into_iter().chain(of_parties(legs, tenant, self.clock.now())).collect::<Vec<_>>().join("; ")
    }

    /// Leaves of a person what may be acted on: where persons are verified, the identities that were proved. A code
    /// proves the address that it was sent to and nothing else that an agent claims.
    pub(crate) async fn keep_proved(&self, tenant: &Tenant, request: &Request, subject: &mut Subject) -> Result<()> {
        if self.manners(request) != Some(Manners::Status) {
            return Ok(());
        }
        let proved_once = async || {
            let history = self.store.history(&request.id).await?;
            Ok::<_, Error>(history.iter().any(|event| event.change == Change::Verified.name()))
        };
        if !tenant.business.verifies(&request.rights) && !proved_once().await? {
            return Ok(());
        }
        let trusted = is_trusted(tenant, request);
        let proved = |kind: &str| kind == EMAIL || trusted && subject.claims_true(&format!("{kind}{VERIFIED}"));
        let kinds = subject.identities.iter().map(|identity| identity.kind.as_str());
        let unproved: Vec<String> = kinds.filter(|kind| !proved(kind)).map(str::to_owned).collect();
        let is_unproved = |name: &str| unproved.iter().any(|kind| kind == name);
        subject.identities.retain(|identity| !is_unproved(identity.kind.as_str()));
        subject.claims.retain(|claim| !is_unproved(&claim.name) && (trusted || !claim.name.ends_with(VERIFIED)));
        Ok(())
    }
}

/// Whether the agent is believed what it says to be verified.
fn is_trusted(tenant: &Tenant, request: &Request) -> bool {
    let agent = request.upstream.as_ref().and_then(|upstream| tenant.peer(&upstream.party));
    agent.is_some_and(|agent| agent.party.trust.verified_claims)
}

/// Whether an agent that is trusted with this says that the person's address is verified.
fn is_verified(tenant: &Tenant, request: &Request, subject: &Subject) -> bool {
    is_trusted(tenant, request) && subject.claims_true("email_verified")
}

/// The region of an address as OpenID Connect has it; one in plain text is not judged.
fn region(address: &str) -> Option<String> {
    object_of(address).ok()?.string("region").ok()?
}

/// In which turn a right is served: reads before erasures, or there is nothing left to read.
pub(crate) fn stage(right: Right, rights: &[Right]) -> u8 {
    u8::from(right == Right::Erasure && rights.iter().any(|other| other.has_results()))
}

/// Where a request stands at each of its parties.
fn of_parties(legs: &[Leg], tenant: &Tenant, now: Instant) -> Vec<String> {
    use Progress as P;
    let several = legs.iter().any(|leg| legs.iter().any(|other| other.right != leg.right));
    let word = |leg: &Leg| match &leg.state {
        state if !state.is_final() && leg.expected_by.is_some_and(|by| by < now) => "is late",
        LegState::Waiting => "will be asked",
        LegState::Unsent => "was asked",
        LegState::Sent { progress: P::Pending | P::Unknown } => "has the request",
        LegState::Sent { progress: P::Distributed } => "has handed the request on",
        LegState::Sent { progress: P::InProgress } => "is working on it",
        LegState::Sent { progress: P::NeedsVerification { .. } } => "asks for a proof of identity",
        LegState::Sent { progress: P::Fulfilled } => "is done",
        LegState::Sent { progress: P::Cancelled } => "has taken it back",
        LegState::Sent { progress: P::Denied { .. } } | LegState::Refused { .. } => "has refused it",
        LegState::Sent { progress: P::Expired } => "has let it expire",
        LegState::Waived => "was left out",
        LegState::Inapplicable => "holds nothing that this is about",
    };
    let said = legs.iter().filter_map(|leg| {
        let domain = &tenant.peer(&leg.party)?.party.domain;
        let right = if several { format!(" ({})", leg.right) } else { String::new() };
        Some(format!("{domain}{right} {}", word(leg)))
    });
    said.collect()
}

//! A leg is submitted: rendered for what the party serves, frozen at its first try, and answered with a receipt.

use std::borrow::Cow;

use habeas_core::{
    capability::Capabilities,
    dialect::{Exchange, Manners, Operation, Outgoing, Reported, Submit, Told},
    identity::Identity,
    leg::{Leg, LegState},
    matching::matching,
    party::Party,
    submission::{CallbackUrl, Outbound, Stamp, Subject, VERIFIED},
};
use habeas_store::{Frozen, LeasedLeg, Secrets};

use super::leg::{Answered, Step, There, refused_for_now};
use crate::{
    Engine, Error, Result,
    directory::{Peer, Tenant},
    identities::given,
    outbound::OutboundError,
};

/// What there is to be sent.
enum Made {
    Message(Frozen),
    /// Nobody waits for it, or it has nothing to do with the request.
    Nothing(LegState),
    /// Somebody relied on it, and it serves too little: why we refuse in its place.
    TooLittle,
    NoWords(String),
    Taken,
}

/// What a party is given, and what it says that it supports.
struct Given {
    identities: Vec<Identity>,
    supports: Option<Capabilities>,
}

/// The status noted where we ourselves had to refuse for the party: an identity nobody takes; an id that it has from
/// us.
const UNSERVED: u16 = 422;
const TAKEN: u16 = 409;

impl Engine {
    pub(super) async fn submit_leg(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer) -> Result<Step> {
        let leg = leased.row.leg.clone();
        let submit = self.dialect_of(peer)?.submit().ok_or(Error::Bug("a dialect without submissions"))?;
        // From the first try on the bytes stay the same, so that a lost answer is asked for again and not made anew.
        let earlier = if leg.state == LegState::Waiting { None } else { self.store.frozen(&leg.id).await? };
        let frozen = match earlier {
            Some(earlier) => self.located_now(tenant, peer, earlier).await?,
            None => match self.make_submission(leased, tenant, peer, submit).await? {
                Made::Message(message) => self.store.freeze(&leg.id, leased.fence, &message).await?,
                Made::Nothing(state) => return Ok(Step::made(Leg { state, ..leg }, None)),
                Made::TooLittle => {
                    let leg = Leg { state: LegState::Refused { status: UNSERVED }, ..leg };
                    return Ok(Step::troubled(leg, "no party takes one of the identities".to_owned()));
                }
                // What the party's version has no words for is not sent in part: an operator decides.
                Made::NoWords(what) => return Ok(Step::Stuck(what)),
                Made::Taken => return Ok(refused(leg, TAKEN, true)),
            },
        };
        let sent = frozen.body.clone();
        let answer = self.converse(tenant, peer, Operation::Submit, frozen).await?;
        match submit.hear(&answer.message).map_err(|_| OutboundError::Unusable("its receipt cannot be read"))? {
            Told::Refused { again: true, status, .. } => Ok(refused_for_now(status, answer.message.head())),
            Told::Refused { status, exists: true, .. } if leg.state != LegState::Waiting => {
                self.look_for(leased, tenant, peer, status).await
            }
            Told::Refused { status, exists, .. } => Ok(self.denied_receipt(leg, status, exists)),
            Told::Said(reported) => self.accepted(leg, peer, &answer, reported, &sent),
        }
    }

    /// The same bytes, where the party takes requests by now: it may have moved since they were first sent.
    async fn located_now(&self, tenant: &Tenant, peer: &Peer, mut frozen: Frozen) -> Result<Frozen> {
        if let Cow::Owned(Party { base: Some(mut url), .. }) = self.located(tenant, peer).await? {
            let last = frozen.url.path().rsplit('/').next().unwrap_or_default();
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty().push(last);
            }
            frozen.url = url;
        }
        Ok(frozen)
    }

    /// What there is to be sent for the first time.
    async fn make_submission(
        &self,
        leased: &LeasedLeg,
        tenant: &Tenant,
        peer: &Peer,
        submit: &dyn Submit,
    ) -> Result<Made> {
        let leg = &leased.row.leg;
        // Under one id a party can be sent one request only; a second one would be taken for the first.
        if self.store.sent_before(&leg.id).await? {
            return Ok(Made::Taken);
        }
        let Some(mut secrets) = self.store.secrets(&leg.request).await? else {
            return Ok(Made::Nothing(LegState::Waived));
        };
        // What an agent claims of a person are so many hints; what a sender lists must be taken, all of it.
        let hints = self.manners(&leased.request) == Some(Manners::Status);
        if hints {
            self.keep_proved(tenant, &leased.request, &mut secrets.subject).await?;
            // What an agent says to be verified is its own word, and not to be repeated as ours.
            secrets.subject.claims.retain(|claim| !claim.name.ends_with(VERIFIED));
        }
        let all = &secrets.subject.identities;
        let Some((identities, supports)) = self.identities_for(tenant, peer, leg, all).await? else {
            return match hints {
                true => Ok(Made::Nothing(LegState::Inapplicable)),
                false => self.serves_nothing(tenant, leg, all).await,
            };
        };
        if !hints && identities.len() < all.len() && !self.left_over(tenant, leg, all).await?.is_empty() {
            tracing::info!(request = %leg.request, party = %leg.party, "no party takes one of the identities");
            return Ok(Made::TooLittle);
        }
        let party = self.located(tenant, peer).await?;
        let given = Given { identities, supports };
        match self.render(leased, tenant, (peer, &party), submit, secrets, given) {
            Ok(Outgoing { method, url, headers, body }) => Ok(Made::Message(Frozen { method, url, headers, body })),
            Err(Error::Unrepresentable(what)) => Ok(Made::NoWords(what.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Whose answer got lost may have the request, and refuse the same bytes a second time (reading A8): it is asked
    /// how it stands. Who does not know it from us has another of this id.
    async fn look_for(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer, status: u16) -> Result<Step> {
        Ok(match self.is_there(leased, tenant, peer).await? {
            There::Yes { leg, receipt } => Step::Made { leg, receipt, asked: 0, trouble: None },
            There::No => self.denied_receipt(leased.row.leg.clone(), status, true),
            There::Unclear(step) => step,
        })
    }

    /// A party gave an error instead of a receipt. It may have the request all the same, as its callbacks show.
    fn denied_receipt(&self, leg: Leg, status: u16, exists: bool) -> Step {
        if matches!(leg.state, LegState::Sent { .. }) {
            let leg = Leg { accepted_at: Some(self.clock.now()), ..leg };
            return Step::troubled(leg, format!("it gave no receipt: {status}"));
        }
        refused(leg, status, exists)
    }

    /// A party that turned out to serve nothing of a request has nothing to do with it, unless somebody relied on it:
    /// an identity that no party takes is not passed over.
    async fn serves_nothing(&self, tenant: &Tenant, leg: &Leg, identities: &[Identity]) -> Result<Made> {
        tracing::info!(request = %leg.request, party = %leg.party, "a party serves nothing of a request");
        let left = self.left_over(tenant, leg, identities).await?;
        // Where nobody takes any of them, every leg ends so, and the request is denied for that.
        let nobody = left.len() == identities.len();
        Ok(if left.is_empty() || nobody { Made::Nothing(LegState::Inapplicable) } else { Made::TooLittle })
    }

    /// The identities that no party of a request takes.
    async fn left_over(&self, tenant: &Tenant, leg: &Leg, identities: &[Identity]) -> Result<Vec<usize>> {
        let mut left: Vec<usize> = (0..identities.len()).collect();
        for other in self.store.legs(&leg.request).await? {
            let other = other.leg;
            if other.right != leg.right || other.state == LegState::Inapplicable {
                continue;
            }
            let Some(peer) = tenant.peer(&other.party) else { continue };
            match self.discover(tenant, peer).await {
                Ok(supports) => {
                    let taken = matching(&supports, leg.right, identities);
                    left.retain(|index| !taken.iter().any(|fit| fit.index == *index));
                }
                // Who cannot be asked may take them all, and is looked at in its turn.
                Err(_) => left.clear(),
            }
        }
        Ok(left)
    }

    /// What of the identities the party is given, in its form; `None` when it serves nothing of the request. A party
    /// that has no discovery is given them as they are.
    pub(super) async fn identities_for(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        leg: &Leg,
        identities: &[Identity],
    ) -> Result<Option<(Vec<Identity>, Option<Capabilities>)>> {
        let supports: Capabilities = match self.discover(tenant, peer).await {
            Ok(supports) => supports,
            Err(Error::Outbound(OutboundError::NotThere)) => return Ok(Some((identities.to_vec(), None))),
            Err(error) => return Err(error),
        };
        // Without any identity it is the extensions that say who is meant (reading A35).
        if identities.is_empty() {
            return Ok(supports.serves(leg.right).then(|| (Vec::new(), Some(supports))));
        }
        let matches = matching(&supports, leg.right, identities);
        Ok((!matches.is_empty()).then(|| (given(identities, &matches), Some(supports))))
    }

    fn render(
        &self,
        leased: &LeasedLeg,
        tenant: &Tenant,
        (peer, party): (&Peer, &Party),
        submit: &dyn Submit,
        secrets: Secrets,
        given: Given,
    ) -> Result<Outgoing> {
        let Given { identities, supports } = given;
        let leg = &leased.row.leg;
        let at = leased.request.submitted_at.unwrap_or(leased.request.standing.received_at);
        let submitted = secrets.submitted.unwrap_or_else(|| Stamp { at, text: habeas_wire::time::format(at.ms()) });
        // What the sender of a request gave to be called back is for those only who tell in the same way.
        let manners = self.dialect_of(peer)?.facts().manners;
        let hands_on = self.manners(&leased.request) == Some(manners) && manners == Manners::Receipts;
        let mut callbacks = if hands_on { secrets.callbacks } else { Vec::new() };
        // At most one of our own beside those that came with the request (OpenGDPR 0.1 §8.5).
        let own = leg.callback_url.as_ref().and_then(|url| CallbackUrl::parse(url.as_str()).ok());
        callbacks.extend(own);
        let subject = Subject { identities, ..secrets.subject };
        let outbound = Outbound {
            wire_id: &leg.wire_id,
            leg: &leg.id,
            right: leg.right,
            regime: Some(leased.request.regime),
            submitted: &submitted,
            subject: &subject,
            callbacks: &callbacks,
            supports: supports.as_ref(),
        };
        self.ask(tenant, (peer, party), |x: &Exchange<'_>| submit.ask(&outbound, x))
    }

    fn accepted(&self, mut leg: Leg, peer: &Peer, answer: &Answered, reported: Reported, sent: &[u8]) -> Result<Step> {
        let makes_ids = self.dialect_of(peer)?.facts().receiver_makes_id;
        if !makes_ids && !reported.report.remote_id.as_str().eq_ignore_ascii_case(leg.wire_id.as_str()) {
            return Err(OutboundError::Unusable("its receipt is for another request").into());
        }
        let honest = reported.echoed.as_ref().is_none_or(|echoed| echoed == sent);
        let receipt = self.receipt_of(&leg, Operation::Submit, answer, &reported);
        leg.accepted_at = Some(self.clock.now());
        let report = reported.report;
        leg.remote_id = Some(report.remote_id);
        leg.expected_by = report.expected_by.or(leg.expected_by);
        if let Some(state) = leg.state.forward(&report.progress) {
            leg.state = state;
            leg.details = report.details.or(leg.details);
            leg.results = report.results.or(leg.results);
        }
        if !honest {
            tracing::warn!(request = %leg.request, party = %leg.party,
                "a party's receipt repeats other bytes than were sent, so it proves nothing");
        }
        let trouble = (!honest).then(|| "its receipt repeats other bytes than were sent".to_owned());
        let receipt = receipt.filter(|_| honest).map(Box::new);
        Ok(Step::Made { leg: Box::new(leg), receipt, asked: 0, trouble })
    }
}

fn refused(mut leg: Leg, status: u16, exists: bool) -> Step {
    tracing::warn!(request = %leg.request, party = %leg.party, status, exists, "a party refused a request");
    leg.state = LegState::Refused { status };
    let trouble = if exists {
        // Agents that hand on to each other in a circle end here (reading A45).
        "it has another request of this id: a loop of agents?".to_owned()
    } else {
        format!("it refused the request: {status}")
    };
    Step::troubled(leg, trouble)
}

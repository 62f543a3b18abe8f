//! The next step of a leg: submit it, take it back, or ask how it stands.

use habeas_core::{
    clock::SECOND_MS,
    dialect::{Asked, Exchange, Manners, Operation, Outgoing, Told},
    id::RemoteId,
    leg::{Leg, LegCancel, LegState, Progress},
    message::{AnswerHead, Claim, Unverified, Verified},
    receipt::Receipt,
    state::State,
};
use habeas_store::{Frozen, LeasedLeg, StoreError};
use url::Url;

use super::same_place;
use crate::{
    Engine, Error, Result,
    deliver::hosts::Went,
    directory::{Peer, Tenant},
    keyring::{Keys, PeerKey},
    outbound::{Call, Destination, OutboundError},
};

const READ_BYTES: usize = 4 * 1024 * 1024;
/// So often a party is asked to take a request back that answers neither yes nor no.
const ASKED_TO_CANCEL: u32 = 3;
/// Why a leg waits whose party does not know it.
const UNKNOWN_YET: &str = "it does not know the request yet";
/// When a host has no slot free, a leg waits for so long.
const BUSY_MS: i64 = SECOND_MS;

/// What became of a step.
pub(super) enum Step {
    /// It is made.
    Made {
        /// The leg afterwards.
        leg: Box<Leg>,
        /// What the party signed.
        receipt: Option<Box<Receipt>>,
        /// How often the party was asked without news; a date that moves is none.
        asked: u32,
        /// What needs an operator's attention all the same.
        trouble: Option<String>,
    },
    /// The party was asked how it stands and had nothing new to say.
    NoNews(Option<String>),
    /// It is to be tried again.
    Again {
        /// Why.
        why: String,
        /// The party's own wish for when.
        after_ms: Option<i64>,
        /// Whether what it answered cannot be believed: the operator hears of that at once.
        doubtful: bool,
    },
    /// Nobody but an operator can help.
    Stuck(String),
}

impl Step {
    pub(super) fn made(leg: Leg, receipt: Option<Receipt>) -> Self {
        Self::Made { leg: Box::new(leg), receipt: receipt.map(Box::new), asked: 0, trouble: None }
    }

    /// It is made, and an operator should look at it all the same.
    pub(super) fn troubled(leg: Leg, why: String) -> Self {
        Self::Made { leg: Box::new(leg), receipt: None, asked: 0, trouble: Some(why) }
    }

    /// What failed is tried again.
    pub(super) fn failed(error: &Error) -> Self {
        let doubtful = matches!(error, Error::Outbound(OutboundError::Unusable(_)) | Error::Refused(_));
        Self::Again { why: super::outcome::word(error), after_ms: None, doubtful }
    }

    pub(super) fn again(why: impl Into<String>, after_ms: Option<i64>) -> Self {
        Self::Again { why: why.into(), after_ms, doubtful: false }
    }
}

impl Engine {
    /// Makes the next step of a leased leg and saves what became of it.
    pub(crate) async fn step(&self, leased: LeasedLeg) {
        let id = leased.row.leg.id.clone();
        let host = leased.row.host.clone();
        let now = self.clock.now();
        let outcome = if self.hosts.take(&host, now) {
            let step = self.next_step(&leased).await;
            self.hosts.give_back(&host, went(&step), self.clock.now());
            self.conclude_step(&leased, step).await
        } else {
            self.store.release_leg(&id, leased.fence, now.plus_ms(BUSY_MS)).await.map_err(Error::from)
        };
        match outcome {
            // The lease ran out or the request moved on: whoever has it now goes on.
            Ok(()) | Err(Error::Store(StoreError::Stale)) => {}
            Err(error) => tracing::error!(leg = %id, error = %error, "a leg could not be saved"),
        }
    }

    async fn next_step(&self, leased: &LeasedLeg) -> Result<Step> {
        let leg = &leased.row.leg;
        let tenant = self.tenant(&leased.request)?;
        let Some(peer) = tenant.peer(&leg.party) else {
            return Ok(Step::Stuck("the party is no longer configured".to_owned()));
        };
        if leg.state.is_final() {
            // A callback may have ended what was never answered: the receipt is still asked for.
            let told = matches!(leg.state, LegState::Sent { .. });
            if leg.accepted_at.is_some() || !told {
                return Ok(Step::made(leg.clone(), None));
            }
        } else if leg.cancel == LegCancel::Wanted {
            // Only who has it can say under which id; where it is in doubt, the same bytes bring the same answer.
            let nameless = leg.remote_id.is_none() && self.dialect_of(peer)?.facts().receiver_makes_id;
            return match nameless {
                true => self.submit_leg(leased, tenant, peer).await,
                false => self.take_back(leased, tenant, peer).await,
            };
        }
        // What is held is not due; who took its lease before it was held has lost that.
        let held = leased.request.standing.state != State::InProgress;
        if leg.state == LegState::Waiting && held && self.manners(&leased.request) == Some(Manners::Status) {
            return Err(StoreError::Stale.into());
        }
        if leg.accepted_at.is_none() && leg.cancel == LegCancel::No {
            return self.submit_leg(leased, tenant, peer).await;
        }
        if leg.accepted_at.is_none() && !leg.state.is_final() {
            return self.end_doubt(leased, tenant, peer).await;
        }
        self.poll_leg(leased, tenant, peer).await
    }

    async fn take_back(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer) -> Result<Step> {
        let mut leg = leased.row.leg.clone();
        let cancel = self.dialect_of(peer)?.cancel().ok_or(Error::Bug("a dialect without cancellation"))?;
        let id = known_as(&leg);
        let answer = self
            .converse_by_id(tenant, peer, Operation::Cancel, |x| cancel.ask(&id, x), |x| cancel.ask_elsewhere(&id, x))
            .await?;
        match cancel.hear(&answer.message, &id).map_err(|_| OutboundError::Unusable("its answer cannot be read"))? {
            Told::Refused { status: 404, .. } if leg.accepted_at.is_none() => Ok(self.unknown(leased)),
            // Some have no way to take a request back, and some never come to answer: then it is seen what they do.
            Told::Refused { again: true, status, .. }
                if !matches!(status, 404 | 405 | 501) && leased.row.attempts < ASKED_TO_CANCEL =>
            {
                Ok(refused_for_now(status, answer.message.head()))
            }
            Told::Refused { again: true, .. } => self.end_doubt(leased, tenant, peer).await,
            Told::Refused { status, .. } => {
                tracing::info!(request = %leg.request, party = %leg.party, status, "a party did not take a request back");
                if leg.accepted_at.is_none() {
                    return self.end_doubt(leased, tenant, peer).await;
                }
                leg.cancel = LegCancel::Refused;
                Ok(Step::made(leg, None))
            }
            Told::Said(reported) => {
                if !reported.report.remote_id.as_str().eq_ignore_ascii_case(id.as_str()) {
                    return Err(OutboundError::Unusable("its answer is about another request").into());
                }
                let receipt = self.receipt_of(&leg, Operation::Cancel, &answer, &reported);
                if reported.report.progress != Progress::Cancelled {
                    // It answers with how the request stands, and that is not taken back.
                    leg.cancel = LegCancel::Refused;
                    leg.state = leg.state.forward(&reported.report.progress).unwrap_or(leg.state);
                    return Ok(Step::made(leg, receipt));
                }
                leg.cancel = LegCancel::Done;
                // Who hands requests on has taken the wish, and will say what became of it at those who do the work.
                if !hands_on(&leg, peer) {
                    leg.state = LegState::Sent { progress: Progress::Cancelled };
                }
                Ok(Step::made(leg, receipt))
            }
        }
    }

    /// A leg that is to be taken back is never sent again: whether it had arrived at all, its status tells.
    async fn end_doubt(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer) -> Result<Step> {
        Ok(match self.is_there(leased, tenant, peer).await? {
            There::Yes { mut leg, receipt } => {
                if leg.cancel == LegCancel::Wanted {
                    let done = leg.state == LegState::Sent { progress: Progress::Cancelled };
                    leg.cancel = if done { LegCancel::Done } else { LegCancel::Refused };
                }
                Step::Made { leg, receipt, asked: 0, trouble: None }
            }
            There::No => self.unknown(leased),
            There::Unclear(step) => step,
        })
    }

    /// The party does not know a request of which it is in doubt whether it arrived. It had not, unless the party has
    /// spoken of it before; but what was sent a moment ago may still be on its way, so this is believed when it is heard
    /// a second time, as long after the first as a message may take.
    fn unknown(&self, leased: &LeasedLeg) -> Step {
        let leg = leased.row.leg.clone();
        if leg.accepted_at.is_some() || matches!(leg.state, LegState::Sent { .. }) {
            let cancel = if leg.cancel == LegCancel::Wanted { LegCancel::Refused } else { leg.cancel };
            let accepted_at = leg.accepted_at.or(Some(self.clock.now()));
            let leg = Leg { cancel, accepted_at, ..leg };
            return Step::troubled(leg, "it does not know the request any more".to_owned());
        }
        if leased.row.trouble.as_deref() == Some(UNKNOWN_YET) {
            return Step::made(Leg { state: LegState::Waived, cancel: LegCancel::Done, ..leg }, None);
        }
        Step::again(UNKNOWN_YET, Some(self.settings.attempt_ms))
    }

    /// Asks whether the party has a leg whose receipt never came.
    pub(super) async fn is_there(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer) -> Result<There> {
        let mut there = leased.clone();
        there.row.leg.accepted_at = Some(self.clock.now());
        Ok(match self.poll_leg(&there, tenant, peer).await? {
            Step::Made { leg, receipt, .. } => There::Yes { leg, receipt },
            Step::NoNews(None) => There::Yes { leg: Box::new(there.row.leg), receipt: None },
            Step::NoNews(Some(_)) => There::No,
            step => There::Unclear(step),
        })
    }

    /// Speaks of one request, where the party says that there is none, at the other place where peers serve it.
    pub(super) async fn converse_by_id(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        operation: Operation,
        ask: impl FnOnce(&Exchange<'_>) -> Asked + Send,
        elsewhere: impl FnOnce(&Exchange<'_>) -> Asked + Send,
    ) -> Result<Answered> {
        let party = self.located(tenant, peer).await?;
        let outgoing = self.ask(tenant, (peer, &party), ask)?;
        let answer = self.converse(tenant, peer, operation, frozen(outgoing)).await?;
        if answer.message.head().status != 404 {
            return Ok(answer);
        }
        match self.ask(tenant, (peer, &party), elsewhere) {
            Ok(outgoing) => self.converse(tenant, peer, operation, frozen(outgoing)).await,
            Err(Error::Unrepresentable(_)) => Ok(answer),
            Err(error) => Err(error),
        }
    }

    /// Sends a message with our credential, and opens the answer once its proof holds.
    pub(super) async fn converse(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        operation: Operation,
        message: Frozen,
    ) -> Result<Answered> {
        let Frozen { method, url, headers, body } = message;
        let call = Call {
            destination: self.destination(peer, &url)?,
            outgoing: Outgoing { method, url, headers, body },
            credential: peer.outgoing.as_ref(),
            read_bytes: READ_BYTES,
            within_ms: self.settings.attempt_ms,
        };
        let (head, body) = self.outbound.call(call).await?.split()?;
        let doubtful = |_| OutboundError::Unusable("its answer is not signed as it should be");
        let claim = self.dialect_of(peer)?.proof(operation, &head, Some(&peer.party)).map_err(doubtful)?;
        let key = match &claim {
            Claim::Signer { domain, signature } => {
                if *domain != peer.party.domain {
                    return Err(OutboundError::Unusable("its answer is signed by another domain").into());
                }
                Some(self.key_for(tenant, peer, &body, signature).await?)
            }
            Claim::Nobody | Claim::Holder(_) => None,
        };
        let keys = Keys { tenant, signer: key.as_ref() };
        let message = Unverified::new(head, body)
            .verify(claim, &keys)
            .map_err(|_| OutboundError::Unusable("its signature does not hold"))?;
        Ok(Answered { message, key })
    }
}

impl Engine {
    /// Where a party serves its API, its discovery may say: that is its own word, and not the operator's.
    fn destination(&self, peer: &Peer, url: &Url) -> Result<Destination> {
        let discovered = self.dialect_of(peer)?.facts().base_is_discovered;
        let homes = [peer.party.base.as_ref(), peer.api_base.as_ref()];
        let configured = !discovered || homes.into_iter().flatten().any(|home| same_place(home, url));
        Ok(if configured { Destination::Configured } else { Destination::Named })
    }
}

/// An answer that was opened, and the key that it was signed with, if it was.
pub(super) struct Answered {
    pub(super) message: Verified<AnswerHead>,
    pub(super) key: Option<PeerKey>,
}

/// Whether a party has a leg.
pub(super) enum There {
    Yes { leg: Box<Leg>, receipt: Option<Box<Receipt>> },
    No,
    Unclear(Step),
}

/// The id under which the party knows a leg.
pub(super) fn known_as(leg: &Leg) -> RemoteId {
    leg.remote_id.clone().unwrap_or_else(|| RemoteId::new(leg.wire_id.as_str()))
}

fn hands_on(leg: &Leg, peer: &Peer) -> bool {
    !peer.party.vouches_for.is_empty() || leg.state == LegState::Sent { progress: Progress::Distributed }
}

/// The party says no, but not for good.
pub(super) fn refused_for_now(status: u16, head: &AnswerHead) -> Step {
    Step::again(format!("it answered {status}"), crate::deliver::retry_after_ms(&head.headers))
}

fn frozen(Outgoing { method, url, headers, body }: Outgoing) -> Frozen {
    Frozen { method, url, headers, body }
}

/// What a step says of the party's host.
fn went(step: &Result<Step>) -> Went {
    match step {
        Ok(_) => Went::Reached,
        Err(Error::Outbound(OutboundError::Timeout | OutboundError::Connect | OutboundError::Broken)) => Went::Failed,
        Err(_) => Went::Unknown,
    }
}

//! A party tells that a request of ours has changed.

use std::ops::Range;

use habeas_core::{
    clock::Instant,
    dialect::{Answer, Operation, Reported},
    id::RemoteId,
    leg::{Leg, LegCancel, LegState, Progress, Report},
    message::{Claim, RequestHead, Verified, Who},
    problem::{Code, Field, Problem},
    receipt::Receipt,
};
use habeas_store::{LegRow, LegSave, StoreError};
use url::Url;

use crate::{
    Engine, Error, Result,
    change::LEG_TRIES,
    keyring::PeerKey,
    send::{cut, moved, speaker::Speaker},
    serve::Arrival,
};

/// More than any honest exchange has.
const RECEIPTS_OF_A_LEG: usize = 64;

impl Engine {
    pub(super) async fn callback(
        &self,
        arrival: &Arrival,
        row: &LegRow,
        speaker: &Speaker<'_>,
        key: Option<&PeerKey>,
        message: Verified<RequestHead>,
    ) -> Result<Answer> {
        let callback = arrival.dialect.callback().ok_or(Error::Bug("an endpoint without its operation"))?;
        let hand = arrival.hand();
        let Reported { report, secret, .. } = callback.read(&message, &arrival.exchange(self, &hand))?;
        self.check_addressee(arrival, &row.leg, speaker, &report)?;
        let receipt = key.and_then(|key| self.receipt_of_callback(row, key, &message, secret));
        self.take_report(row.clone(), speaker, &report, receipt).await?;
        self.metrics.heard();
        Ok(callback.reply(&arrival.exchange(self, &hand)))
    }

    /// What the party signed, to be kept; what nobody signed proves nothing.
    fn receipt_of_callback(
        &self,
        row: &LegRow,
        key: &PeerKey,
        message: &Verified<RequestHead>,
        secret: Option<Range<usize>>,
    ) -> Option<Receipt> {
        let Who::Signer { domain, signature } = message.who() else { return None };
        let (body, hole) = cut(message.body(), secret);
        Some(Receipt {
            request: row.leg.request.clone(),
            leg: row.leg.id.clone(),
            at: self.clock.now(),
            operation: Operation::Callback,
            signer: domain.clone(),
            sha256: habeas_trust::digest::sha256(message.body()),
            signature: signature.clone(),
            chain: key.chain.to_pem(),
            body,
            hole,
        })
    }

    /// The last step of the authentication (OpenGDPR 1.0 §8.8): the message must be meant for this very URL, and
    /// speak of the request that was sent.
    fn check_addressee(&self, arrival: &Arrival, leg: &Leg, speaker: &Speaker<'_>, report: &Report) -> Result<()> {
        // Who shows a credential instead of a signature has shown with the path which request is meant.
        let shown = matches!(arrival.claim, Claim::Holder(_));
        let lenient = shown || arrival.peer().is_some_and(|peer| peer.party.trust.callback_without_url);
        let meant = match &report.callback_url {
            Some(said) => leg.callback_url.as_ref().is_some_and(|ours| same_url(said, ours)),
            None => lenient,
        };
        if !meant {
            return Err(Problem::at(Code::Forbidden, Field::named("status_callback_url")).into());
        }
        // Who had it from the party knows it under the id that went through all hands.
        let handed_on = RemoteId::new(leg.wire_id.as_str());
        if leg.remote_id.is_none() && arrival.dialect.facts().receiver_makes_id {
            // It overtakes the answer that would have told the id.
            return Ok(());
        }
        let ours = leg.remote_id.clone().filter(|_| speaker.is_party()).unwrap_or(handed_on);
        if !report.remote_id.as_str().eq_ignore_ascii_case(ours.as_str()) {
            let field = if shown { "request_id" } else { "subject_request_id" };
            return Err(Problem::at(Code::Forbidden, Field::named(field)).into());
        }
        Ok(())
    }

    /// Moves a leg by what its party reports. A replay is acknowledged and does nothing, and so does a step back;
    /// neither moves a leg what somebody reports for whom the party vouches: that is kept as evidence, with where the
    /// results are.
    async fn take_report(
        &self,
        mut row: LegRow,
        speaker: &Speaker<'_>,
        report: &Report,
        receipt: Option<Receipt>,
    ) -> Result<()> {
        let evidence = match &receipt {
            Some(receipt) => self.evidence(receipt).await?,
            None => Evidence::TooMuch,
        };
        if evidence == Evidence::Known {
            return Ok(());
        }
        for _ in 0..LEG_TRIES {
            let news = if speaker.is_party() { moved(&row.leg, report) } else { heard(&row.leg, report) };
            let further = news.as_ref().is_some_and(|leg| leg.state != row.leg.state);
            // What moves a leg is always kept. A date may be another each time, and one that is not kept could be
            // replayed.
            let kept = evidence == Evidence::New || receipt.is_none() && news.is_some();
            if !further && !kept {
                return Ok(());
            }
            let mut leg = news.unwrap_or_else(|| row.leg.clone());
            // Where the party makes the ids, the answer to the request has nothing more to say than this has.
            if leg.remote_id.is_some() && self.makes_ids(&leg)? {
                leg.accepted_at = leg.accepted_at.or(Some(self.clock.now()));
            }
            let request = if leg == row.leg { None } else { self.follow(&leg).await? };
            let save = LegSave {
                revision: row.revision,
                fence: None,
                due_at: self.due_after_news(&row, &leg, further),
                attempts: if further && leg.accepted_at.is_some() { 0 } else { row.attempts },
                thaw: leg.accepted_at.is_some(),
                receipt: receipt.clone(),
                trouble: row.trouble.clone().filter(|_| !further),
                alerts: Vec::new(),
                request,
                leg,
            };
            match self.store.save_leg(save).await {
                Err(StoreError::Stale) => row = self.reload(&row).await?,
                done => {
                    self.wake();
                    return Ok(done?);
                }
            }
        }
        Err(StoreError::Stale.into())
    }

    fn makes_ids(&self, leg: &Leg) -> Result<bool> {
        let dialect = self.directory.dialect(&leg.dialect).ok_or(Error::Bug("the dialect of a leg is gone"))?;
        Ok(dialect.facts().receiver_makes_id)
    }

    /// A receipt that did not arrive yet is still asked for; who has the request is asked the later, the more it tells.
    /// Who wants a proof although work had begun is asked at once: such a callback may be an old one, sent once more.
    fn due_after_news(&self, row: &LegRow, leg: &Leg, moves: bool) -> Option<Instant> {
        let begun = row.leg.state == LegState::Sent { progress: Progress::InProgress };
        let wants_proof = matches!(leg.state, LegState::Sent { progress: Progress::NeedsVerification { .. } });
        match leg.accepted_at {
            None => row.due_at,
            Some(_) if begun && wants_proof => Some(self.clock.now()),
            Some(_) if !moves || leg.cancel == LegCancel::Wanted => row.due_at.filter(|_| !leg.state.is_final()),
            Some(_) => self.follow_at(leg, 0),
        }
    }

    /// Whether what a party signed is to be kept although it moves nothing: each message once, and not without end.
    async fn evidence(&self, receipt: &Receipt) -> Result<Evidence> {
        let kept = self.store.receipts(&receipt.request).await?;
        // Of each signer by itself: nobody fills another's place, or says its words before it.
        let of_leg = || {
            let same = |other: &&Receipt| other.leg == receipt.leg && other.signer == receipt.signer;
            kept.iter().map(|row| &row.receipt).filter(same)
        };
        if of_leg().any(|other| other.sha256 == receipt.sha256 && other.operation == receipt.operation) {
            return Ok(Evidence::Known);
        }
        Ok(if of_leg().count() < RECEIPTS_OF_A_LEG { Evidence::New } else { Evidence::TooMuch })
    }

    /// Whether a status that moves nothing is to be kept.
    pub(crate) async fn is_new_evidence(&self, receipt: &Receipt) -> Result<bool> {
        Ok(self.evidence(receipt).await? == Evidence::New)
    }
}

/// What a message adds to those that are kept of its leg.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Evidence {
    New,
    Known,
    TooMuch,
}

/// The leg with the results that somebody reports to whom the party has handed it on, if that is news.
fn heard(leg: &Leg, report: &Report) -> Option<Leg> {
    let url = report.results.as_ref().filter(|_| report.progress == Progress::Fulfilled && leg.right.has_results())?;
    let more = !leg.heard.contains(url) && leg.heard.len() < RECEIPTS_OF_A_LEG;
    more.then(|| Leg { heard: leg.heard.iter().chain([url]).cloned().collect(), ..leg.clone() })
}

/// Compares after normalizing scheme, host and default port, as parsing does.
fn same_url(said: &str, ours: &Url) -> bool {
    Url::parse(said).is_ok_and(|said| said == *ours)
}

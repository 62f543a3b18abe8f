//! A party tells that a request of ours has changed.

use habeas_core::{
    clock::Instant,
    dialect::{Answer, Operation, Reported},
    id::RemoteId,
    leg::{Leg, LegCancel, Report},
    message::{RequestHead, Verified, Who},
    problem::{Code, Field, Problem},
    receipt::Receipt,
};
use habeas_store::{LegRow, LegSave, StoreError};
use url::Url;

use crate::{
    Engine, Error, Result,
    change::TRIES,
    hand::Hand,
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
        key: &PeerKey,
        message: Verified<RequestHead>,
    ) -> Result<Answer> {
        let callback = arrival.dialect.callback().ok_or(Error::Bug("an endpoint without its operation"))?;
        let hand = Hand::new(&arrival.tenant);
        let Reported { report, secret, .. } = callback.read(&message, &arrival.exchange(self, &hand))?;
        self.check_addressee(arrival, &row.leg, speaker, &report)?;
        let Who::Signer { domain, signature } = message.who() else {
            return Err(Error::Bug("a callback without a signature"));
        };
        let (body, hole) = cut(message.body(), secret);
        let receipt = Receipt {
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
        };
        self.take_report(row.clone(), speaker.is_party().then_some(&report), receipt).await?;
        self.metrics.heard();
        Ok(callback.reply(&arrival.exchange(self, &hand)))
    }

    /// The last step of the authentication (OpenGDPR 1.0 §8.8): the message must be meant for this very URL, and
    /// speak of the request that was sent.
    fn check_addressee(&self, arrival: &Arrival, leg: &Leg, speaker: &Speaker<'_>, report: &Report) -> Result<()> {
        let lenient = arrival.peer().is_some_and(|party| party.trust.callback_without_url);
        let meant = match &report.callback_url {
            Some(said) => leg.callback_url.as_ref().is_some_and(|ours| same_url(said, ours)),
            None => lenient,
        };
        if !meant {
            return Err(Problem::at(Code::Forbidden, Field::named("status_callback_url")).into());
        }
        // Who had it from the party knows it under the id that went through all hands.
        let handed_on = RemoteId::new(leg.wire_id.as_str());
        let ours = leg.remote_id.clone().filter(|_| speaker.is_party()).unwrap_or(handed_on);
        if !report.remote_id.as_str().eq_ignore_ascii_case(ours.as_str()) {
            return Err(Problem::at(Code::Forbidden, Field::named("subject_request_id")).into());
        }
        Ok(())
    }

    /// Moves a leg by what its party reports. A replay or a step back is acknowledged and moves nothing; neither does
    /// what somebody reports for whom the party vouches (`None`): that is kept as evidence.
    pub(crate) async fn take_report(&self, mut row: LegRow, report: Option<&Report>, receipt: Receipt) -> Result<()> {
        for _ in 0..TRIES {
            let news = report.and_then(|report| moved(&row.leg, report));
            let moves = news.is_some();
            let Some(leg) = news.or(self.evidence(&row, &receipt).await?) else { return Ok(()) };
            let request = if moves { self.follow(&leg).await? } else { None };
            let save = LegSave {
                revision: row.revision,
                fence: None,
                due_at: self.due_after_news(&row, &leg, moves),
                attempts: if moves && leg.accepted_at.is_some() { 0 } else { row.attempts },
                thaw: false,
                receipt: Some(receipt.clone()),
                trouble: row.trouble.clone().filter(|_| !moves),
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

    /// A receipt that did not arrive yet is still asked for; who has the request is asked the later, the more it tells.
    fn due_after_news(&self, row: &LegRow, leg: &Leg, moves: bool) -> Option<Instant> {
        match leg.accepted_at {
            None => row.due_at,
            Some(_) if !moves || leg.cancel == LegCancel::Wanted => row.due_at.filter(|_| !leg.state.is_final()),
            Some(_) => self.follow_at(leg, 0),
        }
    }

    /// A report without news is kept as evidence too, but each only once: replays are for ever.
    async fn evidence(&self, row: &LegRow, receipt: &Receipt) -> Result<Option<Leg>> {
        let kept = self.store.receipts(&receipt.request).await?;
        let of_leg = || kept.iter().map(|row| &row.receipt).filter(|other| other.leg == receipt.leg);
        let known = of_leg().any(|other| other.sha256 == receipt.sha256 && other.operation == receipt.operation);
        Ok((!known && of_leg().count() < RECEIPTS_OF_A_LEG).then(|| row.leg.clone()))
    }
}

/// Compares after normalizing scheme, host and default port, as parsing does.
fn same_url(said: &str, ours: &Url) -> bool {
    Url::parse(said).is_ok_and(|said| said == *ours)
}

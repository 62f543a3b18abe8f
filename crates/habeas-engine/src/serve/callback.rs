//! A party tells that a request of ours has changed.

use habeas_core::{
    dialect::{Answer, Operation},
    id::RemoteId,
    leg::{Leg, Report},
    message::{RequestHead, Verified, Who},
    problem::{Code, Field, Problem},
    receipt::Receipt,
};
use habeas_store::{LegRow, LegSave, StoreError};
use url::Url;

use crate::{Engine, Error, Result, change::TRIES, hand::Hand, keyring::PeerKey, serve::Arrival};

/// More than any honest exchange has.
const RECEIPTS_OF_A_LEG: usize = 64;

impl Engine {
    pub(super) async fn callback(
        &self,
        arrival: &Arrival,
        row: &LegRow,
        key: &PeerKey,
        message: Verified<RequestHead>,
    ) -> Result<Answer> {
        let callback = arrival.dialect.callback().ok_or(Error::Bug("an endpoint without its operation"))?;
        let hand = Hand::new(&arrival.tenant);
        let report = callback.read(&message, &arrival.exchange(self, &hand))?;
        self.check_addressee(arrival, &row.leg, &report)?;
        let Who::Signer { domain, signature } = message.who() else {
            return Err(Error::Bug("a callback without a signature"));
        };
        let receipt = Receipt {
            request: row.leg.request.clone(),
            leg: row.leg.id.clone(),
            at: self.clock.now(),
            operation: Operation::Callback,
            signer: domain.clone(),
            sha256: habeas_trust::digest::sha256(message.body()),
            signature: signature.clone(),
            chain: key.chain.to_pem(),
            body: message.body().to_vec(),
            hole: None,
        };
        self.take_report(row.clone(), &report, receipt).await?;
        self.metrics.heard();
        Ok(callback.reply(&arrival.exchange(self, &hand)))
    }

    /// The last step of the authentication (OpenGDPR 1.0 §8.8): the message must be meant for this very URL, and
    /// speak of the request that was sent.
    fn check_addressee(&self, arrival: &Arrival, leg: &Leg, report: &Report) -> Result<()> {
        let lenient = arrival.peer().is_some_and(|party| party.trust.callback_without_url);
        let meant = match &report.callback_url {
            Some(said) => leg.callback_url.as_ref().is_some_and(|ours| same_url(said, ours)),
            None => lenient,
        };
        if !meant {
            return Err(Problem::at(Code::Forbidden, Field::named("status_callback_url")).into());
        }
        let ours = leg.remote_id.clone().unwrap_or_else(|| RemoteId::new(leg.wire_id.as_str()));
        if !report.remote_id.as_str().eq_ignore_ascii_case(ours.as_str()) {
            return Err(Problem::at(Code::Forbidden, Field::named("subject_request_id")).into());
        }
        Ok(())
    }

    /// Moves a leg by what its party reports. A replay or a step back is acknowledged and moves nothing.
    pub(crate) async fn take_report(&self, mut row: LegRow, report: &Report, receipt: Receipt) -> Result<()> {
        for _ in 0..TRIES {
            let Some(leg) = moved(&row.leg, report).or(self.evidence(&row, &receipt).await?) else { return Ok(()) };
            let request = self.follow(&leg).await?;
            let save = LegSave {
                revision: row.revision,
                fence: None,
                // A receipt that did not arrive yet is still asked for.
                due_at: if leg.state.is_final() && leg.accepted_at.is_some() { None } else { row.due_at },
                attempts: row.attempts,
                thaw: false,
                receipt: Some(receipt.clone()),
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

    /// A report without news is kept as evidence too, but each only once: replays are for ever.
    async fn evidence(&self, row: &LegRow, receipt: &Receipt) -> Result<Option<Leg>> {
        let kept = self.store.receipts(&receipt.request).await?;
        let of_leg = || kept.iter().map(|row| &row.receipt).filter(|other| other.leg == receipt.leg);
        let known = of_leg().any(|other| other.sha256 == receipt.sha256 && other.operation == receipt.operation);
        Ok((!known && of_leg().count() < RECEIPTS_OF_A_LEG).then(|| row.leg.clone()))
    }

    pub(crate) async fn reload(&self, row: &LegRow) -> Result<LegRow> {
        let legs = self.store.legs(&row.leg.request).await?;
        legs.into_iter().find(|other| other.leg.id == row.leg.id).ok_or(Error::Bug("a leg that vanished"))
    }
}

/// The leg after the report, or `None` when that says nothing new. What a party said last stays said: an old callback
/// is signed for ever.
fn moved(leg: &Leg, report: &Report) -> Option<Leg> {
    if leg.state.is_final() {
        return None;
    }
    let mut next = leg.clone();
    if let Some(state) = leg.state.forward(&report.progress) {
        next.state = state;
    }
    let same_word =
        matches!(&next.state, habeas_core::leg::LegState::Sent { progress } if *progress == report.progress);
    if same_word {
        next.expected_by = report.expected_by.or(next.expected_by);
        next.results = report.results.clone().or(next.results);
    }
    (next != *leg).then_some(next)
}

/// Compares after normalizing scheme, host and default port, as parsing does.
fn same_url(said: &str, ours: &Url) -> bool {
    Url::parse(said).is_ok_and(|said| said == *ours)
}

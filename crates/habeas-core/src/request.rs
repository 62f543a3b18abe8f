//! What is a data rights request, and how does it change?

use crate::{
    clock::{DAY_MS, Instant},
    dialect::DialectId,
    domain::Domain,
    event::{Actor, Event, Standing},
    id::{PartyId, RequestId},
    regime::Regime,
    right::Right,
    role::Role,
    state::{Change, InvalidTransition, State},
};

/// One data rights request, without anything personal: the subject is kept apart, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Our name for it.
    pub id: RequestId,
    /// The organisation it belongs to.
    pub organisation: Domain,
    /// Who sent it to us; `None` when it is ours.
    pub upstream: Option<Upstream>,
    /// The role in which the organisation has it.
    pub role: Role,
    /// The rights used; never empty.
    pub rights: Vec<Right>,
    /// The law under which its clock runs.
    pub regime: Regime,
    /// How it stands.
    pub standing: Standing,
    /// When the person asked, as the sender says.
    pub submitted_at: Option<Instant>,
    /// The legal deadline, as first promised.
    pub promised_by: Instant,
    /// Nothing irreversible happens before.
    pub hold_until: Instant,
    /// When it came to its final state.
    pub final_at: Option<Instant>,
    /// When its results stop being there, or stopped.
    pub expires_at: Option<Instant>,
    /// When that was first said.
    pub expiry_first_set_at: Option<Instant>,
}

/// How long a final request is remembered at most, and at least from when it was first said when its results end
/// (DRP 0.5 §3.02).
const REMEMBERED_MS: i64 = 60 * DAY_MS;
const RESULTS_MS: i64 = 7 * DAY_MS;

/// [`Request::forgotten_after`] of one that was final at `final_at`, whose results end at `expires_at`, which was first
/// said at `first_said_at`.
pub fn forgotten_after(final_at: Instant, expires_at: Option<Instant>, first_said_at: Option<Instant>) -> Instant {
    let latest = final_at.plus_ms(REMEMBERED_MS);
    let after = expires_at.map_or(latest, |expires_at| expires_at.min(latest));
    first_said_at.map_or(after, |first| after.max(first.plus_ms(RESULTS_MS)))
}

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Who sent it.
    pub party: PartyId,
    /// In which dialect it came, and callbacks go back.
    pub dialect: DialectId,
    /// On which mount, by its path.
    pub mount: String,
}

impl Request {
    /// The event of acceptance, number 0.
    pub fn accepted(&self, actor: Actor) -> Event {
        Event { at: self.standing.received_at, change: "receive".to_owned(), actor, standing: self.standing.clone() }
    }

    /// After when nobody needs to be told of it any more: sixty days after it was final, or as soon as its results end,
    /// but no sooner than a week after it was said when they will (DRP 0.5 §3.02). `None` while it is open.
    pub fn forgotten_after(&self) -> Option<Instant> {
        Some(forgotten_after(self.final_at?, self.expires_at, self.expiry_first_set_at))
    }

    /// Whether the law admits a later date (reading R29).
    ///
    /// # Errors
    /// Why not, in words.
    pub fn may_extend(&self, by: Instant, now: Instant) -> Result<(), String> {
        let regime = self.regime;
        if now > self.standing.expected_by {
            return Err("the date has passed: it could be extended before".to_owned());
        }
        match regime.extend_until(&self.rights, self.submitted_at, self.standing.received_at) {
            None => Err(format!("{regime} does not admit an extension for this right")),
            Some(latest) if by > latest => Err(format!("{regime} admits no later date than {latest:?}")),
            Some(_) => Ok(()),
        }
    }

    /// The request after `change`, and the event that tells of it.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the change may not follow the present state; the request is then as it was.
    pub fn apply(&self, change: &Change, actor: Actor, now: Instant) -> Result<(Self, Event), InvalidTransition> {
        let state = self.standing.state.after(change)?;
        let mut next = self.clone();
        next.standing.seq += 1;
        if let Change::Extend { by, why } = change {
            next.standing.expected_by = *by;
            next.standing.details = Some(why.clone());
        }
        if let Change::KeepOn { why: words } | Change::Note { words } = change {
            next.standing.details = Some(words.clone()).filter(|words| !words.is_empty());
        }
        if state.is_final() && next.final_at.is_none() {
            next.final_at = Some(now);
        }
        if let Change::Found { results } = change {
            next.standing.found = Some(results.clone());
        }
        if let State::Fulfilled { expires_at, .. } = &state {
            next.expires_at = *expires_at;
            next.expiry_first_set_at = next.expiry_first_set_at.or(expires_at.map(|_| now));
        }
        next.standing.state = state;
        let event = Event { at: now, change: change.name().to_owned(), actor, standing: next.standing.clone() };
        Ok((next, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::WireId;

    fn request() -> Request {
        Request {
            id: RequestId::new("r"),
            organisation: "mail.localhost".parse().unwrap(),
            upstream: None,
            role: Role::Processor,
            rights: vec![Right::Erasure],
            regime: Regime::Gdpr,
            standing: Standing {
                wire_id: WireId::new("w"),
                seq: 0,
                state: State::Received,
                received_at: Instant::from_ms(0),
                expected_by: Instant::from_ms(1),
                details: None,
                found: None,
            },
            submitted_at: None,
            promised_by: Instant::from_ms(1),
            hold_until: Instant::from_ms(0),
            final_at: None,
            expires_at: None,
            expiry_first_set_at: None,
        }
    }

    #[test]
    fn a_request_is_remembered_for_sixty_days_or_as_long_as_its_results_but_a_week_from_when_that_was_said() {
        let day = |days: i64| Instant::from_ms(days * DAY_MS);
        for (final_at, expires_at, first_set_at, after) in [
            (None, None, None, None),
            (Some(10), None, None, Some(70)),
            (Some(10), Some(40), Some(10), Some(40)),
            (Some(10), Some(100), Some(10), Some(70)),
            (Some(10), Some(12), Some(10), Some(17)),
            (Some(10), Some(80), Some(69), Some(76)),
        ] {
            let request = Request {
                final_at: final_at.map(day),
                expires_at: expires_at.map(day),
                expiry_first_set_at: first_set_at.map(day),
                ..request()
            };
            assert_eq!(request.forgotten_after(), after.map(day));
        }
    }

    #[test]
    fn when_results_end_stays_known_once_they_have_ended() {
        let expires_at = Some(Instant::from_ms(9));
        let fulfill = Change::Fulfill { results: Vec::new(), expires_at };
        let mut request = request();
        for (at, change) in [(2, Change::Start), (3, fulfill), (9, Change::Expire)] {
            (request, _) = request.apply(&change, Actor::System, Instant::from_ms(at)).unwrap();
        }
        assert_eq!((request.final_at, request.expires_at), (Some(Instant::from_ms(3)), expires_at));
        assert_eq!(request.expiry_first_set_at, Some(Instant::from_ms(3)));
    }

    #[test]
    fn an_extension_moves_the_date_and_tells_the_reason_but_not_the_promise() {
        let extend = Change::Extend { by: Instant::from_ms(5), why: "complex".into() };
        let (next, event) = request().apply(&extend, Actor::Operator, Instant::from_ms(2)).unwrap();
        assert_eq!((next.standing.expected_by.ms(), next.promised_by.ms()), (5, 1));
        assert_eq!(event.standing.details.as_deref(), Some("complex"));
        assert_eq!((event.standing.seq, event.change.as_str()), (1, "extend"));
    }

    #[test]
    fn the_final_instant_is_kept() {
        let (next, _) = request().apply(&Change::Cancel, Actor::Upstream, Instant::from_ms(7)).unwrap();
        assert_eq!(next.final_at, Some(Instant::from_ms(7)));
        assert!(next.apply(&Change::Start, Actor::Operator, Instant::from_ms(8)).is_err());
    }
}

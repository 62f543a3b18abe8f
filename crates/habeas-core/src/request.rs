//! What is a data rights request, and how does it change?

use crate::{
    clock::Instant,
    dialect::DialectId,
    domain::Domain,
    event::{Actor, Event, Standing},
    id::{PartyId, RequestId},
    regime::Regime,
    right::Right,
    role::Role,
    state::{Change, InvalidTransition},
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
        if let Change::KeepOn { why } = change {
            next.standing.details = Some(why.clone());
        }
        if state.is_final() && next.final_at.is_none() {
            next.final_at = Some(now);
        }
        next.standing.state = state;
        let event = Event { at: now, change: change.name().to_owned(), actor, standing: next.standing.clone() };
        Ok((next, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::WireId, state::State};

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
            },
            submitted_at: None,
            promised_by: Instant::from_ms(1),
            hold_until: Instant::from_ms(0),
            final_at: None,
        }
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

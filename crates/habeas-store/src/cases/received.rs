//! How is a request that came in saved with all that belongs to it?

use habeas_core::{clock::Instant, submission::Dedupe};

use super::{
    inserts,
    intake::{Intake, RawExisting},
    issued::SealedIssued,
    lanes,
    legs::SealedNewLeg,
    persons::Person,
};
use crate::{
    Result,
    model::NewDelivery,
    sql::{Connection, Value},
};

/// A request about to be saved, all that is personal sealed.
pub(crate) struct Received {
    pub(crate) intake: Intake,
    pub(super) dedupe: Option<Dedupe>,
    pub(super) since: Instant,
    pub(super) person: Person,
    pub(super) signatures: Vec<SealedIssued>,
    pub(super) deliveries: Vec<NewDelivery>,
    pub(super) legs: Vec<SealedNewLeg>,
}

/// What stands in the way of a new request.
pub(crate) enum Taken {
    /// Nothing: it is saved.
    Not,
    /// One that was there before.
    By(Box<RawExisting>),
    /// Somebody else used its token.
    Token,
}

impl Received {
    /// Saves it, unless something stands in the way.
    pub(crate) fn save(&self, conn: &Connection) -> Result<Taken> {
        let request = &self.intake.request;
        if !self.person.takes_token(conn, request)? {
            return Ok(Taken::Token);
        }
        self.intake.outdate(conn, self.dedupe.as_ref(), self.since)?;
        if !self.intake.insert(conn)? {
            return self.intake.earlier(conn).map(|earlier| Taken::By(Box::new(earlier)));
        }
        self.person.insert(conn, request)?;
        inserts::ISSUED.insert(conn, &self.issued_rows())?;
        inserts::DELIVERIES.insert(conn, &self.delivery_rows())?;
        inserts::LEGS.insert(conn, &self.leg_rows())?;
        Ok(Taken::Not)
    }

    /// Whether nothing but its own id can tell it from another, so that it can be saved with many others at once.
    pub(crate) fn stands_alone(&self) -> bool {
        self.intake.dedupe.is_none() && self.person.token.is_none() && self.person.macs.is_empty()
    }

    pub(crate) fn id(&self) -> &str {
        self.intake.request.id.as_str()
    }

    pub(crate) fn wire_id(&self) -> &str {
        self.intake.request.standing.wire_id.as_str()
    }

    pub(crate) fn issued_rows(&self) -> Vec<Vec<Value<'_>>> {
        let request = &self.intake.request;
        (0u32..).zip(&self.signatures).map(|(n, issued)| issued.row(&request.organisation, &request.id, n)).collect()
    }

    /// The first event of a request finds its lanes empty, so nothing is looked up for it.
    pub(crate) fn delivery_rows(&self) -> Vec<Vec<Value<'_>>> {
        let request = &self.intake.request;
        self.deliveries.iter().map(|delivery| lanes::first_row(&request.organisation, &request.id, delivery)).collect()
    }

    pub(crate) fn leg_rows(&self) -> Vec<Vec<Value<'_>>> {
        self.legs.iter().map(SealedNewLeg::row).collect()
    }
}

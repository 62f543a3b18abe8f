//! How is a leg saved with its request?

use habeas_core::{clock::Instant, id::RemoteId, leg::Leg, request::Request, state::Ground};

use crate::{
    Result,
    cases::{convert::ms, rows::Opener},
    model::NewLeg,
    seal::{LegColumns, LegSecrets},
    sql::{Value, params},
};

/// A leg about to be saved, its URLs sealed.
pub(super) struct SealedLeg {
    pub(super) leg: Leg,
    pub(super) columns: LegColumns,
    pub(super) sealed: Option<Vec<u8>>,
}

impl SealedLeg {
    /// Without a key, once shredded, the URLs are left out.
    pub(super) fn seal(leg: Leg, opener: Option<&Opener>) -> Result<Self> {
        let sealed = match (opener, LegSecrets::of(&leg)) {
            (Some(opener), Some(secrets)) => Some(secrets.seal(&opener.keys, &opener.key, &leg)?),
            _ => None,
        };
        Ok(Self { columns: LegColumns::of(&leg.state), leg, sealed })
    }
}

/// A leg about to be saved for the first time.
pub(crate) struct SealedNewLeg {
    leg: SealedLeg,
    token_mac: [u8; 32],
    host: String,
    due_at: Option<Instant>,
    stage: u8,
    promised_by: Option<Instant>,
}

impl SealedNewLeg {
    pub(crate) fn seal_all(legs: Vec<NewLeg>, request: &Request, opener: &Opener) -> Result<Vec<Self>> {
        let seal = |NewLeg { leg, token, host, due_at, stage }: NewLeg| {
            Ok(Self {
                token_mac: opener.keys.sealer.mac("token", token.as_bytes()),
                host,
                due_at: due_at.filter(|_| !leg.state.is_final()),
                stage,
                promised_by: request.final_at.is_none().then_some(request.promised_by),
                leg: SealedLeg::seal(leg, Some(opener))?,
            })
        };
        legs.into_iter().map(seal).collect()
    }

    /// Its row.
    pub(crate) fn row(&self) -> Vec<Value<'_>> {
        let SealedLeg { leg, columns, sealed } = &self.leg;
        params![
            leg.id.as_str(),
            leg.request.as_str(),
            leg.organisation.as_str(),
            leg.party.as_str(),
            leg.dialect.as_str(),
            leg.right.as_str(),
            leg.wire_id.as_str(),
            leg.remote_id.as_ref().map(RemoteId::as_str),
            self.token_mac,
            ms(leg.accepted_at),
            columns.state,
            columns.progress,
            columns.ground.map(Ground::as_str),
            columns.status,
            leg.cancel.as_str(),
            ms(leg.expected_by),
            sealed,
            ms(self.due_at),
            self.host,
            ms(self.promised_by),
            self.stage,
        ]
        .to_vec()
    }
}

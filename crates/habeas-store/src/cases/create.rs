//! How is a request of ours saved, once under its reference?

use habeas_core::{domain::Domain, event::Actor, id::RequestId};
use habeas_trust::{
    digest::{constant_time_eq, hex},
    seal::Sealer,
};

use super::{Backend, Database, convert::text, inserts, intake::Intake, legs::SealedNewLeg, rows::Opener};
use crate::{
    Result, StoreError,
    model::{Create, NewOwn},
    seal::SealedSecrets,
    sql::{Connection, OptionalExtension, params},
};

impl<B: Backend> Database<B> {
    pub(super) async fn create_own(&self, new: NewOwn) -> Result<Create> {
        let keys = self.sealers.keys(&new.request.organisation, &new.request.id)?;
        let (key, wrapped) = keys.new_data_key()?;
        let secrets = SealedSecrets::seal(&keys, &key, (&new.subject, Some(&new.submitted)), &[], None)?;
        let reference = new.reference.map(|reference| keyed(&keys.sealer, &reference));
        let mut intake = Intake::new(new.request, Actor::Operator, &keys, &key, wrapped, secrets)?;
        intake.body_mac = reference.as_ref().map(|_| keys.sealer.mac("wish", &new.wish));
        intake.dedupe = reference;
        let legs = SealedNewLeg::seal_all(new.legs, &intake.request, &Opener { keys, key })?;
        let create = move |conn: &Connection| {
            if !intake.insert(conn)? {
                return earlier(conn, &intake);
            }
            let legs: Vec<_> = legs.iter().map(SealedNewLeg::row).collect();
            inserts::LEGS.insert(conn, &legs)?;
            Ok(Create::Created)
        };
        self.backend.write(create).await
    }

    pub(super) async fn load_by_reference(
        &self,
        organisation: &Domain,
        reference: &str,
        wish: &[u8],
    ) -> Result<Option<Create>> {
        let Some(sealer) = self.sealers.get(organisation) else { return Ok(None) };
        let (reference, wish) = (keyed(sealer, reference), sealer.mac("wish", wish));
        let organisation = organisation.clone();
        self.backend.read(move |conn| of_reference(conn, Some(&reference), &organisation, Some(&wish))).await
    }
}

fn keyed(sealer: &Sealer, reference: &str) -> String {
    hex(&sealer.mac("reference", reference.as_bytes()))
}

/// The request that has the reference already. If there is none, our own id is taken, and the caller must make another.
fn earlier(conn: &Connection, intake: &Intake) -> Result<Create> {
    let organisation = &intake.request.organisation;
    of_reference(conn, intake.dedupe.as_deref(), organisation, intake.body_mac.as_ref())?.ok_or(StoreError::Stale)
}

fn of_reference(
    conn: &Connection,
    reference: Option<&str>,
    organisation: &Domain,
    wish: Option<&[u8; 32]>,
) -> Result<Option<Create>> {
    let mut query = conn.prepare_cached(BY_REFERENCE)?;
    let found = query.query_row(params![reference, organisation.as_str()], |row| {
        Ok((text(row, 0, RequestId::new)?, row.get::<Option<[u8; 32]>>(1)?))
    });
    Ok(found.optional()?.map(|(request, saved)| {
        let same = saved.as_ref().zip(wish).is_some_and(|(saved, given)| constant_time_eq(saved, given));
        Create::Exists { request, same }
    }))
}

const BY_REFERENCE: &str = "SELECT id, body_mac FROM requests INDEXED BY requests_reference
    WHERE dedupe IS NOT NULL AND upstream_party IS NULL AND dedupe = ?1 AND organisation = ?2";

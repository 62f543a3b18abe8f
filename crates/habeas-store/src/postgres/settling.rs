//! How do many settlements share one transaction? Those of requests that somebody else works on at this moment go by
//! themselves: the others do not wait for them.

use std::collections::HashSet;

use super::together::Together;
use crate::{Result, cases::Settling, sql::Connection};

impl Together for Settling {
    type Done = ();

    fn is_plain(&self) -> bool {
        self.stands_alone()
    }

    fn save_all(conn: &Connection, all: &[&Self]) -> Result<Vec<Option<()>>> {
        let requests = all.iter().map(|one| one.request().to_owned()).collect();
        let free: HashSet<_> = conn.session()?.lock_free(requests)?.into_iter().collect();
        let (mut locked, mut places) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
        for (place, one) in all.iter().enumerate().filter(|(_, one)| free.contains(one.request())) {
            locked.push(*one);
            places.push(place);
        }
        let mut saved = vec![None; all.len()];
        for (place, was_current) in places.into_iter().zip(Self::save_locked(conn, &locked)?) {
            if let Some(saved) = saved.get_mut(place).filter(|_| was_current) {
                *saved = Some(());
            }
        }
        Ok(saved)
    }

    fn save(&self, conn: &Connection) -> Result<()> {
        self.save(conn)
    }
}

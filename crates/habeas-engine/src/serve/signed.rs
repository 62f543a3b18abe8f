//! What anybody may ask for: discovery, signed once and kept, and the certificate.

use std::{collections::HashMap, sync::Mutex};

use habeas_core::dialect::{Answer, Operation};

use crate::{Engine, Error, Result, serve::Arrival};

/// Answers that are the same for everybody, so that nobody buys signatures with packets.
#[derive(Default)]
pub struct Cache(Mutex<Answers>);

/// By what is answered where: for which capabilities, and the answer.
type Answers = HashMap<String, (String, Answer)>;

impl Engine {
    pub(super) fn public(&self, arrival: &Arrival) -> Result<Answer> {
        let operation = arrival.operation();
        // What parties support changes, and with it what is said for them.
        let us = format!("{:?}", arrival.us.as_ref().map(|us| &us.capabilities));
        let name = format!("{} {} {}", operation.as_str(), arrival.dialect.id(), arrival.mount.base_url);
        let cache = |what: &dyn Fn(&mut Answers) -> Option<(String, Answer)>| {
            self.served.0.lock().map_err(|_| Error::Bug("a poisoned lock")).map(|mut map| what(&mut map))
        };
        if let Some((said_of, answer)) = cache(&|map| map.get(&name).cloned())?
            && said_of == us
        {
            return Ok(answer);
        }
        let hand = arrival.hand();
        let answer = {
            let x = arrival.exchange(self, &hand);
            match operation {
                Operation::Discover => arrival.dialect.discover().map(|discover| discover.reply(&x)),
                _ => arrival.dialect.certificate().map(|certificate| certificate.reply(&arrival.tenant.chain, &x)),
            }
        }
        .ok_or(Error::Bug("an endpoint without its operation"))?;
        hand.done()?;
        cache(&|map| map.insert(name.clone(), (us.clone(), answer.clone())))?;
        Ok(answer)
    }
}

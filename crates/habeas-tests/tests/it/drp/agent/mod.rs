//! An agent for people: what helper.localhost says to businesses, and what it makes of what they say.

mod callbacks;
mod exchange;
mod lost;
mod persons;
mod places;
mod polling;
mod privacy;
mod revoked;
mod spelled;
mod verification;

use crate::world::{
    Call, World,
    drp::{HELPER, PIP, secret},
    pip::Wished,
};

impl World {
    /// pip.localhost tells of a change, with its credential.
    fn pip_calls(&self, wished: &Wished, body: &serde_json::Value) -> Call {
        Call::post(&wished.callbacks, body.to_string()).host(HELPER).by(&secret(PIP, HELPER))
    }
}

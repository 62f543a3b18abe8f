//! How are the legs of requests kept?

mod freeze;
mod late;
pub(super) mod lease;
mod list;
mod new;
#[cfg(test)]
pub(super) mod plans;
mod row;
mod save;

pub(super) use late::{LATE, STUCK};
pub(super) use new::SealedNewLeg;

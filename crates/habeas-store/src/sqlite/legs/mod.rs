//! How are the legs of requests kept?

mod freeze;
mod late;
mod lease;
mod list;
mod new;
#[cfg(test)]
mod plans;
mod row;
mod save;

pub(super) use late::{LATE, STUCK};
pub(super) use new::SealedNewLeg;

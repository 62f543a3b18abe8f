//! How are the legs of requests kept?

mod freeze;
pub(crate) mod late;
pub(crate) mod lease;
pub(crate) mod list;
mod new;
mod row;
mod save;

pub(super) use late::{LATE, STUCK};
pub(super) use new::SealedNewLeg;

//! Where do tests get a PostgreSQL from? Each has a cluster of its own, made of the system's packages, in a folder that
//! is gone with the test.
//!
//! Nothing here touches a cluster that was there before: ports are random, and before anything is written the server
//! is asked whether its data are ours. Whatever was started ends with the process that started it, also if that is
//! killed: a watchdog holds the other end of a pipe.

mod account;
mod cluster;
mod den;
mod find;
mod pgbouncer;
mod port;
mod processes;
mod shared;
mod sql;
mod standby;
mod wait;

pub use cluster::{Cluster, Options, url_across};
pub use find::{HINT, present};
pub use pgbouncer::PgBouncer;
pub use port::free_port;
pub use shared::shared;

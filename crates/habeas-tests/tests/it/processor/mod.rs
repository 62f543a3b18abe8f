//! OpenGDPR 1.0 as a processor serves it: the clauses that bind it, checked from outside.

mod callbacks;
mod discovery;
mod paths;
mod receipts;
mod refusals;
mod snapshots;
mod statuses;

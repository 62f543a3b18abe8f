//! The Data Rights Protocol 0.5, seen from outside: what a person's agent gets from a business, and what ours says.

mod agent;
mod callbacks;
mod credentials;
mod deadlines;
mod discovery;
mod errors;
mod lifecycle;
mod parameters;
mod policy;
mod privacy;
mod races;
mod repeats;
mod retention;
mod tenancy;
mod tokens;
mod verification;

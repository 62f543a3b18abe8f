//! The Data Rights Protocol 0.5, seen from outside: what a person's agent gets from a business, and what ours says.

mod callbacks;
mod lifecycle;
mod suspects;
mod tenancy;
mod verification;

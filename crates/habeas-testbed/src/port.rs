//! Which port is free?

use std::{
    hash::{BuildHasher as _, RandomState},
    net::{Ipv4Addr, TcpListener},
};

/// Above the usual servers, below those that systems give to connections that go out.
const FIRST: u16 = 10_000;
const COUNT: u16 = 22_000;
const TRIES: u16 = 1000;

/// A random port of the loopback interface that nobody listens on; 0 if none was found. It is not reserved: whoever
/// listens on it has to check that it got it.
#[must_use]
pub fn free_port() -> u16 {
    let random = RandomState::new();
    let ports = (0..TRIES).map(|number| {
        let draw = random.hash_one(number) % u64::from(COUNT);
        FIRST + u16::try_from(draw).unwrap_or(0)
    });
    ports.into_iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap_or(0)
}

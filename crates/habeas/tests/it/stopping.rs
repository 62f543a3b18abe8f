//! What do peers and probes see of a server that is told to stop?

use std::{
    io::{BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
};

use crate::{
    command::{code, complained},
    patience::until,
    site::{Authority, Site},
    wire::{self, Call},
    world::{REQUESTS, asking, id},
};

const PRIVACY: &str = "privacy.example.com";
const SHOP: &str = "shop.example.com";

#[cfg(unix)]
#[test]
fn what_is_held_is_answered_nothing_new_is_taken_and_probes_are_told() {
    let site = Site::set_up(PRIVACY, &Authority::new());
    let (token, line) = site.credential(SHOP);
    site.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\n{line}"));
    let (server, operator) = site.serve();
    let operator = operator.rsplit(':').next().unwrap().trim_end_matches("/api").parse().unwrap();
    let (probe, peers) = (Call { port: operator, host: "127.0.0.1", token: None }, (Ipv4Addr::LOCALHOST, site.port));
    for port in [operator, site.port] {
        assert_eq!(Call { port, ..probe }.get("/readyz").status(), 200);
    }

    // Once it asks for the body, it holds the request.
    let body = asking(&id(1), "erasure", "ann@example.org", &[]);
    let head = format!(
        "POST {REQUESTS} HTTP/1.1\r\nhost: {PRIVACY}\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut held = BufReader::new(TcpStream::connect(peers).unwrap());
    held.get_mut().write_all(head.as_bytes()).unwrap();
    assert_eq!(wire::read(&mut held).unwrap().unwrap().status(), 100);

    server.tell_to_stop();
    let told = until("probes are told", || Some(probe.get("/readyz")).filter(|answer| answer.status() == 503));
    assert_eq!(told.json()["detail"], "this node is stopping");
    assert_eq!(probe.get("/healthz").status(), 200);
    until("nobody new is let in", || TcpStream::connect(peers).is_err().then_some(()));
    held.get_mut().write_all(body.as_bytes()).unwrap();
    assert_eq!(wire::read(&mut held).unwrap().unwrap().status(), 201);
    assert_eq!(server.ended(), (Some(0), String::new()));
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, operator)).is_err());
}

#[test]
fn with_sqlite_a_process_is_the_whole_server() {
    let site = Site::set_up(PRIVACY, &Authority::new());
    for role in ["api", "work"] {
        let refused = site.habeas(&["serve", "--role", role]);
        assert_eq!(code(&refused), Some(2));
        assert!(complained(&refused).contains("with SQLite one process is the whole server"), "{role}");
    }
}

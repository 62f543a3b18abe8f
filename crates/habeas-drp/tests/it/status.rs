//! Which request is asked about? (§2.03)

use habeas_core::{
    id::{RemoteId, WireId},
    problem::{Code, Problem},
};
use http::Method;

use crate::world::{ID, World, believed, dialect, head, headers};

fn named(query: Option<&str>) -> Result<WireId, Problem> {
    let mut head = head(Method::GET, headers(&[]));
    head.query = query.map(str::to_owned);
    dialect().status().unwrap().read(&believed(head, ""), &World::new().x())
}

#[test]
fn an_id_is_read_as_it_is() {
    let long = "x".repeat(200);
    for (query, id) in [
        ("request_id=c789ff35-7644-4ceb-9981-4b35c264aac3", ID),
        ("requestId=C789", "C789"),
        ("request_id=a%2Fb%20c+d", "a/b c d"),
        ("x=y&request_id=1&request=2", "1"),
        (&format!("request_id={long}"), &long),
    ] {
        assert_eq!(named(Some(query)), Ok(WireId::new(id)), "{query}");
    }
}

#[test]
fn one_id_is_expected() {
    for (query, code) in [
        (None, Code::MissingField),
        (Some(""), Code::MissingField),
        (Some("id=1"), Code::MissingField),
        (Some("request_id"), Code::MissingField),
        (Some("request_id="), Code::MissingField),
        (Some("request_id=1&request_id=1"), Code::InvalidField),
        (Some("request_id=1&requestId=1"), Code::InvalidField),
        (Some("request_id=&request_id=1"), Code::InvalidField),
    ] {
        let problem = named(query).unwrap_err();
        assert_eq!((problem.code, problem.status()), (code, 400), "{query:?}");
        assert_eq!(problem.field.unwrap().as_str(), "request_id");
    }
    let long = format!("request_id={}", "x".repeat(201));
    assert_eq!(named(Some(&long)).unwrap_err().status(), 404);
}

#[test]
fn an_id_is_asked_about_below_the_base() {
    for (base, id, url) in [
        (
            "https://business.example/data-rights",
            ID,
            format!("https://business.example/data-rights/status?request_id={ID}"),
        ),
        ("https://business.example/", "pri_1", "https://business.example/status?request_id=pri_1".to_owned()),
        (
            "https://business.example/a/",
            "a&b=c/..",
            "https://business.example/a/status?request_id=a%26b%3Dc%2F..".to_owned(),
        ),
    ] {
        let mut world = World::agent();
        world.them.base = Some(base.parse().unwrap());
        let call = dialect().status().unwrap().ask(&RemoteId::new(id), &world.x()).unwrap();
        assert_eq!((call.method, call.url.as_str()), (Method::GET, url.as_str()));
        assert!(call.body.is_empty());
    }
    assert!(dialect().status().unwrap().ask_elsewhere(&RemoteId::new(ID), &World::agent().x()).is_err());
}

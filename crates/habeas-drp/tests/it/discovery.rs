//! What does a covered business support, and where? (§2.01)

use habeas_core::{
    capability::Capabilities,
    dialect::Told,
    identity::Format,
    problem::{Code, Problem},
    right::Right,
};
use http::Method;
use insta::assert_snapshot;

use crate::world::{Printed, World, answered, dialect};

fn hear(body: &str) -> Result<Capabilities, Problem> {
    match dialect().discover().unwrap().hear(&answered(200, body))? {
        Told::Said(said) => Ok(said),
        Told::Refused { status, .. } => panic!("{status}"),
    }
}

#[test]
fn discovery_says_four_things() {
    let world = World::new();
    assert_snapshot!(dialect().discover().unwrap().reply(&world.x()).printed(), @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"version":"0.5",
    "api_base":"https://business.example/data-rights",
    "actions":["sale:opt-out",
    "sale:opt-in",
    "deletion",
    "access"],
    "user_relationships":["customer",
    "marketing"]}
    "#);
}

#[test]
fn rights_are_listed_as_the_specification_orders_them_and_portability_has_no_word() {
    let mut world = World::new();
    world.us.capabilities = Capabilities { rights: Right::ALL.to_vec(), ..Capabilities::default() };
    let answer = dialect().discover().unwrap().reply(&world.x());
    assert_snapshot!(String::from_utf8(answer.body).unwrap().replace(",\"", ",\n\""), @r#"
    {"version":"0.5",
    "api_base":null,
    "actions":["sale:opt-out",
    "sale:opt-in",
    "deletion",
    "access",
    "access:categories",
    "access:specific"],
    "user_relationships":[]}
    "#);
}

#[test]
fn discovery_is_asked_for_at_the_well_known_place() {
    for (base, url) in [
        ("https://business.example", "https://business.example/.well-known/data-rights.json"),
        ("https://business.example/", "https://business.example/.well-known/data-rights.json"),
        ("https://business.example/a/?b#c", "https://business.example/a/.well-known/data-rights.json"),
    ] {
        let mut world = World::agent();
        world.them.base = Some(base.parse().unwrap());
        let call = dialect().discover().unwrap().ask(&world.x()).unwrap();
        assert_eq!((call.method, call.url.as_str()), (Method::GET, url));
        assert_eq!(call.headers["accept"], "application/json");
    }
    assert!(dialect().discover().unwrap().ask(&World::new().x()).is_err(), "an agent has no address");
    let usual = dialect().discover().unwrap().usual_bases(&"business.example".parse().unwrap());
    assert_eq!(usual.len(), 1);
}

#[test]
fn rights_are_heard_with_their_spelling() {
    let told = hear(
        r#"{"version":"0.5","api_base":"https://business.example/data-rights/","user_relationships":["customer",7],
            "actions":["sale:opt_out","sale:opt-in"," access:categories ","access ","rectification",7,"access"]}"#,
    )
    .unwrap();
    let words = [
        (Right::OptOutOfSale, "sale:opt_out"),
        (Right::OptInToSale, "sale:opt-in"),
        (Right::AccessCategories, "access:categories"),
        (Right::Access, "access"),
    ];
    assert_eq!(told.rights, words.map(|(right, _)| right));
    assert_eq!(told.words, words.map(|(right, word)| (right, word.to_owned())));
    assert_eq!(told.api_base.clone().unwrap().as_str(), "https://business.example/data-rights");
    assert_eq!(told.relationships, ["customer"]);
    assert_eq!(told.identities.len(), 2);
    assert!(told.accepts("email", Format::Raw) && told.accepts("phone_number", Format::Raw));
}

#[test]
fn a_base_that_cannot_be_called_is_none() {
    for base in [
        "null",
        "7",
        r#""""#,
        r#""/data-rights""#,
        r#""ftp://business.example""#,
        r#""https://user:word@business.example""#,
        r#""https://""#,
    ] {
        let told = hear(&format!(r#"{{"api_base":{base},"actions":[]}}"#)).unwrap();
        assert_eq!(told.api_base, None, "{base}");
    }
    assert_eq!(hear(r#"{"actions":[]}"#).unwrap().api_base, None);
}

#[test]
fn a_page_that_lists_nothing_is_not_taken_for_a_business_that_serves_nothing() {
    for (body, code) in [
        ("maintenance", Code::MalformedJson),
        (r#"{"status":"maintenance"}"#, Code::MissingField),
        (r#"{"actions":null}"#, Code::MissingField),
        (r#"{"actions":"access"}"#, Code::InvalidField),
        (r#"{"actions":[],"actions":[]}"#, Code::DuplicateMember),
    ] {
        assert_eq!(hear(body).unwrap_err().code, code, "{body}");
    }
    assert_eq!(hear(r#"{"actions":[]}"#).unwrap().rights, []);
}

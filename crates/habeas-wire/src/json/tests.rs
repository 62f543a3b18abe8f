//! Which texts are accepted, which refused, and do the parts come back as they were written?

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Object<'_>, JsonError> {
    Object::parse(text.as_bytes(), 4)
}

#[test]
fn what_is_refused_is_refused_for_its_reason() {
    use JsonError::{Duplicate, Malformed, NotAnObject, TooDeep};
    let hostile = "[".repeat(100_000);
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for (text, expected) in [
        ("", Malformed),
        (" ", Malformed),
        ("{", Malformed),
        ("{} {}", Malformed),
        ("{}\u{a0}", Malformed),
        ("\u{feff}{}", Malformed),
        (r#"{"a":1,}"#, Malformed),
        (r#"{"a":01}"#, Malformed),
        (r#"{"a":NaN}"#, Malformed),
        (r#"{"a":+1}"#, Malformed),
        (r#"{"a":"\ud800"}"#, Malformed),
        (r#"{"a":["\udc00x"]}"#, Malformed),
        (r#"{"\ud800":1}"#, Malformed),
        ("{\"a\":\"\n\"}", Malformed),
        (r#"{a:1}"#, Malformed),
        (r#"{1:1}"#, Malformed),
        (r#"{"a":1 /* why */}"#, Malformed),
        ("[1]", NotAnObject),
        ("null", NotAnObject),
        (r#" "{}""#, NotAnObject),
        ("]", Malformed),
        (r#"{"a":1,"a":1}"#, Duplicate),
        (r#"{"a":1,"\u0061":2}"#, Duplicate),
        (r#"{"b":[{"c":{"a":1,"a":1}}]}"#, Duplicate),
        (r#"{"a":[[[[]]]]}"#, TooDeep),
        (r#"{"a":{"a":{"a":{"a":{}}}}}"#, TooDeep),
        (hostile.as_str(), Malformed),
        (deep.as_str(), TooDeep),
    ] {
        assert_eq!(parse(text).err(), Some(expected), "{}", text.get(..40).unwrap_or(text));
    }
    assert_eq!(Object::parse(b"{\"a\":\"\xff\"}", 4).err(), Some(Malformed));
    assert_eq!(Object::parse(b"{}", 0).err(), Some(TooDeep));
    assert!(parse(r#"{"a":[[[]]],"b":{"c":{"d":{}}}}"#).is_ok(), "depth 4 is allowed");
}

#[test]
fn many_names_are_told_apart() {
    let names = |count: usize| (0..count).map(|n| format!(r#""k{n}":{n}"#)).collect::<Vec<_>>().join(",");
    assert!(parse(&format!("{{{}}}", names(5_000))).is_ok());
    for count in [15, 16, 17, 5_000] {
        let text = format!(r#"{{{},"k{}":0}}"#, names(count), count / 2);
        assert_eq!(parse(&text).err(), Some(JsonError::Duplicate));
    }
}

#[test]
fn raw_text_is_kept_byte_for_byte() {
    let text = " {\"n\" : 1.00e+400 , \"t\":\"\\u0061\\/\", \"o\":{ \"x\" : -0 },\"nil\":null }\n";
    let object = parse(text).expect("an object");
    let members: Vec<_> = object.members().collect();
    assert_eq!(members, [("n", "1.00e+400"), ("t", r#""\u0061\/""#), ("o", "{ \"x\" : -0 }"), ("nil", "null")]);
    assert_eq!(object.get("nil"), None);
    assert_eq!(object.string("nil"), Ok(None));
    assert_eq!(object.string("t"), Ok(Some("a/".into())));
    for name in ["n", "t", "o", "nil"] {
        let raw = members.iter().find(|member| member.0 == name).map(|member| member.1);
        assert_eq!(object.position(name).map(|range| &text[range]), raw);
    }
    let inner = object.object("o").expect("an object").expect("present");
    assert_eq!(inner.position("x").map(|range| &text[range]), Some("-0"));
    assert_eq!(object.position("absent"), None);
}

#[test]
fn another_type_is_said_to_be_one() {
    let object = parse(r#"{"s":"x","a":[1,"b",{"c":2}],"o":{},"n":1}"#).expect("an object");
    for name in ["a", "o", "n"] {
        assert_eq!(object.string(name), Err(WrongType));
    }
    for name in ["s", "o", "n"] {
        assert_eq!(object.array(name), Err(WrongType));
    }
    for name in ["s", "a", "n"] {
        assert_eq!(object.object(name).err(), Some(WrongType));
    }
    let elements = object.array("a").expect("an array").expect("present");
    assert_eq!(elements, ["1", r#""b""#, r#"{"c":2}"#]);
    assert_eq!(string_of(elements[1]), Ok("b".into()));
    assert_eq!(object_of(elements[2]).map(|object| object.get("c")), Ok(Some("2")));
    assert_eq!(object.array("absent"), Ok(None));
}

#[test]
fn debug_keeps_values_to_itself() {
    assert_eq!(format!("{:?}", parse(r#"{"a":"secret"}"#).expect("an object")), r#"{"a": "…"}"#);
}

#[test]
fn an_object_is_written_compactly_in_order() {
    let mut writer = ObjectWriter::new();
    assert_eq!(writer.finish(), b"{}");
    writer.string("b", "q\"\n\u{1}é").number("a", -7).raw("r", "[ 1 ]");
    assert_eq!(writer.finish(), r#"{"b":"q\"\n\u0001é","a":-7,"r":[ 1 ]}"#.as_bytes());
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, depth in 0usize..200) {
        let _ = Object::parse(&bytes, depth);
    }

    #[test]
    fn arbitrary_punctuation_never_panics(text in r#"[\[\]{}:,"\\u0a1e. -]{0,40}"#) {
        let ours = Object::parse(text.as_bytes(), 64);
        if ours.is_ok() {
            prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok());
        }
        let _ = (string_of(&text), object_of(&text));
    }

    #[test]
    fn what_is_written_is_read(name: String, text: String, number: i64, value in json()) {
        let raw = value.to_string();
        prop_assume!(!["n", "v"].contains(&name.as_str()));
        let written = ObjectWriter::new().string(&name, &text).number("n", number).raw("v", &raw).finish();
        let object = Object::parse(&written, 10).expect("an object");
        prop_assert_eq!(object.string(&name), Ok(Some(text)));
        prop_assert_eq!(object.get("n").map(String::from), Some(number.to_string()));
        prop_assert_eq!(object.position("v").map(|range| &written[range]), Some(raw.as_bytes()));
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&written).is_ok());
    }
}

//! Do two JSON texts stand for the same value, however they are written?

use serde_json::value::RawValue;

use crate::json::{Object, object_of, string_of};

/// As deep as [`Object::parse`] goes: the stack must bear it.
const DEEPEST: usize = 128;

/// Whether two JSON texts differ in nothing but white space, escapes and the order of members.
///
/// Numbers are the same if their digits are: `1` and `1.0` mean the same to some readers only. Texts that are no JSON,
/// or nested deeper than any [`Object`] may be, are the same as nothing but themselves.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    value(one.trim_ascii(), other.trim_ascii(), DEEPEST)
}

fn value(one: &str, other: &str, levels: usize) -> bool {
    if one == other {
        return true;
    }
    let Some(within) = levels.checked_sub(1) else { return false };
    match (one.as_bytes().first(), other.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (object_of(one), object_of(other)) {
            (Ok(one), Ok(other)) => members(&one, &other, within),
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (elements(one), elements(other)) {
            (Some(one), Some(other)) => {
                one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| value(a.get(), b.get(), within))
            }
            _ => false,
        },
        (Some(b'"'), Some(b'"')) => string_of(one).is_ok_and(|one| string_of(other).is_ok_and(|other| one == other)),
        _ => false,
    }
}

fn members(one: &Object<'_>, other: &Object<'_>, within: usize) -> bool {
    let sorted = |object: &Object<'_>| {
        let mut members: Vec<_> = object.members().map(|(name, raw)| (name.to_owned(), raw.to_owned())).collect();
        members.sort();
        members
    };
    let (one, other) = (sorted(one), sorted(other));
    let alike = |((name, raw), (named, written)): (&(String, String), &(String, String))| {
        name == named && value(raw, written, within)
    };
    one.len() == other.len() && one.iter().zip(&other).all(alike)
}

fn elements(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::same;

    #[test]
    fn only_the_way_of_writing_may_differ() {
        for (one, other, expected) in [
            ("1", "1", true),
            ("1", "1.0", false),
            ("1", "\"1\"", false),
            ("null", "false", false),
            (r#""é\/""#, r#""\u00e9/""#, true),
            (r#""a""#, r#""A""#, false),
            (r#"{"a":1,"b":[1,{"c":2}]}"#, "{ \"b\" : [1, {\"\\u0063\":2}], \"a\" : 1 }", true),
            (r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#, false),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false),
            ("[1,2]", "[2,1]", false),
            ("[1,2]", "[1, 2 ]", true),
            ("[]", "{}", false),
            ("[1", "[1 ", true),
            ("[1", "[ 1", false),
            ("", "{}", false),
        ] {
            assert_eq!(same(one, other), expected, "{one} {other}");
            assert_eq!(same(other, one), expected, "{one} {other}");
        }
    }

    #[test]
    fn depth_does_not_exhaust_the_stack() {
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(!same(&deep("1"), &deep("2")));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(one in r#"[\[\]{}:,"\\u0a1e -]{0,40}"#, other in r#"[\[\]{}:,"\\u0a1e -]{0,40}"#) {
            prop_assert!(same(&one, &one));
            prop_assert_eq!(same(&one, &other), same(&other, &one));
        }
    }
}

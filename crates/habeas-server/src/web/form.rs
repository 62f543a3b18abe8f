//! What does a person who pressed a button want, and did they press it on our page?

use habeas_core::{
    problem::{Code, Field, Problem},
    secret::Secret,
};
use habeas_engine::verify::CODE_DIGITS;
use http::{HeaderMap, header};
use url::form_urlencoded;

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
const SITE: &str = "sec-fetch-site";

/// What a form asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A code, by mail.
    Send,
    /// That this code is checked; `None` where it is none, which should cost nobody a try.
    Check(Option<Secret>),
}

/// Whether the body is a form, by its header.
pub(super) fn is_one(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let first = types.next().and_then(|value| value.to_str().ok());
    let essence = first.and_then(|text| text.split(';').next()).map(str::trim_ascii);
    types.next().is_none() && essence.is_some_and(|essence| essence.eq_ignore_ascii_case(MEDIA_TYPE))
}

/// Whether nothing says that the form stood on another site's page.
///
/// `null` is what our own pages are called by browsers: those keep the origin to themselves as they keep the address,
/// which [`super::reply`] asks them to. Where it is somebody else's, the browsers say that it is of another site; those
/// too old to say so are left with the address, which nobody can guess.
pub(super) fn is_from_here(headers: &HeaderMap, host: &str) -> bool {
    let sites = headers.get_all(SITE).iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    let ours = |origin: &str| origin == "null" || is_ours(origin, host);
    sites && headers.get_all(header::ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(ours))
}

fn is_ours(origin: &str, host: &str) -> bool {
    // Browsers leave the usual port out; what stands between them and us may not.
    [("https://", ":443"), ("http://", ":80")].into_iter().any(|(scheme, usual)| {
        let bare = |authority: &str| authority.strip_suffix(usual).unwrap_or(authority).to_ascii_lowercase();
        origin.strip_prefix(scheme).is_some_and(|authority| bare(authority) == bare(host))
    })
}

/// Reads a form.
///
/// # Errors
/// [`Problem`] when a field is missing, stands there twice, or says what no button of ours says.
pub(super) fn read(body: &[u8]) -> Result<Wish, Problem> {
    match field(body, "action")?.expose() {
        "send" => Ok(Wish::Send),
        "check" => Ok(Wish::Check(digits(field(body, "code")?.expose()))),
        _ => Err(Problem::at(Code::InvalidField, Field::named("action"))),
    }
}

fn field(body: &[u8], name: &'static str) -> Result<Secret, Problem> {
    let mut values = form_urlencoded::parse(body).filter(|(key, _)| key == name).map(|(_, value)| Secret::new(value));
    let value = values.next().ok_or(Problem::at(Code::MissingField, Field::named(name)))?;
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Problem::at(Code::InvalidField, Field::named(name)).because("it stands there twice")),
    }
}

/// The digits of a code: people copy blanks along, and group what is long.
fn digits(text: &str) -> Option<Secret> {
    let separates = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let kept: String = text.chars().filter(|c| !separates(*c)).collect();
    let is_code = kept.len() == CODE_DIGITS && kept.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| Secret::new(kept))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn blanks_and_hyphens_in_a_code_are_forgiven() {
        for text in ["12345678", " 1234 5678\n", "1234-5678", "12 34\u{a0}56\u{2011}78", "1234\u{2013}5678"] {
            assert_eq!(digits(text), Some(Secret::new("12345678")), "{text}");
        }
        for text in ["", "1234567", "123456789", "1234567a", "１２３４５６７８", "+1234567"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }

    #[test]
    fn a_form_says_one_thing() {
        assert_eq!(read(b"action=send"), Ok(Wish::Send));
        assert_eq!(read(b"action=check&code=1234+5678"), Ok(Wish::Check(Some(Secret::new("12345678")))));
        assert_eq!(read(b"code=x&action=check&more=1"), Ok(Wish::Check(None)));
        for body in [&b""[..], b"action=", b"action=check", b"action=send&action=send", b"action=check&code=1&code=2"] {
            assert!(read(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn only_a_form_is_one() {
        for value in [MEDIA_TYPE, "Application/X-WWW-Form-Urlencoded; charset=utf-8"] {
            assert!(is_one(&headers(&[("content-type", value)])));
        }
        for pairs in
            [&[][..], &[("content-type", "text/plain")], &[("content-type", MEDIA_TYPE), ("content-type", MEDIA_TYPE)]]
        {
            let mut both = HeaderMap::new();
            for (name, value) in pairs {
                both.append(*name, HeaderValue::from_static(value));
            }
            assert!(!is_one(&both));
        }
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        for pairs in [
            &[][..],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null")],
            &[("origin", "https://shop.example")],
            &[("origin", "https://Shop.Example:443")],
        ] {
            assert!(is_from_here(&headers(pairs), "shop.example"), "{pairs:?}");
        }
        for pairs in [
            &[("sec-fetch-site", "cross-site"), ("origin", "null")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://shop.example")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://shop.example.evil.example")],
            &[("origin", "https://shop.example:8443")],
            &[("origin", "shop.example")],
            &[("origin", "")],
        ] {
            assert!(!is_from_here(&headers(pairs), "shop.example"), "{pairs:?}");
        }
        assert!(is_from_here(&headers(&[("origin", "http://a.localhost:8080")]), "A.localhost:8080"));
        assert!(!is_from_here(&headers(&[("origin", "http://a.localhost:8081")]), "a.localhost:8080"));
    }
}

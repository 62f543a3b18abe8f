//! Which way does each step lead, and what does it leave undone?

use super::*;

const LEFT: &str = "request_id=r&identity=eyJ.canary.x&redirect_to=https%3A%2F%2Fhelper.example%2Fdone";

#[tokio::test]
async fn the_link_leads_to_an_address_without_what_it_said() {
    let stub = Stub::new(view());
    for method in ["GET", "HEAD"] {
        let seen = ask(&stub, method, &format!("{LINK}?{LEFT}"), &[], "").await;
        assert_eq!((seen.status, seen.header("location"), seen.body.as_str()), (303, PAGE, ""));
        guarded(&seen, "");
    }
    assert_eq!(stub.asked()[0], format!("open {HOST} t0ken {LEFT}"));
}

#[tokio::test]
async fn without_a_query_nobody_is_let_in() {
    let stub = Stub::new(view());
    for path in [LINK, "/verify/t0ken?"] {
        let seen = get(&stub, path).await;
        assert!(seen.status == 400 && !seen.has_form(), "{}", seen.body);
        guarded(&seen, "");
    }
    assert_eq!(stub.asked(), [""; 0]);
}

#[tokio::test]
async fn looking_changes_nothing() {
    let stub = Stub::new(sent());
    for method in ["GET", "HEAD"] {
        let seen = ask(&stub, method, &format!("{PAGE}?action=send"), &[], "action=send").await;
        assert_eq!(seen.status, 200);
        guarded(&seen, " https://helper.example");
    }
    assert_eq!(stub.asked(), [format!("view {HOST} t0ken t1cket"), format!("view {HOST} t0ken t1cket")]);
}

#[tokio::test]
async fn a_code_is_sent_and_the_page_shown_again() {
    let stub = Stub::new(view());
    let seen = post(&stub, "action=send").await;
    assert_eq!((seen.status, seen.header("location"), seen.body.as_str()), (303, PAGE, ""));
    guarded(&seen, "");
    assert_eq!(stub.asked(), [format!("send {HOST} t0ken t1cket")]);
}

#[tokio::test]
async fn the_right_code_leads_on() {
    let redirect_to = view().redirect_to;
    let stub = Stub::checking(Checked::Verified { redirect_to });
    let seen = post(&stub, "action=check&code=1234-5678+").await;
    assert_eq!((seen.status, seen.header("location")), (303, "https://helper.example/done?of=1"));
    guarded(&seen, "");
    assert_eq!(stub.asked(), [format!("check {HOST} t0ken t1cket 12345678")]);
}

#[tokio::test]
async fn a_wrong_code_stays_and_the_last_one_ends_it() {
    let wrong = View { tries_left: 1, ..sent() };
    let seen = post(&Stub::checking(Checked::Wrong(wrong)), "action=check&code=12345678").await;
    assert_eq!((seen.status, seen.header("location")), (200, ""));
    assert!(seen.has_form() && seen.body.contains("You have one more try.") && !seen.body.contains("12345678"));
    guarded(&seen, " https://helper.example");

    let failed = View { tries_left: 0, stage: Stage::Failed, ..sent() };
    let seen = post(&Stub::checking(Checked::Failed(failed)), "action=check&code=12345678").await;
    assert_eq!((seen.status, seen.header("location")), (200, ""));
    assert!(!seen.has_form() && !seen.body.contains("<a ") && !seen.body.contains("/done"), "{}", seen.body);
    guarded(&seen, "");
}

#[tokio::test]
async fn what_is_no_code_costs_no_try() {
    let stub = Stub::new(sent());
    for code in ["", "1234567", "123456789", "12ab5678", "%F0%9F%92%A9"] {
        let seen = post(&stub, &format!("action=check&code={code}")).await;
        assert_eq!(seen.status, 200);
        assert!(seen.body.contains("a code has eight digits") && seen.body.contains("<title>Error: "), "{}", seen.body);
    }
    assert!(stub.asked().iter().all(|asked| asked.starts_with("view ")));
}

#[tokio::test]
async fn a_form_is_taken_from_our_own_page_only() {
    let form = FORM[0];
    for (headers, status) in [
        (vec![form, ("sec-fetch-site", "cross-site")], 403),
        (vec![form, ("sec-fetch-site", "same-site")], 403),
        (vec![form, ("origin", "https://evil.example")], 403),
        (vec![form, ("origin", "https://shop.example")], 403),
        (vec![("content-type", "text/plain")], 415),
        (vec![], 415),
        (vec![form, ("sec-fetch-site", "same-origin"), ("origin", "https://shop.example:8443")], 303),
        (vec![form, ("sec-fetch-site", "same-origin"), ("origin", "null")], 303),
        (vec![form], 303),
    ] {
        let stub = Stub::new(view());
        let seen = ask(&stub, "POST", PAGE, &headers, "action=send").await;
        assert_eq!(seen.status, status, "{headers:?}");
        assert_eq!(stub.asked().len(), usize::from(status == 303), "{headers:?}");
        assert!(!seen.has_form());
        guarded(&seen, "");
    }
}

#[tokio::test]
async fn a_form_that_no_button_sends_is_refused() {
    let long = format!("action=check&code={}", "1".repeat(FORM_BYTES));
    for (body, status) in [
        ("", 400),
        ("action=", 400),
        ("action=erase", 400),
        ("action=check", 400),
        ("action=send&action=check", 400),
        (long.as_str(), 413),
    ] {
        let stub = Stub::new(view());
        let seen = post(&stub, body).await;
        assert_eq!((seen.status, stub.asked().len()), (status, 0), "{body}");
        assert!(seen.body.contains(&format!("<a href=\"{PAGE}\"")) && !seen.has_form(), "{}", seen.body);
        guarded(&seen, "");
    }
}

#[tokio::test]
async fn other_methods_and_places_are_told_so() {
    let stub = Stub::new(view());
    for (method, path, allowed) in [
        ("POST", LINK, "GET, HEAD"),
        ("PUT", PAGE, "GET, HEAD, POST"),
        ("DELETE", PAGE, "GET, HEAD, POST"),
        ("OPTIONS", "/verify/style.css", "GET, HEAD"),
    ] {
        let seen = ask(&stub, method, path, &FORM, "action=send").await;
        assert_eq!((seen.status, seen.header("allow")), (405, allowed), "{method} {path}");
        guarded(&seen, "");
    }
    for path in ["/verify/", "/verify//", "/verify//t", "/verify/t/", "/verify/t/t/", "/verify/t/t/t"] {
        let seen = get(&stub, path).await;
        assert_eq!(seen.status, 404, "{path}");
        guarded(&seen, "");
    }
    assert_eq!(stub.asked(), [""; 0]);
}

#[tokio::test]
async fn every_failure_is_a_page_with_its_status_and_no_form() {
    for code in Code::ALL {
        let stub = Stub::failing(Problem::at(code, Field::named("redirect_to")).because("so it is"));
        let expected = if code == Code::TooMany { 429 } else { code.row().status };
        for seen in [
            get(&stub, &format!("{LINK}?{LEFT}")).await,
            get(&stub, PAGE).await,
            post(&stub, "action=send").await,
            post(&stub, "action=check&code=12345678").await,
        ] {
            assert_eq!((seen.status, seen.header("location")), (expected, ""), "{code:?}");
            assert!(!seen.has_form() && seen.body.contains("redirect_to: so it is"), "{}", seen.body);
            guarded(&seen, "");
        }
    }
}

#[tokio::test]
async fn the_stylesheet_is_served() {
    let stub = Stub::new(view());
    for method in ["GET", "HEAD"] {
        let seen = ask(&stub, method, "/verify/style.css", &[], "").await;
        assert_eq!((seen.status, seen.header("content-type")), (200, "text/css; charset=utf-8"));
        assert_eq!(seen.header("x-content-type-options"), "nosniff");
        assert!(!seen.body.contains("url(") && !seen.body.contains("@import"), "nothing from elsewhere");
    }
}

/// Every answer but the stylesheet: nothing foreign gets in, nothing leaks, nothing is kept.
fn guarded(seen: &Seen, further: &str) {
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{further}; base-uri 'none'; frame-ancestors 'none'"
    );
    for (name, expected) in [
        ("content-security-policy", policy.as_str()),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(seen.header(name), expected, "{name}");
        assert_eq!(seen.headers.get_all(name).iter().count(), 1, "{name}");
    }
    assert_eq!(seen.header("content-type"), if seen.body.is_empty() { "" } else { "text/html; charset=utf-8" });
    for foreign in ["<script", "style=\"", "onclick", "http://", "src="] {
        assert!(!seen.body.contains(foreign), "{foreign}");
    }
    assert!(!seen.body.contains("canary"), "the identity is on the page");
}

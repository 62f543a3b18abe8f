//! What stands on each page?

use super::*;

async fn shown(view: View) -> String {
    get(&Stub::new(view), PAGE).await.main().to_owned()
}

/// What every page that asks begins with, and what it ends with.
const WHOSE: &str = r#"<h1>Is this request yours?</h1>
<p><strong>helper.example</strong> has sent <strong>shop.example</strong> a request for you. It asks shop.example to</p>
<ul>
<li>show you the personal data that it holds about you</li>
<li>delete the personal data that it holds about you</li>
</ul>
"#;
const CARE: &str = r#"<p class="care">Nobody but you should enter the code, and only on this page. Neither shop.example nor helper.example will
ask you to tell it to them. If you know nothing of this request, close this page: without the code, nobody acts on
it.</p>"#;

/// What stands between them.
fn asking(main: &str) -> &str {
    let rest = main.strip_prefix(WHOSE).and_then(|rest| rest.strip_suffix(CARE));
    rest.unwrap_or_else(|| panic!("not a page that asks: {main}"))
}

#[tokio::test]
async fn around_each_page_is_the_same() {
    insta::assert_snapshot!(get(&Stub::new(View { stage: Stage::Over, ..view() }), PAGE).await.body, @r#"
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>Nobody asks any more</title>
    <link rel="stylesheet" href="/verify/style.css">
    </head>
    <body>
    <main>

    <h1>Nobody asks any more</h1>
    <p>The request was settled in the meantime, or taken back. There is nothing left for you to do here.</p>

    </main>
    </body>
    </html>
    "#);
}

#[tokio::test]
async fn who_comes_first_is_told_what_it_is_about() {
    insta::assert_snapshot!(shown(view()).await, @r#"
    <h1>Is this request yours?</h1>
    <p><strong>helper.example</strong> has sent <strong>shop.example</strong> a request for you. It asks shop.example to</p>
    <ul>
    <li>show you the personal data that it holds about you</li>
    <li>delete the personal data that it holds about you</li>
    </ul>
    <p>Before anything happens, shop.example wants to be sure that the request comes from you. It can send a code to
    <strong>a…@example.org</strong>, which you then enter here.</p>
    <form method="post">
    <input type="hidden" name="action" value="send">
    <button>Send me the code</button>
    </form>
    <p class="care">Nobody but you should enter the code, and only on this page. Neither shop.example nor helper.example will
    ask you to tell it to them. If you know nothing of this request, close this page: without the code, nobody acts on
    it.</p>
    "#);
}

#[tokio::test]
async fn who_has_a_code_enters_it() {
    insta::assert_snapshot!(asking(&shown(sent()).await), @r#"
    <p>A code was sent to <strong>a…@example.org</strong>. Enter it here to show that the request comes from you.</p>
    <form method="post">
    <input type="hidden" name="action" value="check">
    <label for="code">The code of eight digits</label>
    <p class="hint" id="code-hint">It is good for 10 minutes, and you have three tries.</p>
    <input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="32" spellcheck="false" required aria-describedby="code-hint">
    <button>Confirm</button>
    </form>
    <form method="post">
    <input type="hidden" name="action" value="send">
    <p>Nothing has arrived? It may take a minute, or lie among the spam. A new code takes the place of the old one.</p>
    <button class="second">Send a new code</button>
    </form>
    "#);
}

#[tokio::test]
async fn who_entered_a_wrong_one_is_told_so_at_its_place() {
    let wrong = View { tries_left: 2, code_good_ms: 1, sendings_left: 0, ..sent() };
    let wrong = post(&Stub::checking(Checked::Wrong(wrong)), "action=check&code=12345678").await;
    insta::assert_snapshot!(asking(wrong.main()), @r#"
    <p>A code was sent to <strong>a…@example.org</strong>. Enter it here to show that the request comes from you.</p>
    <form method="post">
    <input type="hidden" name="action" value="check">
    <label for="code">The code of eight digits</label>
    <p class="hint" id="code-hint">It is good for one minute, and you have two more tries.</p>
    <p class="trouble" id="code-trouble" role="alert">That is not the code. You have two more tries.</p>
    <input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="32" spellcheck="false" required aria-invalid="true" aria-describedby="code-hint code-trouble" autofocus>
    <button>Confirm</button>
    </form>
    "#);
}

#[tokio::test]
async fn a_code_that_is_no_longer_good_is_replaced_as_long_as_that_goes() {
    let late = View { code_good_ms: 0, ..sent() };
    let late = post(&Stub::checking(Checked::Wrong(late)), "action=check&code=12345678").await;
    insta::assert_snapshot!(asking(late.main()), @r#"
    <p class="trouble" role="alert">There is no code that is good now.</p>
    <p>The code that was sent to <strong>a…@example.org</strong> is no longer good.</p>
    <form method="post">
    <input type="hidden" name="action" value="send">
    <button>Send me a new code</button>
    </form>
    "#);
    insta::assert_snapshot!(asking(&shown(View { code_good_ms: 0, sendings_left: 0, ..sent() }).await), @r#"
    <p>The code that was sent to <strong>a…@example.org</strong> is no longer good.</p>
    <p>No further code can be sent. Please ask helper.example how to go on.</p>
    "#);
}

#[tokio::test]
async fn who_is_done_is_told_how_it_ended() {
    insta::assert_snapshot!(shown(View { stage: Stage::Verified, ..sent() }).await, @r#"
    <h1>Thank you</h1>
    <p>shop.example knows now that the request comes from you. You can close this page.</p>
    <p><a href="https://helper.example/done?of=1" rel="noreferrer">Back to helper.example</a></p>
    "#);
    insta::assert_snapshot!(shown(View { stage: Stage::Failed, ..sent() }).await, @r#"
    <h1>It could not be confirmed that the request comes from you</h1>
    <p>So shop.example does not act on the request. If it comes from you, please ask helper.example to make it again.</p>
    "#);
    insta::assert_snapshot!(shown(View { stage: Stage::Over, ..sent() }).await, @r#"
    <h1>Nobody asks any more</h1>
    <p>The request was settled in the meantime, or taken back. There is nothing left for you to do here.</p>
    "#);
}

#[tokio::test]
async fn who_comes_wrong_is_told_where_to_go() {
    insta::assert_snapshot!(get(&Stub::new(view()), LINK).await.main(), @r#"
    <h1>Please come by your link</h1>
    <p>This page can only be opened by the link that you get from whoever made the request for you. Please go there, and follow it.</p>
    "#);
    let problem = Problem::at(Code::InvalidField, Field::named("redirect_to")).because("it is no such place");
    insta::assert_snapshot!(get(&Stub::failing(problem), "/verify/t0ken?a=b").await.main(), @r#"
    <h1>This link does not work</h1>
    <p>Something in it does not fit. Please go back to whoever gave it to you, and follow it again.</p>
    <p class="hint">In detail: redirect_to: it is no such place.</p>
    "#);
    insta::assert_snapshot!(get(&Stub::failing(Problem::new(Code::NotFound)), PAGE).await.main(), @r#"
    <h1>There is nothing here</h1>
    <p>The link may be old, or cut off. Please go back to whoever gave it to you, and follow it again.</p>
    "#);
    insta::assert_snapshot!(post(&Stub::failing(Problem::new(Code::TooMany)), "action=send").await.main(), @r#"
    <h1>No further code can be sent</h1>
    <p>As many were sent as may be. The last one may still be good.</p>
    <p><a href="/verify/t0ken/t1cket" rel="noreferrer">Back to the page</a></p>
    "#);
}

#[tokio::test]
async fn what_others_wrote_is_written_as_text() {
    let page = shown(View { address_hint: "<b>&\"'".into(), ..view() }).await;
    assert!(!page.contains("<b>") && page.contains("&#60;b&#62;&#38;&#34;&#39;"), "{page}");
    let redirect_to = "https://helper.example/?a=\"><b>&b=1".parse().unwrap();
    let page = shown(View { redirect_to, stage: Stage::Verified, ..view() }).await;
    assert!(!page.contains("<b>") && page.contains("/?a=%22%3E%3Cb%3E&#38;b=1"), "{page}");
}

#[tokio::test]
async fn every_right_has_its_words() {
    let page = shown(View { rights: Right::ALL.to_vec(), ..view() }).await;
    insta::assert_snapshot!(page.lines().filter(|line| line.starts_with("<li>")).collect::<Vec<_>>().join("\n"), @r#"
    <li>show you the personal data that it holds about you</li>
    <li>tell you which kinds of personal data it holds about you</li>
    <li>show you each piece of personal data that it holds about you</li>
    <li>hand you your personal data in a form that machines can read</li>
    <li>delete the personal data that it holds about you</li>
    <li>stop selling your personal data</li>
    <li>take up the sale of your personal data again</li>
    "#);
}

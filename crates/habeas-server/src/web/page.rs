//! What do the pages say? Plain words, with the names of those whom it concerns.

use askama::Template;
use habeas_core::{
    clock::MINUTE_MS,
    problem::{Code, Problem},
    right::Right,
};
use habeas_engine::verify::{Stage, View};

/// The page that asks.
#[derive(Template)]
#[template(path = "ask.html")]
pub(super) struct Ask<'a> {
    business: &'a str,
    agent: &'a str,
    rights: Vec<&'static str>,
    hint: &'a str,
    phase: Phase,
    can_send: bool,
    trouble: Option<String>,
}

/// How far the asking is.
enum Phase {
    /// No code was sent.
    Fresh,
    /// One was, and is good.
    Sent { minutes: String, tries: String },
    /// One was, and is good no longer.
    Stale,
}

/// What was wrong with the last try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// What was given is no code.
    NotACode,
    /// It is not the code.
    Wrong,
    /// There was no code that is good.
    TooLate,
}

impl Trouble {
    /// What is wrong with a code that was not taken.
    pub(super) const fn of_wrong(view: &View) -> Self {
        if view.code_sent && view.code_good_ms > 0 { Self::Wrong } else { Self::TooLate }
    }

    fn words(self, view: &View) -> String {
        match self {
            Self::NotACode => "That is no code: a code has eight digits.".to_owned(),
            Self::Wrong => format!("That is not the code. You have {}.", some(view.tries_left)),
            Self::TooLate => "There is no code that is good now.".to_owned(),
        }
    }
}

impl<'a> Ask<'a> {
    /// The page for somebody who is asked.
    pub(super) fn of(view: &'a View, trouble: Option<Trouble>) -> Self {
        let phase = match (view.code_sent, view.code_good_ms) {
            (false, _) => Phase::Fresh,
            (true, ..=0) => Phase::Stale,
            (true, good_ms) => Phase::Sent { minutes: minutes(good_ms), tries: some(view.tries_left) },
        };
        Self {
            business: view.business.as_str(),
            agent: view.agent.as_str(),
            rights: view.rights.iter().copied().map(words).collect(),
            hint: &view.address_hint,
            phase,
            can_send: view.sendings_left > 0,
            trouble: trouble.map(|trouble| trouble.words(view)),
        }
    }
}

/// A page that asks nothing.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message<'a> {
    title: &'static str,
    text: String,
    link: Option<(&'a str, String)>,
    detail: Option<String>,
}

impl<'a> Message<'a> {
    /// What somebody is told who is asked no more; `None` where they are.
    pub(super) fn of(view: &'a View) -> Option<Self> {
        match view.stage {
            Stage::Asked => None,
            Stage::Verified => Some(Self::verified(view)),
            Stage::Failed => Some(Self::failed(view)),
            Stage::Over => Some(Self::plain(OVER.0, OVER.1)),
        }
    }

    fn verified(view: &'a View) -> Self {
        let back = (view.redirect_to.as_str(), format!("Back to {}", view.agent));
        let text = format!("{} knows now that the request comes from you. You can close this page.", view.business);
        Self { link: Some(back), ..Self::plain("Thank you", text) }
    }

    /// It went badly. There is no link: only who succeeded is sent on.
    pub(super) fn failed(view: &View) -> Self {
        let text = format!(
            "So {} does not act on the request. If it comes from you, please ask {} to make it again.",
            view.business, view.agent
        );
        Self::plain("It could not be confirmed that the request comes from you", text)
    }

    /// For somebody who came by none of an agent's links.
    pub(super) fn without_a_link() -> Self {
        let text = "This page can only be opened by the link that you get from whoever made the request for you. \
                    Please go there, and follow it.";
        Self::plain("Please come by your link", text)
    }

    /// Something failed. `back` is the page that a form stood on.
    pub(super) fn failure(problem: &Problem, back: Option<&'a str>) -> Self {
        let (title, text) = failure(problem.code, back.is_some());
        let gone = matches!(problem.code, Code::NotFound | Code::Gone);
        let link = back.filter(|_| !gone).map(|path| (path, "Back to the page".to_owned()));
        let place = problem.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        let what = problem.detail.as_deref().or(problem.field.as_ref().map(|_| problem.code.row().title));
        Self { link, detail: what.map(|what| format!("{place}{what}")), ..Self::plain(title, text) }
    }

    fn plain(title: &'static str, text: impl Into<String>) -> Self {
        Self { title, text: text.into(), link: None, detail: None }
    }
}

const OVER: (&str, &str) = (
    "Nobody asks any more",
    "The request was settled in the meantime, or taken back. There is nothing left for you to do here.",
);

const fn failure(code: Code, has_form: bool) -> (&'static str, &'static str) {
    match code {
        Code::NotFound => (
            "There is nothing here",
            "The link may be old, or cut off. Please go back to whoever gave it to you, and follow it again.",
        ),
        Code::Gone => OVER,
        Code::TooMany => {
            ("No further code can be sent", "As many were sent as may be. The last one may still be good.")
        }
        Code::Forbidden => (
            "This was not asked for on our page",
            "Nothing has happened. If you want it, open the page and press the button there.",
        ),
        Code::Unavailable | Code::RequestTimeout => {
            ("This does not work just now", "It is not your fault. Please try again in a few minutes.")
        }
        Code::Internal => ("Something went wrong here", "It is not your fault. Please try again later."),
        _ if has_form => ("This could not be understood", "Nothing has happened. Please use the form on the page."),
        _ => (
            "This link does not work",
            "Something in it does not fit. Please go back to whoever gave it to you, and follow it again.",
        ),
    }
}

const fn words(right: Right) -> &'static str {
    match right {
        Right::Access => "show you the personal data that it holds about you",
        Right::AccessCategories => "tell you which kinds of personal data it holds about you",
        Right::AccessSpecific => "show you each piece of personal data that it holds about you",
        Right::Portability => "hand you your personal data in a form that machines can read",
        Right::Erasure => "delete the personal data that it holds about you",
        Right::OptOutOfSale => "stop selling your personal data",
        Right::OptInToSale => "take up the sale of your personal data again",
    }
}

fn some(count: u32) -> String {
    match count {
        0 => "no more tries".to_owned(),
        1 => "one more try".to_owned(),
        2 => "two more tries".to_owned(),
        3 => "three tries".to_owned(),
        more => format!("{more} tries"),
    }
}

/// Begun minutes count: the last one would else be called none.
fn minutes(ms: i64) -> String {
    match (ms + MINUTE_MS - 1) / MINUTE_MS {
        ..=1 => "one minute".to_owned(),
        more => format!("{more} minutes"),
    }
}

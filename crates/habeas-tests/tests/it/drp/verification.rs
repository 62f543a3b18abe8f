//! A person proves who they are: by the real pages, with a code from the letter box.

mod codes;
mod held;
mod links;
mod pages;

use habeas_core::right::Right;
use url::form_urlencoded;

use crate::world::{
    Answered, Call, EMAIL, Setup, World,
    drp::{Asked, BUSINESS, Exercise, REDIRECT, of_business},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// The business asks whoever wants something deleted or shown to prove who they are.
fn verifying() -> Setup {
    Setup {
        adjust: |tenant| of_business(tenant, |tenant| tenant.business.verify = Right::ALL.to_vec()),
        ..Setup::default()
    }
}

/// A person who is on the way.
struct Visitor<'w> {
    world: &'w World,
    asked: Asked,
    token: String,
    /// Where the agent sends them, without what it adds.
    link: String,
}

impl World {
    /// A deletion that waits until the person has proved who they are.
    async fn awaiting(&self, exercise: &Exercise) -> Visitor<'_> {
        let asked = self.exercised(exercise).await;
        let url: url::Url = self.standing(&asked).await["user_verification_url"].as_str().unwrap().parse().unwrap();
        assert_eq!(url.host_str(), Some(BUSINESS));
        Visitor { world: self, asked, token: exercise.token(), link: url.path().to_owned() }
    }
}

impl Visitor<'_> {
    /// The parameters as the protocol has them.
    fn parameters(&self) -> [(&'static str, String); 3] {
        [
            ("identity", self.token.clone()),
            ("redirect_to", REDIRECT.to_owned()),
            ("request_id", self.asked.wire.clone()),
        ]
    }

    async fn comes_with(&self, parameters: &[(&'static str, String)]) -> Answered {
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.world.call(Call::get(&format!("{}?{query}", self.link)).host(BUSINESS)).await
    }

    /// Follows the agent's link; where they stay.
    async fn comes(&self) -> String {
        self.comes_with(&self.parameters()).await.is(303).header("location").to_owned()
    }

    async fn sees(&self, page: &str) -> Answered {
        self.world.call(Call::get(page).host(BUSINESS)).await
    }

    async fn presses(&self, page: &str, form: &str) -> Answered {
        self.world.call(Call::post(page, form).header("content-type", FORM).host(BUSINESS)).await
    }

    /// Has a code sent.
    async fn asks_for_a_code(&self, page: &str) -> String {
        self.presses(page, "action=send").await.is(303);
        let (to, _) = self.world.letters.sent().pop().unwrap();
        assert_eq!(to, EMAIL, "to the address of the token, and no other");
        self.world.letters.code()
    }

    async fn gives(&self, page: &str, code: &str) -> Answered {
        self.presses(page, &format!("action=check&code={code}")).await
    }
}

/// Another code than that.
fn wrong(code: &str) -> String {
    let other = if code.starts_with('9') { '8' } else { '9' };
    code.replacen(code.chars().next().unwrap(), &other.to_string(), 1)
}

//! What persons do: they follow the link that their agent gives them, and enter the code from the letter.

use anyhow::Result;
use url::Url;

use crate::{
    actors::{BUSINESS, HELPER, REDIRECT},
    world::{Wish, World},
};

impl World {
    /// The person of some request proves who they are, or gives a wrong code.
    pub(super) async fn prove(&self) -> Result<()> {
        let theirs: Vec<&Wish> = self.wishes.iter().filter(|wish| wish.from == HELPER).collect();
        let Some(wish) = self.chance.pick(&theirs) else { return Ok(()) };
        let Some(id) = &wish.id else { return Ok(()) };
        let links = self.engine(HELPER)?.verification_links(id, &REDIRECT.parse()?).await;
        self.note(&format!("the person of {} asks {HELPER} where to go", wish.reference), &links);
        for (_, link) in links.unwrap_or_default() {
            self.enter_code(wish, &link).await?;
        }
        Ok(())
    }

    async fn enter_code(&self, wish: &Wish, link: &Url) -> Result<()> {
        let business = self.engine(BUSINESS)?;
        let token = link.path().rsplit('/').next().unwrap_or_default();
        let opened = business.open_verification(BUSINESS, token, link.query()).await;
        self.note("    and opens the page", &opened);
        let Ok(ticket) = opened else { return Ok(()) };
        let sent = business.send_code(BUSINESS, token, &ticket).await;
        self.note("    and has a code sent", &sent);
        let code = self.site.letters.code(&wish.address()).filter(|_| self.chance.in_thousand(700));
        let guess = format!("{:08}", self.chance.below(100_000_000));
        let checked = business.check_code(BUSINESS, token, &ticket, code.as_deref().unwrap_or(&guess)).await;
        let what = match &checked {
            Ok(habeas_engine::verify::Checked::Verified { .. }) => "    and is known",
            Ok(_) => "    and enters a wrong code",
            Err(_) => "    and enters a code",
        };
        self.note(what, &checked);
        Ok(())
    }
}

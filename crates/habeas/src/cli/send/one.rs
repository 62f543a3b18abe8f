//! One request: sent, and watched until its parties have answered.

use std::time::Duration;

use anyhow::anyhow;
use habeas_server::operator::dto::{Identity, Send, Story, To};

use super::{
    super::{
        client::Client,
        exit::{Exit, Failure, Outcome},
        identity::Named,
        legs,
        output::{Output, complain},
        setup::Setup,
        watch::{News, Watch},
    },
    Args,
    person::Claims,
    progress::Spinner,
};

/// Submissions are answered at once, or tried again later by the server.
const ANSWER: Duration = Duration::from_secs(30);

pub(super) async fn run(args: Args, setup: &Setup, output: Output) -> Outcome {
    let client = args.server.client(setup)?;
    let (identities, claims) = person(&args).map_err(Failure::Usage)?;
    let right = args.right.ok_or_else(|| Failure::Usage(anyhow!("--right is missing")))?;
    let to_all = args.to.is_empty();
    let wish = Send {
        claims,
        relationships: args.person.relationships(),
        regime: args.person.regime(),
        from: args.from.to_string(),
        to: (!to_all).then_some(To::Many(args.to)),
        right: right.to_string(),
        identities,
        submitted_at: args.submitted_at,
        reference: args.reference,
    };
    let story = client.send(&wish).await?;
    let left_out = if to_all { Some(left_out(&client, &story).await?) } else { None };
    let id = story.request.request_id.clone();
    output.say(&format!("request {id}: sent to {}", parties(&story)));
    let (mut watch, spinner) = (Watch::new(&story), Spinner::new(output));
    let tell = |news: News| spinner.say(&news.said());
    let answered = |story: &Story| {
        spinner.show(&count(story, legs::is_answered, "confirmed"));
        story.legs.iter().all(legs::is_answered)
    };
    let within = Duration::from_millis(u64::try_from(args.timeout.ms()).unwrap_or_default());
    let to_answer = if args.wait { ANSWER.min(within) } else { ANSWER };
    let mut story = watch.until(&client, &id, to_answer, answered, tell).await?;
    if args.wait {
        let done = |story: &Story| {
            spinner.show(&count(story, legs::is_done, "finished"));
            legs::is_final(story)
        };
        story = watch.until(&client, &id, within, done, tell).await?;
    }
    spinner.end();
    legs::print_sent(&story, left_out.as_deref(), output);
    legs::verdict(&story)?;
    if !story.legs.iter().all(legs::is_answered) || args.wait && !legs::is_final(&story) {
        complain(&format!("not done in time; the server goes on: habeas status {id}"));
        return Err(Failure::Told(Exit::Failed));
    }
    Ok(())
}

/// By what the person is known, and what is claimed of them beyond.
fn person(args: &Args) -> anyhow::Result<(Vec<Identity>, Option<Claims>)> {
    let mut identities = args.identity.iter().map(Named::read).collect::<anyhow::Result<Vec<_>>>()?;
    identities.extend(args.person.identities()?);
    let claims = args.person.claims(&identities)?;
    Ok((identities, claims))
}

/// The parties that could have been called and were not, because they serve no such thing.
async fn left_out(client: &Client, story: &Story) -> Outcome<Vec<String>> {
    let known = client.organisations().await?.organisations;
    let ours = known.into_iter().filter(|one| one.domain == story.request.organisation);
    let callable = ours.flat_map(|one| one.parties).filter(|party| party.base_url.is_some());
    let asked = |party: &str| story.legs.iter().any(|leg| leg.party == party);
    Ok(callable.map(|party| party.id).filter(|party| !asked(party)).collect())
}

fn parties(story: &Story) -> String {
    story.legs.iter().map(|leg| leg.party.as_str()).collect::<Vec<_>>().join(", ")
}

fn count(story: &Story, of: impl Fn(&habeas_server::operator::dto::Leg) -> bool, what: &str) -> String {
    let (some, all) = (story.legs.iter().filter(|leg| of(leg)).count(), story.legs.len());
    let (parties, have) = if all == 1 { ("party", "has") } else { ("parties", "have") };
    format!("{some} of {all} {parties} {have} {what}")
}

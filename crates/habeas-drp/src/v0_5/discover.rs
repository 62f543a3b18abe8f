//! What does a covered business support, and where? (§2.01; R1, R24, R25)

use habeas_core::{
    capability::Capabilities,
    dialect::{Answer, Asked, Back, Discover, Exchange, Told},
    identity::{Format, Kind},
    problem::Problem,
    right::Right,
};
use habeas_wire::json::{Object, ObjectWriter, quote, string_of};
use url::Url;

use super::{Drp, VERSION, endpoints, error, field, identity, message, words};

const ACTIONS: &str = "actions";

impl Discover for Drp {
    fn reply(&self, x: &Exchange<'_>) -> Answer {
        let Capabilities { rights, api_base, relationships, .. } = &x.us.capabilities;
        let actions = words::RIGHTS.iter().filter(|(right, _)| rights.contains(right)).map(|(_, word)| *word);
        let base = api_base.as_ref().map_or("null".to_owned(), |base| quote(base.as_str().trim_end_matches('/')));
        let mut writer = ObjectWriter::new();
        writer
            .string("version", VERSION)
            .raw("api_base", &base)
            .raw(ACTIONS, &message::strings(actions))
            .raw("user_relationships", &message::strings(relationships.iter().map(String::as_str)));
        message::answer(200, writer.finish())
    }

    fn ask(&self, x: &Exchange<'_>) -> Asked {
        message::get(&endpoints::WELL_KNOWN, x)
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<Capabilities>, Problem> {
        error::hear(answer, |body| {
            let words = words(body)?;
            Ok(Capabilities {
                rights: words.iter().map(|(right, _)| *right).collect(),
                identities: identity::KINDS.map(|kind| (Kind::new(kind), Format::Raw)).to_vec(),
                api_base: api_base(body),
                relationships: relationships(body),
                words,
                ..Capabilities::default()
            })
        })
    }
}

/// The rights that we know, each as it is spelled there. The list must be there: a page that says something else,
/// during maintenance say, must not be taken for a business that serves no right.
fn words(body: &Object<'_>) -> Result<Vec<(Right, String)>, Problem> {
    let listed = field::list(body, ACTIONS)?.ok_or_else(|| field::missing(ACTIONS))?;
    let mut words: Vec<(Right, String)> = Vec::new();
    for word in listed.into_iter().filter_map(|raw| string_of(raw).ok()) {
        if let Some(right) = words::right_of(&word)
            && !words.iter().any(|(known, _)| *known == right)
        {
            words.push((right, word.trim().to_owned()));
        }
    }
    Ok(words)
}

/// Some say `null`, and are reached where they are configured to be.
fn api_base(body: &Object<'_>) -> Option<Url> {
    let text = body.string("api_base").ok()??;
    let base = Url::parse(text.trim().trim_end_matches('/')).ok()?;
    let bare = base.username().is_empty() && base.password().is_none();
    (bare && matches!(base.scheme(), "https" | "http")).then_some(base)
}

fn relationships(body: &Object<'_>) -> Vec<String> {
    let listed = body.array("user_relationships").ok().flatten().unwrap_or_default();
    listed.into_iter().filter_map(|raw| string_of(raw).ok()).collect()
}

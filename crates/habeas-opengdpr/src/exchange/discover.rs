//! What does an organisation support? (1.0 §6; A9, A14, A15)

use habeas_core::{
    capability::Capabilities,
    dialect::{Answer, Asked, Back, Discover, Exchange, Told},
    domain::Domain,
    identity::{Format, Kind},
    problem::{Code, Field, Problem},
    right::Right,
};
use habeas_wire::json::{Object, ObjectWriter, object_of, quote, string_of};
use http::Method;
use url::Url;

use super::{answer, field, report, words};
use crate::dialect::OpenGdpr;

/// Where the documents' examples have all their endpoints.
const USUAL_PATH: &str = "/v1";

impl Discover for OpenGdpr {
    /// Below the major version, or at the top (A19).
    fn usual_bases(&self, domain: &Domain) -> Vec<Url> {
        [USUAL_PATH, "/"].iter().filter_map(|path| Url::parse(&format!("https://{domain}{path}")).ok()).collect()
    }

    fn reply(&self, x: &Exchange<'_>) -> Answer {
        let capabilities = &x.us.capabilities;
        let identities = capabilities.identities.iter().map(|(kind, format)| {
            answer::nested(
                ObjectWriter::new()
                    .string("identity_type", self.version.kind_word(kind.as_str()))
                    .string("identity_format", format.as_str()),
            )
        });
        let rights = capabilities.rights.iter().filter_map(|right| words::word_of(*right)).map(quote);
        let mut writer = ObjectWriter::new();
        writer
            .string("api_version", self.version.api_version)
            .raw("supported_identities", &array(identities))
            .raw("supported_subject_request_types", &array(rights));
        if let Some(certificate) = certificate_url(x) {
            writer.string("processor_certificate", certificate.as_str());
        }
        answer::signed(self.version, 200, writer.finish(), x)
    }

    fn ask(&self, x: &Exchange<'_>) -> Asked {
        answer::call(Method::GET, &["discovery"], x)
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<Capabilities>, Problem> {
        report::hear(answer, |body| {
            Ok(Capabilities {
                rights: rights(body)?,
                identities: identities(body)?,
                certificate_url: report::web_address(body, "processor_certificate"),
                ..Capabilities::default()
            })
        })
    }
}

fn array(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

/// The certificate stands beside discovery, on the same host (§6.3).
fn certificate_url(x: &Exchange<'_>) -> Option<Url> {
    x.mount.map(|mount| mount.url("cert.pem")).or_else(|| x.us.capabilities.certificate_url.clone())
}

/// The rights that we know; a peer may list more.
fn rights(body: &Object<'_>) -> Result<Vec<Right>, Problem> {
    let words = listed(body, "supported_subject_request_types")?.into_iter().filter_map(|raw| string_of(raw).ok());
    Ok(words.filter_map(|word| words::right_of(&word.to_ascii_lowercase())).collect())
}

/// The pairs whose format we know; kinds are open.
fn identities(body: &Object<'_>) -> Result<Vec<(Kind, Format)>, Problem> {
    Ok(listed(body, "supported_identities")?.into_iter().filter_map(pair).collect())
}

/// A list that must be there. Who supports nothing says so with an empty one; a page that says something else, during
/// maintenance say, must not be taken for that.
fn listed<'a>(body: &Object<'a>, name: &'static str) -> Result<Vec<&'a str>, Problem> {
    field::list(body, name)?.ok_or_else(|| Problem::at(Code::MissingField, Field::named(name)))
}

fn pair(raw: &str) -> Option<(Kind, Format)> {
    let pair = object_of(raw).ok()?;
    let kind = report::text(&pair, "identity_type")?;
    let format = report::text(&pair, "identity_format")?.to_ascii_lowercase().parse().ok()?;
    Some((Kind::new(words::canonical_kind(&kind)), format))
}

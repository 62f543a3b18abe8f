//! How are the person, the callback URLs and the original bytes sealed?

use habeas_core::{
    clock::Instant,
    id::RequestId,
    identity::{Format, Identity, Kind},
    secret::Secret,
    submission::{CallbackUrl, Carried, Stamp, Subject},
};
use habeas_trust::seal::DataKey;
use serde::{Deserialize, Serialize};

use super::{Place, RequestKeys};
use crate::{Result, model::Secrets};

const TABLE: &str = "request_secrets";

/// The personal columns of a request, sealed.
pub(crate) struct SealedSecrets {
    pub(crate) subject: Vec<u8>,
    pub(crate) callbacks: Option<Vec<u8>>,
    pub(crate) body: Option<Vec<u8>>,
}

#[derive(Serialize)]
struct SubjectOut<'a> {
    identities: Vec<(&'a Kind, Format, &'a str)>,
    carried: Vec<(&'a str, &'a str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<(&'a str, &'a str)>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    relationships: &'a [String],
    submitted: Option<(Instant, &'a str)>,
}

#[derive(Deserialize)]
struct SubjectIn {
    identities: Vec<(Kind, Format, String)>,
    carried: Vec<(String, String)>,
    #[serde(default)]
    claims: Vec<(String, String)>,
    #[serde(default)]
    relationships: Vec<String>,
    submitted: Option<(Instant, String)>,
}

impl SealedSecrets {
    pub(crate) fn seal(
        keys: &RequestKeys,
        key: &DataKey,
        (subject, submitted): (&Subject, Option<&Stamp>),
        callbacks: &[CallbackUrl],
        body: Option<&[u8]>,
    ) -> Result<Self> {
        let row = &keys.request;
        let clear = SubjectOut {
            identities: subject.identities.iter().map(|i| (&i.kind, i.format, i.value.expose())).collect(),
            carried: pairs(&subject.carried),
            claims: pairs(&subject.claims),
            relationships: &subject.relationships,
            submitted: submitted.map(|stamp| (stamp.at, stamp.text.as_str())),
        };
        let some_callbacks = (!callbacks.is_empty()).then_some(callbacks);
        Ok(Self {
            subject: keys.seal_json(key, Place::new(TABLE, row, "subject"), &clear)?,
            callbacks: some_callbacks
                .map(|urls| keys.seal_json(key, Place::new(TABLE, row, "callbacks"), &urls))
                .transpose()?,
            body: body.map(|body| keys.seal(key, Place::new(TABLE, row, "body"), body)).transpose()?,
        })
    }

    pub(crate) fn open(&self, keys: &RequestKeys, key: &DataKey) -> Result<Secrets> {
        let row = &keys.request;
        let clear: SubjectIn = keys.open_json(key, Place::new(TABLE, row, "subject"), &self.subject)?;
        let identity = |(kind, format, value): (_, _, String)| Identity { kind, format, value: Secret::new(value) };
        Ok(Secrets {
            subject: Subject {
                identities: clear.identities.into_iter().map(identity).collect(),
                carried: carried(clear.carried),
                claims: carried(clear.claims),
                relationships: clear.relationships,
            },
            submitted: clear.submitted.map(|(at, text)| Stamp { at, text }),
            callbacks: open_callbacks(keys, key, row, self.callbacks.as_deref())?,
            body: (self.body.as_deref())
                .map(|sealed| keys.open(key, Place::new(TABLE, row, "body"), sealed).map(|clear| clear.to_vec()))
                .transpose()?,
        })
    }
}

fn pairs(carried: &[Carried]) -> Vec<(&str, &str)> {
    carried.iter().map(|member| (member.name.as_str(), member.json.as_str())).collect()
}

fn carried(pairs: Vec<(String, String)>) -> Vec<Carried> {
    pairs.into_iter().map(|(name, json)| Carried { name, json }).collect()
}

/// The callback URLs of a request.
pub(crate) fn open_callbacks(
    keys: &RequestKeys,
    key: &DataKey,
    row: &RequestId,
    sealed: Option<&[u8]>,
) -> Result<Vec<CallbackUrl>> {
    sealed.map_or(Ok(Vec::new()), |sealed| keys.open_json(key, Place::new(TABLE, row, "callbacks"), sealed))
}

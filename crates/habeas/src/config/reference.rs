//! What does every key mean? A page in Markdown, made from the types: their comments, their names, their defaults.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

use super::{
    business::{AtMost, Grant},
    model::Config,
    organisation::{Mount, Organisation},
    party::{IdentityKey, Party},
};
use crate::dialects;

/// The page.
pub fn page() -> String {
    let mut schemas = Vec::new();
    <Config as ToSchema>::schemas(&mut schemas);
    let schemas: BTreeMap<String, Value> =
        schemas.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect();
    let root = serde_json::to_value(<Config as utoipa::PartialSchema>::schema()).unwrap_or_default();
    let mut page = Page { schemas, text: HEAD.to_owned() };
    page.section("", "The file", &root, &default_of::<Config>());
    page.knobs();
    page.text
}

const HEAD: &str = "# Configuration

<!-- Printed by `habeas reference` from the types of the configuration. Change the comments there, not this page. -->

`habeas init` writes a commented file to begin with, `habeas check` says what is wrong with one, every problem with its
line. Keys that are not listed here are refused. Lengths of time are a whole number and `ms`, `s`, `m`, `h` or `d`, such
as `30s` or `14d`.

Any key can be set by the environment as well: `HABEAS__` and the key's path, in capitals, its parts separated by two
underscores. `HABEAS__LISTEN__ADDRESS=127.0.0.1:9000` sets `address` in `[listen]`, and
`HABEAS__ORGANISATION__0__HOLD=2h` sets `hold` of the first organisation. Secrets stand in files or in the environment,
or sealed under the organisation's `sealing_key_file`, never in clear in the configuration itself.
";

struct Page {
    schemas: BTreeMap<String, Value>,
    text: String,
}

impl Page {
    fn section(&mut self, place: &str, title: &str, schema: &Value, default: &Value) {
        let described = schema["description"].as_str().unwrap_or_default();
        self.text.push_str(&format!("\n## {title}\n\n{}\n\n", flat(described)));
        self.text.push_str("| key | type | default | meaning |\n|---|---|---|---|\n");
        let mut below = Vec::new();
        let none = serde_json::Map::new();
        for (key, property) in schema["properties"].as_object().unwrap_or(&none) {
            let inner = property.get("items").unwrap_or(property);
            if let Some(name) = reference(inner) {
                below.push((key.clone(), name, property.get("items").is_some()));
                continue;
            }
            let row = [format!("`{key}`"), type_of(property), shown(&default[key]), meaning(property)];
            self.text.push_str(&format!("| {} |\n", row.join(" | ")));
        }
        for (key, name, list) in below {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            let title = if list { format!("`[[{place}]]`") } else { format!("`[{place}]`") };
            let schema = self.schemas.get(&name).cloned().unwrap_or_default();
            // A section that is not there by default, and an entry of a list, have the defaults of their type.
            let default = Some(default[&key].clone()).filter(|default| default.is_object());
            let default = default.unwrap_or_else(|| entry_default(&name));
            self.section(&place, &title, &schema, &default);
        }
    }
}

impl Page {
    /// What dialects do differently on wish is theirs to say, so that this list cannot differ from the program.
    fn knobs(&mut self) {
        let dialects = dialects::all();
        let knobs = dialects.iter().flat_map(|dialect| dialect.knobs().iter().map(|knob| (dialect.id(), knob)));
        let rows: String =
            knobs.map(|(dialect, knob)| format!("| `{dialect}` | `{}` | {} |\n", knob.name, flat(knob.doc))).collect();
        if !rows.is_empty() {
            self.text.push_str(KNOBS);
            self.text.push_str(&rows);
        }
    }
}

const KNOBS: &str = "
## Knobs

What a dialect does differently for a party whose `knobs` name it.

| dialect | knob | meaning |
|---|---|---|
";

/// The defaults of an entry or a section which the whole configuration's default has none of.
fn entry_default(name: &str) -> Value {
    match name {
        "Organisation" => default_of::<Organisation>(),
        "Mount" => default_of::<Mount>(),
        "Party" => default_of::<Party>(),
        "IdentityKey" => default_of::<IdentityKey>(),
        "Grant" => default_of::<Grant>(),
        "AtMost" => default_of::<AtMost>(),
        _ => Value::Null,
    }
}

fn default_of<T: Default + serde::Serialize>() -> Value {
    serde_json::to_value(T::default()).unwrap_or_default()
}

/// The name of the section that a key holds.
fn reference(schema: &Value) -> Option<String> {
    let direct = schema["$ref"].as_str();
    let among = |kind: &str| schema[kind].as_array().and_then(|all| all.iter().find_map(|one| one["$ref"].as_str()));
    // One of nothing and a section: one that may be left out.
    Some(direct.or_else(|| among("allOf")).or_else(|| among("oneOf"))?.rsplit('/').next()?.to_owned())
}

fn type_of(schema: &Value) -> String {
    if let Some(items) = schema.get("items") {
        return format!("list of {}s", type_of(items));
    }
    let words: Vec<&str> = match &schema["type"] {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).filter(|word| *word != "null").collect(),
        _ => Vec::new(),
    };
    words.join(" or ")
}

fn meaning(schema: &Value) -> String {
    flat(schema["description"].as_str().unwrap_or_default())
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn shown(default: &Value) -> String {
    match default {
        Value::Null => String::new(),
        value => format!("`{value}`").replace(',', ", "),
    }
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn every_section_is_on_the_page() {
        let page = page();
        for title in [
            "## The file",
            "## `[listen]`",
            "## `[operator]`",
            "## `[delivery]`",
            "## `[follow]`",
            "## `[alert]`",
            "## `[mail]`",
            "## `[egress]`",
            "## `[trust]`",
            "## `[log]`",
            "## `[[organisation]]`",
            "## `[[organisation.mount]]`",
            "## `[organisation.business]`",
            "## `[[organisation.business.grants]]`",
            "## `[organisation.business.at_most]`",
            "## `[organisation.fulfilment]`",
            "## `[organisation.limits]`",
            "## `[[organisation.party]]`",
            "## `[[organisation.party.identity_keys]]`",
            "## `[organisation.party.trust]`",
        ] {
            assert!(page.contains(title), "{title} in\n{page}");
        }
        assert!(!page.contains("` |  |"), "every key has a type and a meaning: {page}");
        assert!(page.contains("| `address` | string | `\"0.0.0.0:8080\"` |"), "{page}");
    }
}

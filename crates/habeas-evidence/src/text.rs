//! How is an export written? In one way only, so that a reader can write it anew and compare.
//!
//! Lists have a line for each entry: the file is meant to be looked at, too.

use habeas_core::clock::Instant;
use habeas_trust::digest::hex;
use habeas_wire::{
    base64,
    json::{ObjectWriter, quote},
    time,
};

use crate::{
    model::{Event, Evidence, Hole, Leg, Receipt, Request},
    sealed::FORMAT,
};

/// The whole file.
pub(crate) fn file(evidence: &str, certificate: &str, signature: &[u8]) -> Vec<u8> {
    let (certificate, signature) = (quote(certificate), quote(&base64::encode(signature)));
    format!(
        "{{\n\"format\": \"{FORMAT}\",\n\"evidence\": {evidence},\n\"certificate\": {certificate},\n\
         \"signature\": {signature}\n}}\n"
    )
    .into_bytes()
}

/// The member `evidence`.
pub(crate) fn evidence(evidence: &Evidence) -> String {
    let members = [
        ("exported_at", quote(&time::format(evidence.exported_at.ms()))),
        ("organisation", quote(evidence.organisation.as_str())),
        ("request", request(&evidence.request)),
        ("history", list(evidence.history.iter().map(event))),
        ("legs", list(evidence.legs.iter().map(leg))),
        ("receipts", list(evidence.receipts.iter().map(receipt))),
        ("chains", list(evidence.chains.iter().map(|chain| quote(chain)))),
    ];
    let lines: Vec<String> = members.iter().map(|(name, json)| format!("  \"{name}\": {json}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn list(entries: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = entries.map(|entry| format!("    {entry}")).collect();
    if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", lines.join(",\n")) }
}

fn request(request: &Request) -> String {
    let rights: Vec<String> = request.rights.iter().map(|right| quote(right)).collect();
    let mut writer = ObjectWriter::new();
    writer
        .string("id", &request.id)
        .string("subject_request_id", &request.subject_request_id)
        .string("role", &request.role)
        .raw("rights", &format!("[{}]", rights.join(",")))
        .string("regime", &request.regime)
        .string("state", &request.state);
    instant(&mut writer, "received_at", Some(request.received_at));
    instant(&mut writer, "submitted_at", request.submitted_at);
    instant(&mut writer, "promised_by", Some(request.promised_by));
    instant(&mut writer, "expected_by", Some(request.expected_by));
    instant(&mut writer, "final_at", request.final_at);
    done(&mut writer)
}

fn event(event: &Event) -> String {
    let mut writer = ObjectWriter::new();
    writer.number("seq", event.seq.into());
    instant(&mut writer, "at", Some(event.at));
    writer.string("change", &event.change).string("state", &event.state).string("actor", &event.actor);
    done(&mut writer)
}

fn leg(leg: &Leg) -> String {
    let mut writer = ObjectWriter::new();
    writer.string("id", &leg.id).string("party", &leg.party);
    if let Some(domain) = &leg.domain {
        writer.string("domain", domain.as_str());
    }
    writer
        .string("dialect", &leg.dialect)
        .string("right", &leg.right)
        .string("subject_request_id", &leg.subject_request_id);
    if let Some(id) = &leg.party_request_id {
        writer.string("party_request_id", id);
    }
    writer.string("state", &leg.state);
    instant(&mut writer, "accepted_at", leg.accepted_at);
    instant(&mut writer, "expected_by", leg.expected_by);
    writer.string("cancel", &leg.cancel);
    done(&mut writer)
}

fn receipt(receipt: &Receipt) -> String {
    let mut writer = ObjectWriter::new();
    instant(&mut writer, "at", Some(receipt.at));
    writer
        .string("operation", &receipt.operation)
        .string("signer", receipt.signer.as_str())
        .string("leg", &receipt.leg)
        .string("sha256", &hex(&receipt.sha256))
        .string("signature", &base64::encode(&receipt.signature))
        .number("chain", number(receipt.chain))
        .string("body", &base64::encode(&receipt.body));
    if let Some(Hole { at, bytes }) = receipt.hole {
        let hole = ObjectWriter::new().number("at", number(at)).number("bytes", number(bytes)).finish();
        writer.raw("hole", &String::from_utf8_lossy(&hole));
    }
    done(&mut writer)
}

fn instant(writer: &mut ObjectWriter, name: &str, at: Option<Instant>) {
    if let Some(at) = at {
        writer.string(name, &time::format(at.ms()));
    }
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The writer writes text only.
fn done(writer: &mut ObjectWriter) -> String {
    String::from_utf8_lossy(&writer.finish()).into_owned()
}

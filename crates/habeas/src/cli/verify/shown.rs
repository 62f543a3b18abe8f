//! The findings for people: a few lines each, the verdict last.

use std::collections::HashSet;

use habeas_evidence::{Finding, Grade, Report, plain};
use habeas_trust::{certificate::Described, digest::hex};
use habeas_wire::time;

use crate::cli::output::Output;

/// Prints what was found out about an export.
pub(super) fn report(report: &Report, output: Output) {
    let request = &report.request;
    output.say(&format!(
        "Request {}, {}: {}",
        plain(&request.id),
        plain(&request.rights.join(", ")),
        plain(&request.state)
    ));
    output.say(&format!("Exported by {} on {}", report.organisation, time::format(report.exported_at.ms())));
    output.say(&format!("Seal: {}", report.seal_words()));
    let mut shown = HashSet::new();
    certificate(report.seal.certificate.as_ref(), &mut shown, output);
    for (number, found) in (1..).zip(&report.findings) {
        let party = found.party.as_deref().map_or(String::new(), |party| format!(", {}", plain(party)));
        let of = found.operation.as_deref().map_or(String::new(), plain);
        let at = found.at.map_or(String::new(), |at| format!(", {}", time::format(at.ms())));
        output.say(&format!("\n{number}. {of}{party}{at}"));
        finding(found, &mut shown, output);
    }
    output.say("\nNot proved by this:");
    for leg in &report.unproved {
        output.say(&format!("- {leg}"));
    }
    for caveat in report.caveats() {
        output.say(&format!("- {caveat}"));
    }
    output.say(&format!("\n{}", report.verdict()));
}

/// Prints what was found out about one message.
pub(super) fn message(found: &Finding, output: Output) {
    finding(found, &mut HashSet::new(), output);
    output.say(match found.grade {
        Grade::NotProved(_) => "\nit does not hold",
        Grade::InFull | Grade::InFullWithRequest | Grade::ByDigest => "\neverything holds",
    });
}

fn finding<'a>(found: &'a Finding, shown: &mut HashSet<&'a str>, output: Output) {
    output.say(&format!("   {}: {}", found.grade, found.sentence()));
    if let Some(scheme) = found.scheme {
        output.say(&format!("   {scheme} by {}, digest {}", plain(&found.signer), hex(&found.sha256)));
    }
    certificate(found.certificate.as_ref(), shown, output);
}

/// Each certificate once: most receipts of a party come with the same.
fn certificate<'a>(certificate: Option<&'a Described>, shown: &mut HashSet<&'a str>, output: Output) {
    if let Some(certificate) = certificate.filter(|certificate| shown.insert(&certificate.sha256)) {
        let [from, to] = [certificate.not_before_ms, certificate.not_after_ms].map(time::format);
        output.say(&format!(
            "   certificate {} of {}, number {}, valid from {from} to {to}",
            certificate.subject, certificate.issuer, certificate.serial
        ));
    }
}

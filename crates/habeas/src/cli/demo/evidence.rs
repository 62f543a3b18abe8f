//! Does what a party signed hold? Looked at once more, from what was kept.

use std::path::Path;

use anyhow::{Context as _, bail};
use habeas_core::receipt::Receipt;
use habeas_evidence::Grade;
use habeas_trust::{
    certificate::{Chain, Roots},
    public_key::Leniency,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Who looks.
pub(super) struct Witness<'a> {
    sandbox: &'a Sandbox,
    roots: Roots,
}

/// What was seen.
pub(super) struct Evidence {
    /// Where the party says that the request stands, in its own words.
    pub(super) status: String,
    signer: String,
    algorithm: String,
    certificate: String,
    /// Whether the signature was checked once more here. Of a receipt that repeats the request, which may not be
    /// kept, it was checked when it came.
    again: bool,
}

#[derive(Deserialize)]
struct Status {
    request_status: Option<String>,
}

impl<'a> Witness<'a> {
    pub(super) fn new(sandbox: &'a Sandbox) -> anyhow::Result<Self> {
        let ca: &Path = &sandbox.announcement().ca;
        let pem = std::fs::read_to_string(ca).with_context(|| format!("{} cannot be read", ca.display()))?;
        Ok(Self { sandbox, roots: Roots::from_pem(&pem)? })
    }

    /// Checks chain, domain and, where all that was signed is still here, the signature.
    pub(super) fn examine(&self, receipt: &Receipt) -> anyhow::Result<Evidence> {
        let signer = receipt.signer.as_str();
        let chain = Chain::from_pem(&receipt.chain)?;
        chain.verify(signer, &self.roots, receipt.at.ms()).with_context(|| format!("the chain of {signer}"))?;
        let again = receipt.hole.is_none();
        if again && !chain.public_key()?.verify(&receipt.body, &receipt.signature, Leniency::default()) {
            bail!("the signature of {signer} does not hold");
        }
        let key = self.sandbox.engine().directory().tenant(&receipt.signer).map(|tenant| tenant.key.algorithm());
        let status = serde_json::from_slice(&receipt.body).ok().and_then(|Status { request_status }| request_status);
        Ok(Evidence {
            status: status.unwrap_or_else(|| "pending".to_owned()),
            signer: signer.to_owned(),
            algorithm: key.map_or_else(String::new, |algorithm| algorithm.to_string()),
            certificate: chain.fingerprint(),
            again,
        })
    }
}

impl Witness<'_> {
    /// Checks an exported file as an auditor does, who has nothing but the file and the authority's certificate.
    pub(super) fn audit(&self, file: &[u8]) -> anyhow::Result<String> {
        let sealed = habeas_evidence::open(file)?;
        let report = habeas_evidence::examine(&sealed, &self.roots, None, &[]);
        if !report.holds() {
            bail!("the exported evidence does not hold");
        }
        let in_full = report.findings.iter().filter(|finding| finding.grade == Grade::InFull).count();
        let by_digest = report.findings.iter().filter(|finding| finding.grade == Grade::ByDigest).count();
        Ok(format!(
            "the exported file of {} bytes holds: {in_full} signed messages proved in full, {by_digest} by their digest",
            file.len()
        ))
    }
}

impl Evidence {
    pub(super) fn said(&self) -> String {
        let short = self.certificate.get(..12).unwrap_or(&self.certificate);
        let when = if self.again { "" } else { ", checked on arrival" };
        format!(
            "signed by {} with {}{when}, certificate {short}… of the sandbox's authority",
            self.signer, self.algorithm
        )
    }

    pub(super) fn json(&self, keeper: &str) -> Value {
        json!({
            "verified": true,
            "to": keeper,
            "status": self.status,
            "signer": self.signer,
            "algorithm": self.algorithm,
            "certificate_sha256": self.certificate,
            "checked_again": self.again,
        })
    }
}

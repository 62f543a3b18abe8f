//! What goes wrong without anybody doing anything: a party that lets its date pass, a certificate that ends.

use std::sync::atomic::Ordering;

use habeas_core::clock::{DAY_MS, HOUR_MS, Instant};
use habeas_trust::certificate::Chain;

use crate::{Engine, Result, change::configured, operator::CertificateEnd};

/// How many legs are looked at in one go.
const LATE_AT_ONCE: u32 = 256;

impl Engine {
    /// Notes what has gone wrong since the last look, and tells the operator; says how much that was.
    pub(crate) async fn watch(&self) -> Result<usize> {
        let alert = self.settings.alert.as_ref().map(|alert| configured(&alert.url));
        let late = self.store.flag_late(self.clock.now(), LATE_AT_ONCE, alert.as_deref()).await?;
        for row in &late {
            tracing::warn!(request = %row.leg.request, party = %row.leg.party, expected_by = ?row.leg.expected_by,
                "a party is late; see `habeas legs list --late`");
        }
        Ok(late.len())
    }

    /// The certificates that end soon, or have ended.
    pub fn certificates_ending(&self) -> Vec<CertificateEnd> {
        let soon = self.clock.now().plus_ms(self.settings.certificate_soon_ms);
        let mut ending: Vec<_> = self.certificates().into_iter().filter(|end| end.not_after < soon).collect();
        ending.sort_by_key(|end| end.not_after);
        ending
    }

    /// When the certificate of each organisation ends.
    pub fn certificates(&self) -> Vec<CertificateEnd> {
        let end = |tenant: &std::sync::Arc<crate::directory::Tenant>| {
            let chain = Chain::from_pem(&tenant.chain).ok()?;
            let not_after = Instant::from_ms(chain.not_after_ms());
            Some(CertificateEnd { organisation: tenant.domain().clone(), not_after })
        };
        self.directory.tenants().filter_map(end).collect()
    }

    /// Once a day, until somebody has renewed them.
    pub(crate) async fn watch_certificates(&self) {
        let now = self.clock.now();
        let told_at = self.certificates_told_at.load(Ordering::Relaxed);
        if told_at != 0 && (0..DAY_MS).contains(&(now.ms() - told_at)) {
            return;
        }
        // Whoever looks meanwhile leaves it to this one.
        self.certificates_told_at.store(now.ms(), Ordering::Relaxed);
        let mut told = true;
        for end in self.certificates_ending() {
            tracing::warn!(organisation = %end.organisation, not_after = ?end.not_after,
                "a certificate ends soon: without it no answer of this organisation is believed");
            told &= self.tell_of_certificate(&end).await;
        }
        // Who did not hear it is told in an hour.
        let at = if told { now } else { now.plus_ms(HOUR_MS - DAY_MS) };
        self.certificates_told_at.store(at.ms(), Ordering::Relaxed);
    }
}

//! What parties signed and was kept can be checked by anybody.

use anyhow::Result;
use habeas_core::receipt::Receipt;
use habeas_trust::{
    certificate::{Chain, Roots},
    digest::sha256,
    public_key::Leniency,
};

use super::{Census, Found, found};
use crate::world::World;

/// So many receipts of a world are checked: signatures are the dearest thing in it.
const SAMPLE: usize = 4;

impl World {
    /// Receipts hold: chain, name, signature, and the bytes where they are whole.
    pub(super) fn what_is_signed_holds(&self, census: &Census) -> Result<Found> {
        let all: Vec<&Receipt> =
            census.stories.iter().flat_map(|(_, story)| story.receipts.iter().map(|row| &row.receipt)).collect();
        for _ in 0..SAMPLE {
            let Some(receipt) = self.chance.pick(&all) else { break };
            if let Err(why) = holds(receipt, &self.site.keys.roots)? {
                let what = format!("the receipt of {} for {}: {why}", receipt.signer, receipt.request);
                return Ok(found("receipts", what));
            }
        }
        Ok(Ok(()))
    }
}

fn holds(receipt: &Receipt, roots: &Roots) -> Result<std::result::Result<(), &'static str>> {
    let chain = Chain::from_pem(&receipt.chain)?;
    if chain.verify(receipt.signer.as_str(), roots, receipt.at.ms()).is_err() {
        return Ok(Err("its certificate does not hold"));
    }
    let key = chain.public_key()?;
    if !key.verify_digest(&receipt.sha256, &receipt.signature, Leniency::default()) {
        return Ok(Err("its signature does not hold"));
    }
    let whole = receipt.hole.is_none();
    Ok(if whole && sha256(&receipt.body) != receipt.sha256 { Err("it was signed over other bytes") } else { Ok(()) })
}

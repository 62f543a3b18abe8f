//! `habeas keys install`: a certificate chain, after checking that peers will believe it.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use habeas_core::{
    clock::{Clock as _, Instant},
    domain::Domain,
};
use habeas_engine::ambient::SystemClock;
use habeas_trust::certificate::{Chain, ChainError};
use serde_json::json;

use super::{
    super::{
        exit::{Failure, Outcome},
        output::{Output, complain},
        setup::Setup,
    },
    Files,
};
use crate::{
    assembly::{self, organisation::is_of},
    config::Loaded,
    files::{self, Readers},
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The organisation's domain.
    #[arg(long)]
    domain: Domain,
    /// The chain in PEM, the organisation's certificate first.
    chain: PathBuf,
    /// Install it even if no path leads to an authority that this machine trusts.
    #[arg(long)]
    untrusted: bool,
}

pub(super) fn run(args: &Args, setup: &Setup, output: Output) -> Outcome {
    let files = Files::of(&args.domain, setup)?;
    let key = files.read_key().map_err(Failure::Usage)?;
    let name = args.chain.display();
    let text = std::fs::read_to_string(&args.chain).with_context(|| format!("{name} cannot be read"));
    let chain =
        text.and_then(|text| Chain::from_pem(&text).with_context(|| name.to_string())).map_err(Failure::Usage)?;
    if !is_of(&chain, &key) {
        let key = files.key.display();
        return Err(Failure::Unverified(anyhow!("the first certificate of {name} is not of the key in {key}")));
    }
    let mut loaded = match setup.load_if_any()? {
        Some(loaded) => loaded,
        None => Loaded::of("", PathBuf::new(), String::new(), &[]),
    };
    let roots = assembly::roots(&mut loaded);
    match chain.verify(args.domain.as_str(), &roots, SystemClock.now().ms()) {
        Ok(()) => {}
        Err(ChainError::UnknownIssuer) if args.untrusted => {
            complain("warning: no path leads to an authority that this machine trusts");
        }
        Err(error) => {
            return Err(Failure::Unverified(anyhow!(error).context(format!("{name} is not for {}", args.domain))));
        }
    }
    files::replace(&files.certificate, &chain.to_pem(), Readers::All)?;
    let until = Instant::from_ms(chain.not_after_ms());
    if output.is_json() {
        output.json(&json!({
            "certificate": files.certificate,
            "fingerprint": chain.fingerprint(),
            "not_after": format!("{until:?}"),
        }));
    }
    output.say(&format!("Installed {}, valid until {until:?}. Restart the server.", files.certificate.display()));
    Ok(())
}

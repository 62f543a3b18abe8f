//! `habeas init`: a commented configuration, with new keys for one organisation.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use habeas_core::domain::Domain;
use habeas_trust::{authority, credential::Credential, seal::MasterKey};
use serde_json::json;

use super::{
    exit::{Failure, Outcome},
    keys::Algorithm,
    output::Output,
    setup::Setup,
};
use crate::{
    config,
    files::{self, Readers},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The domain of the organisation that the server acts for.
    #[arg(long)]
    domain: Domain,
    /// The kind of key that it signs with.
    #[arg(long, value_enum, default_value_t)]
    algorithm: Algorithm,
}

pub(super) fn run(args: &Args, setup: &Setup, output: Output) -> Outcome {
    let (file, domain) = (setup.file(), &args.domain);
    let folder = file.parent().unwrap_or(Path::new(""));
    let of = |extension: &str| folder.join("keys").join(format!("{domain}.{extension}"));
    let (key_file, csr_file, seal_file) = (of("key"), of("csr"), of("seal"));
    let token_file = folder.join("operator.token");
    let there: Vec<&PathBuf> =
        [&key_file, &csr_file, &seal_file, &token_file].into_iter().filter(|path| path.exists()).collect();
    if file.exists() || !there.is_empty() {
        let there = std::iter::once(file).filter(|file| file.exists()).chain(there.into_iter().map(PathBuf::as_path));
        let there: Vec<_> = there.map(|path| path.display().to_string()).collect();
        return Err(anyhow!("nothing was written, since there is already {}", there.join(", ")).into());
    }
    let key = args.algorithm.generate()?;
    let csr = authority::csr_pem(&key, domain.as_str())?;
    files::private_folder(&folder.join("keys"))?;
    files::create(&key_file, &key.to_pem(), Readers::Owner)?;
    files::create(&csr_file, &csr, Readers::All)?;
    files::create(&seal_file, &MasterKey::generate().to_hex(), Readers::Owner)?;
    files::create(&token_file, Credential::generate().token(), Readers::Owner)?;
    // Last, so that a configuration never names keys that are not there.
    files::create(file, &config::DEFAULT.replace("{domain}", domain.as_str()), Readers::All).map_err(Failure::from)?;
    if output.is_json() {
        output.json(&json!({
            "configuration": file,
            "key": key_file,
            "csr": csr_file,
            "sealing_key": seal_file,
            "operator_token": token_file,
        }));
    }
    output.say(&format!(
        "Wrote {}, and keys for {domain} beside it.\n\n\
         Next:\n  \
         1. let a certificate authority certify {} for {domain}\n  \
         2. habeas keys install --domain {domain} CHAIN.pem\n  \
         3. habeas keys token --party CONTROLLER, and put the line it prints into {}\n  \
         4. habeas check, then habeas serve\n\n\
         Keep a copy of {}: without it nothing personal in the database can be read.",
        file.display(),
        csr_file.display(),
        file.display(),
        seal_file.display(),
    ));
    Ok(())
}

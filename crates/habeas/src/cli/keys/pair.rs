//! `habeas keys pair`: what an organisation and a party of DRP agree on, before either calls the other.
//!
//! One secret shows who calls, either way; one key signs the identity tokens that the agent sends to the business. The
//! configuration gets the hash of the one and both of them sealed, so that nothing in it is a secret.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use habeas_core::{domain::Domain, role::Role, secret::Secret};
use habeas_trust::{
    credential::Credential,
    digest,
    seal::Sealer,
    shared_secret::{SecretHash, seal_text},
    token::TokenKey,
};
use serde_json::json;

use super::super::{
    exit::{Failure, Outcome},
    output::Output,
    setup::Setup,
};
use crate::{
    assembly::{
        organisation::{has_role, sealing_key},
        party::name,
        sealed::{self, CREDENTIAL, IDENTITY},
    },
    config::{Loaded, organisation::Organisation, party::Party},
};

const DIALECT: &str = "drp/0.5";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The organisation, as the configuration has it.
    #[arg(long, value_name = "DOMAIN")]
    organisation: Domain,
    /// The party: its id in the configuration, or the domain of one that is still to be added.
    #[arg(long)]
    party: String,
    /// The file with the secret that the other side has chosen; without it one is made.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The file with the key of identity tokens (HS256) that the other side has chosen; without it one is made.
    #[arg(long, value_name = "FILE")]
    identity_key_file: Option<PathBuf>,
    /// Show the SHA-512 of the secret in place of the secret, and take it, as the letter of DRP 0.5 §3.07 has it.
    #[arg(long)]
    hashed: bool,
}

/// What the two agree on.
struct Agreed {
    token: Secret,
    identity_key: Secret,
}

/// The party's entry, as much of it as is known.
struct Entry {
    /// What it is called here, which is part of what its secrets are sealed for.
    id: String,
    /// Whether the configuration has it already.
    is_there: bool,
}

pub(super) fn run(args: &Args, setup: &Setup, output: Output) -> Outcome {
    let mut loaded = setup.load()?;
    let (place, us) = organisation(&loaded, args).map_err(Failure::Usage)?;
    let entry = entry(&us, args).map_err(Failure::Usage)?;
    let Some(master) = sealing_key(&mut loaded, &place, &us) else {
        return Err(Failure::Configuration(Box::new(loaded.problems())));
    };
    let agreed = agreed(args).map_err(Failure::Usage)?;
    let lines = lines(args, &us, &entry, &agreed, &Sealer::new(&master)).map_err(Failure::Usage)?;
    if output.is_json() {
        output.json(&json!({
            "organisation": args.organisation,
            "party": entry.id,
            // What the other side has chosen it knows.
            "token": args.token_file.is_none().then(|| agreed.token.expose()),
            "identity_key": args.identity_key_file.is_none().then(|| agreed.identity_key.expose()),
            "configuration": lines,
        }));
    }
    hand_over(args, &us, &entry, &agreed, output);
    let place = match entry.is_there {
        true => format!(
            "Put this into the [[organisation.party]] of {}; its credentials and identity_keys beside older ones, for as \
             long as both shall hold:",
            entry.id
        ),
        false => format!("Put this below the [[organisation]] of {}:", args.organisation),
    };
    output.say(&format!("{place}\n\n{}", indented(&lines)));
    Ok(())
}

fn organisation(loaded: &Loaded, args: &Args) -> anyhow::Result<(String, Organisation)> {
    let all = &loaded.config.organisation;
    let found = all.iter().enumerate().find(|(_, one)| one.domain.as_ref() == Some(&args.organisation));
    let Some((index, us)) = found else {
        let domains: Vec<_> = all.iter().filter_map(|one| one.domain.as_ref().map(Domain::as_str)).collect();
        bail!("{} is none of the organisations of the configuration: {}", args.organisation, domains.join(", "));
    };
    if !serves(us) && !has_role(us, Role::AuthorizedAgent) {
        bail!("{} has no role of DRP: covered-business, pip or authorized-agent", args.organisation);
    }
    Ok((format!("organisation[{index}]"), us.clone()))
}

fn serves(us: &Organisation) -> bool {
    has_role(us, Role::CoveredBusiness) || has_role(us, Role::Pip)
}

fn entry(us: &Organisation, args: &Args) -> anyhow::Result<Entry> {
    let is_meant = |party: &&Party| {
        let domain = party.domain.as_ref().is_some_and(|domain| domain.as_str() == args.party);
        party.dialect.as_deref() == Some(DIALECT) && domain || name(party).as_deref() == Some(&args.party)
    };
    let meant: Vec<_> = us.party.iter().filter(is_meant).collect();
    // Its own name wins over a domain that several share.
    let party = meant.iter().find(|party| name(party).as_deref() == Some(&args.party)).or(match meant.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    match party {
        Some(party) if party.dialect.as_deref() != Some(DIALECT) => {
            bail!("{} is not spoken to in {DIALECT}, so nothing is agreed with it", args.party)
        }
        Some(party) => Ok(Entry { id: name(party).unwrap_or_default(), is_there: true }),
        None if !meant.is_empty() => bail!("there are several parties of {}: name one by its id", args.party),
        None => {
            let domain: Domain = args.party.parse().map_err(|_| {
                anyhow!("{:?} is no party of {} and no domain of a new one", args.party, args.organisation)
            })?;
            Ok(Entry { id: domain.to_string(), is_there: false })
        }
    }
}

fn agreed(args: &Args) -> anyhow::Result<Agreed> {
    let token = match &args.token_file {
        Some(file) => read(file)?,
        None => Secret::new(Credential::generate().token()),
    };
    let identity_key = match &args.identity_key_file {
        Some(file) => read(file)?,
        None => Secret::new(digest::hex(&digest::random_bytes::<32>())),
    };
    if token.expose() == identity_key.expose() {
        bail!("the secret and the identity key must be two: the one is shown in every call, the other never");
    }
    let key = TokenKey::secret(identity_key.expose());
    let file = || args.identity_key_file.as_deref().unwrap_or(Path::new("")).display().to_string();
    key.with_context(|| format!("the key in {} cannot be used", file()))?;
    Ok(Agreed { token, identity_key })
}

fn read(file: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(file).map(Secret::new);
    let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Secret::new(text.expose().trim()))
}

/// What our configuration needs of it.
fn lines(args: &Args, us: &Organisation, entry: &Entry, agreed: &Agreed, sealer: &Sealer) -> anyhow::Result<String> {
    let file = || args.token_file.as_deref().unwrap_or(Path::new("")).display().to_string();
    let hash = SecretHash::of(agreed.token.expose(), sealer, args.hashed);
    let hash = hash.with_context(|| format!("the secret in {} cannot be used", file()))?;
    let seal =
        |kind, secret: &Secret| seal_text(sealer, &sealed::name(&args.organisation, &entry.id, kind), secret.expose());
    let identity_key = seal(IDENTITY, &agreed.identity_key)?;
    let mut lines = Vec::new();
    if !entry.is_there {
        lines.push("[[organisation.party]]".to_owned());
        lines.push(format!("domain = \"{}\"", entry.id));
        lines.push(format!("dialect = \"{DIALECT}\""));
    }
    lines.push(format!("credentials = [\"{hash}\"]"));
    lines.push(format!("credential = \"{}\"", seal(CREDENTIAL, &agreed.token)?));
    if args.hashed {
        lines.push("credential_scheme = \"sha512\"".to_owned());
        lines.push("trust.hashed_secret = true".to_owned());
    }
    // Tokens go one way: from the agent to the business.
    if serves(us) {
        lines.push(format!("identity_keys = [{{ algorithm = \"HS256\", secret = \"{identity_key}\" }}]"));
        if !entry.is_there {
            lines.push("# Where people go back to who have proved who they are.".to_owned());
            lines.push(format!("redirect_origins = [\"https://{}\"]", entry.id));
        }
    }
    if has_role(us, Role::AuthorizedAgent) {
        lines.push(format!("identity_secret = \"{identity_key}\""));
    }
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// What the other side has to be told, this once.
fn hand_over(args: &Args, us: &Organisation, entry: &Entry, agreed: &Agreed, output: Output) {
    let made = [
        ("secret", &agreed.token, &args.token_file, "shows who calls, either way"),
        ("identity key", &agreed.identity_key, &args.identity_key_file, "signs identity tokens: HS256, used as text"),
    ];
    let made: Vec<_> = made.into_iter().filter(|(_, _, file, _)| file.is_none()).collect();
    if made.is_empty() {
        return;
    }
    output.say(&format!("What is agreed with {}, shown this once. Hand it over on a safe way:\n", entry.id));
    for (name, secret, _, what) in made {
        output.say(&format!("  {name:<13} {}\n  {:<13} {what}", secret.expose(), ""));
    }
    if serves(us) {
        output.say(&format!("  {:<13} https://{}/.well-known/data-rights.json", "discovery", args.organisation));
    }
    output.say("");
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

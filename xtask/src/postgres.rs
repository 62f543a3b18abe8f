//! Is there a PostgreSQL for the tests? They make clusters of their own from it, and leave alone what Debian may make
//! when it installs the package.

use anyhow::Result;
use habeas_testbed::HINT;

use crate::{apt, run};

const PACKAGES: [&str; 3] = ["postgresql", "pgbouncer", "iproute2"];
const NETWORK: &str = "install the tools for networks: apt-get install iproute2 (Debian)";

/// Installs what is missing where that is ours to do. Fails with the command elsewhere.
pub(crate) fn present() -> Result<()> {
    if is_there().is_err() {
        apt::install(&PACKAGES, HINT)?;
    }
    is_there()
}

fn is_there() -> Result<()> {
    habeas_testbed::present()?;
    run::present("ip", NETWORK).or_else(|_| run::present("/sbin/ip", NETWORK))
}

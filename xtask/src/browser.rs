//! Is there a browser for the tests of the pages?

use anyhow::Result;

use crate::{apt, run};

/// Debian's driver brings the browser that it fits.
const DRIVER: &str = "chromedriver";
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
const HINT: &str = "install a browser and its driver: apt-get install chromium chromium-driver (Debian), or another \
                    Chrome with the chromedriver of its version";

/// Installs what is missing where that is ours to do. Fails with the command elsewhere.
pub(crate) fn present() -> Result<()> {
    if run::present(DRIVER, HINT).is_err() {
        apt::install(&PACKAGES, HINT)?;
    }
    run::present(DRIVER, HINT)
}

//! habeas: a data rights server. See [`habeas::cli`] for its commands.

use std::process::ExitCode;

use clap::Parser as _;
use habeas::cli::{Cli, exit::Exit, output};

/// What a task allocates the store's writer frees, which the system's allocator serves badly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        output::complain("TLS was set up twice");
        return Exit::Failed.into();
    }
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli.run()).into(),
        Err(error) => {
            output::complain(&format!("the runtime does not start: {error}"));
            Exit::Failed.into()
        }
    }
}

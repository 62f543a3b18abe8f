//! Tests, checks, benchmark and generated documents: `cargo xtask --help`.

fn main() {}

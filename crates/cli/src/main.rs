//! The one binary, `trueup`.

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;
use trueup_cli::{Arguments, run};

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(status) => status.code(),
        Err(trouble) => {
            // If even that cannot be written, the exit status still tells.
            let _ = writeln!(std::io::stderr(), "trueup: {trouble}");
            trouble.code()
        }
    }
}

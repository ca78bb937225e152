//! The one binary, `trueup`.

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;
use trueup_cli::{Arguments, run};

fn main() -> ExitCode {
    #[cfg(feature = "parquet")]
    silence_caught_panics();
    match run(Arguments::parse()) {
        Ok(status) => status.code(),
        Err(trouble) => {
            // If even that cannot be written, the exit status still tells.
            let _ = writeln!(std::io::stderr(), "trueup: {trouble}");
            trouble.code()
        }
    }
}

/// What a library's panic on a damaged file says is told as an error; the panic itself need not be heard.
#[cfg(feature = "parquet")]
fn silence_caught_panics() {
    let heard = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !trueup_table::is_guarded() {
            heard(info);
        }
    }));
}

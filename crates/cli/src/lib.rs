//! The command line of trueup: arguments in, an answer out, exit status as `diff`.
//!
//! Invariants:
//! - Exit status 0: the books agree; 1: they differ; 2: trouble, and then no output file is written.
//! - An output file appears whole or not at all.
//! - Only this crate touches the terminal and the clock; everything it shows is made by the crates below.

mod archive;
mod args;
mod books;
mod explain;
mod metrc;
mod progress;
mod reconcile;
mod runtime;
mod serve;
mod sim;
mod trouble;

pub use args::Arguments;
pub use trouble::{Status, Trouble};
pub use trueup_answer::record;

/// Runs a command that was parsed already.
///
/// # Errors
/// [`Trouble`] with what to tell the person; the exit status is 2 then.
pub fn run(arguments: Arguments) -> Result<Status, Trouble> {
    match arguments.command {
        args::Command::Reconcile(options) => reconcile::run(&options),
        args::Command::Sim(args::SimCommand::Store(options)) => sim::store(&options),
        args::Command::Sim(args::SimCommand::Metrc(options)) => sim::metrc(&options),
        args::Command::Metrc(command) => metrc::run(&command),
        args::Command::Serve(options) => serve::serve(&options),
        args::Command::Demo(options) => serve::demo(&options),
        args::Command::Import(options) => books::import(&options),
        args::Command::Audit(command) => books::audit(&command),
        args::Command::Backup(options) => books::backup(&options),
        args::Command::Restore(options) => books::restore(&options),
        args::Command::Doctor(options) => books::doctor(&options),
        args::Command::Archive(command) => archive::run(&command),
        args::Command::Retention(options) => archive::retention(&options),
        args::Command::Migrate(options) => books::migrate(&options),
    }
}

//! `trueup metrc`: the state's system from the command line, for support and scripts.

mod adjust;
mod connection;
mod lists;
mod pull;
mod rows;

use crate::args::MetrcCommand;
use crate::{Status, Trouble};
pub(crate) use connection::Connection;
use trueup_metrc::client::{Client, Failure, Http, Problem, TokioClock, Unauthorised};

/// A client over HTTP.
type Metrc = Client<Http, TokioClock>;

/// Runs one of the commands.
pub(crate) fn run(command: &MetrcCommand) -> Result<Status, Trouble> {
    let connection = Connection::read(command.connection())?;
    crate::runtime::block_on(async {
        let client = connection.client(crate::runtime::now())?;
        match command {
            MetrcCommand::Facilities(options) => lists::facilities(&client, options).await,
            MetrcCommand::Packages(options) => lists::packages(&client, options).await,
            MetrcCommand::Receipts(options) => lists::receipts(&client, options).await,
            MetrcCommand::Adjustments(options) => lists::adjustments(&client, options).await,
            MetrcCommand::Transfers(options) => lists::transfers(&client, options).await,
            MetrcCommand::Locations(options) => lists::locations(&client, options).await,
            MetrcCommand::Reasons(options) => lists::reasons(&client, options).await,
            MetrcCommand::Adjust(options) => adjust::run(&client, options).await,
            MetrcCommand::Pull(options) => pull::run(&client, options).await,
        }
    })
}

/// What to tell a person about a call that failed; the state's own words are for his eyes.
async fn trouble(client: &Metrc, licence: &str, failure: Failure) -> Trouble {
    let mut told = failure.to_string();
    match &failure.problem {
        Problem::Rejected(rows) => {
            // One line each, whatever the state says.
            let words = rows.iter().map(|row| format!("\n  the state says: {}", row.message.reveal().escape_debug()));
            told.extend(words);
        }
        Problem::Unauthorised(Unauthorised::Unclear) => {
            if let Ok(why) = client.why_unauthorised(licence).await {
                told = format!("request {} ({}): {why}", failure.request, failure.operation);
                if why == Unauthorised::NotPermitted && !failure.operation.needs.is_empty() {
                    told.push_str(&format!("; the documentation names: {}", failure.operation.needs.join(", ")));
                }
            }
        }
        _ => {}
    }
    Trouble::State(told)
}

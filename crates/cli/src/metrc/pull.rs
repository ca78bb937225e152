//! `trueup metrc pull`: everything of a licence, as files that `trueup reconcile` reads.

use super::rows::print;
use super::{Metrc, trouble};
use crate::args::PullOptions;
use crate::progress::Progress;
use crate::{Status, Trouble};
use trueup_metrc::client::{Cursor, Files, Pace, Restless};

pub(super) async fn run(client: &Metrc, options: &PullOptions) -> Result<Status, Trouble> {
    let state = options.out.join("state");
    let occupied = std::fs::read_dir(&state).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let folder = state.display();
        return Err(Trouble::Usage(format!("--out: {folder} is not empty; nothing was read; name a new folder")));
    }
    let cannot =
        |error: std::io::Error| Trouble::Output { file: state.display().to_string(), error: error.to_string() };
    std::fs::create_dir_all(&options.out).map_err(cannot)?;
    let beside = tempfile::Builder::new().prefix(".trueup-").tempdir_in(&options.out).map_err(cannot)?;
    let mut files = Files::create(beside.path()).map_err(cannot)?;
    let pace = Pace { beginning: options.since.unwrap_or(Pace::default().beginning), ..Pace::default() };
    let progress = Progress::new();
    let mut sink = |changed| {
        files.take(&changed);
        progress.pulled(files.written());
    };
    let pulled = client.pull_until_quiet(&options.licence, pace, &mut Cursor::default(), &mut sink).await;
    drop(progress);
    let quiet = match pulled {
        Ok(quiet) => quiet,
        Err(Restless::Failed(failure)) => return Err(trouble(client, &options.licence, failure).await),
        Err(Restless::Changing(rounds)) => {
            let often = format!("the state changed during each of {rounds} readings; nothing was kept; pull again");
            return Err(Trouble::State(often));
        }
    };
    for list in &quiet.not_permitted {
        print(&format!("not permitted, left out: {list:?}\n"))?;
    }
    let written = files.written();
    files.finish().map_err(cannot)?;
    std::fs::rename(beside.keep(), &state).map_err(cannot)?;
    print(&format!(
        "{}: {} records; {} rows of {} lists, each proven whole, as of {}\n",
        state.display(),
        written,
        quiet.rows,
        quiet.lists,
        quiet.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    ))?;
    Ok(Status::Done)
}

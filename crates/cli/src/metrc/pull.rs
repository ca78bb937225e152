//! `trueup metrc pull`: everything of a licence, as files that `trueup reconcile` reads.

use super::rows::print;
use super::{Metrc, trouble};
use crate::args::PullOptions;
use crate::progress::Progress;
use crate::{Status, Trouble};
use trueup_metrc::client::{Cursor, Files, Pace};

/// How often a licence is read until nothing changes.
const MOST_ROUNDS: u32 = 8;

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
    let mut cursor = Cursor::default();
    let (mut lists, mut rows) = (0, 0);
    let mut as_of = None;
    // What changes while it is read is read again, until nothing changes: then all of it is of one moment.
    for round in 1..=MOST_ROUNDS {
        let before = files.written();
        let pulled = client
            .pull(&options.licence, pace, &mut cursor, &mut |changed| {
                files.take(&changed);
                progress.pulled(files.written());
            })
            .await;
        let report = match pulled {
            Ok(report) => report,
            Err(failure) => return Err(trouble(client, &options.licence, failure).await),
        };
        lists += report.proofs.len();
        rows += report.proofs.iter().map(|proof| proof.rows).sum::<u64>();
        for list in report.not_permitted.iter().filter(|_| round == 1) {
            print(&format!("not permitted, left out: {list:?}\n"))?;
        }
        if files.written() == before {
            as_of = Some(report.as_of);
            break;
        }
    }
    drop(progress);
    let Some(as_of) = as_of else {
        let often = format!("the state changed during each of {MOST_ROUNDS} readings; nothing was kept; pull again");
        return Err(Trouble::State(often));
    };
    let written = files.written();
    files.finish().map_err(cannot)?;
    std::fs::rename(beside.keep(), &state).map_err(cannot)?;
    print(&format!(
        "{}: {} records; {rows} rows of {lists} lists, each proven whole, as of {}\n",
        state.display(),
        written,
        as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    ))?;
    Ok(Status::Done)
}

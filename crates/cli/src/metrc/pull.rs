//! `trueup metrc pull`: everything of a licence, as files that `trueup reconcile` reads.

use super::rows::print;
use super::{Metrc, trouble};
use crate::args::PullOptions;
use crate::progress::Progress;
use crate::{Status, Trouble};
use trueup_metrc::client::{Cursor, Files, Pace};

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
    let pulled = client
        .pull(&options.licence, pace, &mut cursor, &mut |changed| {
            files.take(&changed);
            progress.pulled(files.written());
        })
        .await;
    drop(progress);
    let report = match pulled {
        Ok(report) => report,
        Err(failure) => return Err(trouble(client, &options.licence, failure).await),
    };
    files.finish().map_err(cannot)?;
    std::fs::rename(beside.keep(), &state).map_err(cannot)?;
    let rows: u64 = report.proofs.iter().map(|proof| proof.rows).sum();
    print(&format!(
        "{}: {rows} rows of {} lists, each proven whole, as of {}\n",
        state.display(),
        report.proofs.len(),
        client.state_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    ))?;
    for list in report.not_permitted {
        print(&format!("not permitted, left out: {list:?}\n"))?;
    }
    Ok(Status::Done)
}

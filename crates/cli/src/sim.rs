//! `trueup sim`.

use crate::args::{SimStoreOptions, StateRecords};
use crate::progress::Progress;
use crate::{Status, Trouble};
use trueup_sim::{Faults, StateForm, StoreOptions, write_store};

/// Lives a store's life and writes its folder.
pub(crate) fn store(asked: &SimStoreOptions) -> Result<Status, Trouble> {
    let occupied = std::fs::read_dir(&asked.out).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let folder = asked.out.display();
        return Err(Trouble::Usage(format!("--out: {folder} is not empty; nothing was written; name a new folder")));
    }
    let receipts = asked.receipts.unwrap_or(u64::from(asked.days) * StoreOptions::RECEIPTS_PER_DAY);
    let options = StoreOptions {
        seed: asked.seed,
        packages: asked.packages,
        days: asked.days,
        receipts,
        lines: asked.lines.unwrap_or(receipts * StoreOptions::LINES_PER_TEN_RECEIPTS / 10),
        faults: Faults::read(&asked.faults)?,
        state_form: match asked.state {
            StateRecords::Json => StateForm::Json,
            StateRecords::Csv => StateForm::Tables,
        },
    };
    let progress = Progress::new();
    write_store(&options, &asked.out, &mut |done, all| {
        progress.days(usize::try_from(done).unwrap_or(usize::MAX), usize::try_from(all).unwrap_or(usize::MAX));
    })?;
    Ok(Status::Done)
}

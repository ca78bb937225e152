//! `trueup sim`.

use crate::args::{SimMetrcOptions, SimStoreOptions, StateRecords};
use crate::progress::Progress;
use crate::{Status, Trouble, runtime};
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use trueup_sim::metrc::{Faults as Weather, Metrc, Served, Settings, Sizes, serve};
use trueup_sim::{Faults, StateForm, StoreOptions, live_with_server, write_store};

/// Lives a store's life and writes its folder.
pub(crate) fn store(asked: &SimStoreOptions) -> Result<Status, Trouble> {
    check_empty(&asked.out, "--out")?;
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
    write_store(&options, &asked.out, &mut |done, all| lived_days(&progress, done, all))?;
    Ok(Status::Done)
}

/// What a client has to know of a simulated Metrc.
#[derive(Serialize)]
struct Address<'a> {
    base_url: String,
    vendor_key: &'a str,
    user_key: &'a str,
    licenses: &'a [String],
}

/// Serves a simulated Metrc until it is stopped.
pub(crate) fn metrc(asked: &SimMetrcOptions) -> Result<Status, Trouble> {
    let now = runtime::now();
    let server = match &asked.life {
        Some(folder) => lived(asked, folder)?,
        None => stocked(asked, now)?,
    };
    let weather = match &asked.faults {
        None => Weather::none(),
        Some(file) => {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(file)
                .map_err(|error| Trouble::Usage(format!("--faults {name}: it cannot be read: {error}")))?;
            Weather::read(&text, &name, asked.seed)?
        }
    };
    runtime::block_on(async {
        let cannot = |error: std::io::Error| Trouble::Usage(format!("--port {}: {error}", asked.port));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", asked.port)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        announce(&server, &format!("http://{address}"))?;
        let served = Arc::new(Served::new(server, weather, now));
        tokio::select! {
            () = serve(listener, served) => {}
            stopped = tokio::signal::ctrl_c() => stopped.map_err(cannot)?,
        }
        Ok(Status::Done)
    })
}

/// A server with a store that chance stocked.
fn stocked(asked: &SimMetrcOptions, now: jiff::Timestamp) -> Result<Metrc, Trouble> {
    let settings = Settings::of_state(&asked.state);
    let mut settings =
        settings.ok_or_else(|| Trouble::Usage(format!("--state {}: no state with Metrc", asked.state)))?;
    settings.longest_window = asked.longest_window.map(|hours| jiff::SignedDuration::from_hours(i64::from(hours)));
    settings.atomic_batches = !asked.row_by_row;
    settings.limits = settings.limits.filter(|_| !asked.no_limits);
    let sizes = Sizes { packages: asked.packages, receipts: asked.receipts, ..Sizes::default() };
    Ok(Metrc::store(settings, asked.seed, now, sizes)?)
}

/// A server after the weeks of a store that reported to it.
fn lived(asked: &SimMetrcOptions, folder: &Path) -> Result<Metrc, Trouble> {
    check_empty(folder, "--life")?;
    let receipts = u64::from(asked.receipts);
    let options = StoreOptions {
        seed: asked.seed,
        packages: asked.packages,
        days: asked.days,
        receipts,
        lines: receipts * StoreOptions::LINES_PER_TEN_RECEIPTS / 10,
        faults: Faults::read(&asked.mistakes)?,
        state_form: StateForm::Server,
    };
    let progress = Progress::new();
    let (_, server) = live_with_server(&options, folder, &mut |done, all| lived_days(&progress, done, all))?;
    Ok(server)
}

fn lived_days(progress: &Progress, done: u32, all: u32) {
    progress.days(usize::try_from(done).unwrap_or(usize::MAX), usize::try_from(all).unwrap_or(usize::MAX));
}

/// A folder that is not there, or empty.
fn check_empty(folder: &Path, option: &str) -> Result<(), Trouble> {
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let folder = folder.display();
        return Err(Trouble::Usage(format!("{option}: {folder} is not empty; nothing was written; name a new folder")));
    }
    Ok(())
}

fn announce(server: &Metrc, base_url: &str) -> Result<(), Trouble> {
    let address = Address {
        base_url: base_url.to_owned(),
        vendor_key: server.vendor_keys().first().copied().unwrap_or_default(),
        user_key: server.employees().first().map(|employee| employee.key.as_str()).unwrap_or_default(),
        licenses: server.licences(),
    };
    let cannot = |error: &dyn std::fmt::Display| Trouble::Output {
        file: "standard output".to_owned(),
        error: error.to_string(),
    };
    let line = serde_json::to_string(&address).map_err(|error| cannot(&error))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| cannot(&error))
}

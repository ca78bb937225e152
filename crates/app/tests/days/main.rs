//! Business days with everything that can go wrong: a shop sells, its POS reports, answers get lost, people err, the process ends in
//! the middle; the desk looks, repairs and looks again. Afterwards the state and the POS say what happened.
//!
//! `TRUEUP_DAYS=100000` runs so many seeds, `TRUEUP_DAY=17` runs one and tells what happens in it, `TRUEUP_DAYS_LONG=90` makes each
//! so many days long.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails loudly, and tells a day when it is asked")]

mod day;
mod desk;

use day::Told;
use std::sync::atomic::{AtomicU64, Ordering};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Runs a seed on a clock of its own.
fn run(seed: u64, days: u32, is_told: bool) -> Result<Told, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(day::run(seed, days, is_told))
}

#[test]
fn whatever_goes_wrong_in_a_day_is_put_right() {
    let days = number("TRUEUP_DAYS_LONG").map_or(1, |days| u32::try_from(days).unwrap());
    if let Some(seed) = number("TRUEUP_DAY") {
        let told = run(seed, days, true);
        println!("{told:#?}");
        assert!(told.is_ok());
        return;
    }
    let count = number("TRUEUP_DAYS").unwrap_or(1_000);
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Told::default();
        let mut wrong = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count || wrong.len() >= 3 {
                return (sum, wrong);
            }
            match run(seed, days, false) {
                Ok(told) => sum.add(&told),
                Err(what) => wrong.push(format!("seed {seed}: {what}")),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (mut sum, mut wrong) = (Told::default(), Vec::new());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let (told, more) = worker.join().unwrap();
            sum.add(&told);
            wrong.extend(more);
        }
    });
    println!("{count} seeds: {sum:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    if count >= 100 {
        sum.assert_that_much_happened(count);
    }
}

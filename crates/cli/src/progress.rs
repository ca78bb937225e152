//! Progress of long work, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Shows what is being done on standard error while a person looks at it.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub fn new() -> Self {
        let bar = ProgressBar::no_length();
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self(bar)
    }

    /// A part of unknown length begins.
    pub fn part(&self, name: &str) {
        if let Ok(style) = ProgressStyle::with_template("reading {msg} … {elapsed}") {
            self.0.set_style(style);
        }
        self.0.set_message(name.to_owned());
        self.0.tick();
    }

    /// `done` of `all` packages are explained.
    pub fn packages(&self, done: usize, all: usize) {
        self.part_of_known_length("explaining {bar:30} {pos} of {len} packages", done, all);
    }

    /// `done` of `all` days are lived.
    pub fn days(&self, done: usize, all: usize) {
        self.part_of_known_length("living {bar:30} day {pos} of {len}", done, all);
    }

    /// So many records were pulled.
    pub fn pulled(&self, records: u64) {
        if let Ok(style) = ProgressStyle::with_template("pulling … {pos} records, {elapsed}") {
            self.0.set_style(style);
        }
        self.0.set_position(records);
    }

    fn part_of_known_length(&self, template: &str, done: usize, all: usize) {
        if self.0.length().is_none() {
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.0.set_style(style);
            }
            self.0.set_length(u64::try_from(all).unwrap_or(u64::MAX));
        }
        self.0.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

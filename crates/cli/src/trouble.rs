//! How a command ends.

use std::process::ExitCode;
use trueup_table::InputError;

/// How a comparison ended, as `diff` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The books agree.
    Agree,
    /// They differ.
    Differ,
    /// What was asked for is done; there was nothing to compare.
    Done,
}

impl Status {
    /// 0 or 1.
    #[must_use]
    pub fn code(self) -> ExitCode {
        match self {
            Self::Agree | Self::Done => ExitCode::SUCCESS,
            Self::Differ => ExitCode::from(1),
        }
    }
}

/// Why a command gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// An input cannot be used. What was read is dropped; nothing was written.
    #[error("{0}")]
    Input(#[from] InputError),
    /// The answer could not be written.
    #[error("{file}: the answer could not be written: {error}; check the folder and the free space, then run again")]
    Output {
        /// Where it should have gone.
        file: String,
        /// What the system said.
        error: String,
    },
    /// The simulated world could not be made.
    #[error("{0}")]
    Simulation(#[from] trueup_sim::SimError),
    /// The state's system did not do what was asked.
    #[error("{0}")]
    State(String),
    /// The answer could not be made.
    #[error("{0}")]
    Answer(#[from] trueup_answer::AnswerError),
    /// The books could not do it.
    #[error("{0}")]
    Books(#[from] trueup_store::StoreError),
    /// The options do not go together, or name something that is not there.
    #[error("{0}")]
    Usage(String),
}

impl Trouble {
    /// Always 2.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(2)
    }
}

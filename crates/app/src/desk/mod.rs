//! The desk of one licence: what its folder and the state say, compared again whenever either changed, and kept in the books.
//!
//! ```text
//! pull    the state's answers into the folder's state/, proven whole and of one moment
//! folder  when the POS's side was exported, and whether it changed
//! look    folder -> books -> reconciler -> View
//! live    what is known from look to look
//! push    rows that the POS tells -> folder, books, reconciler -> View
//! work    discrepancies as work: found, changed, gone; notes, assignment
//! ```

mod folder;
mod live;
mod look;
mod pull;
mod push;
mod work;

pub use folder::{DeskFolder, Signature};
pub use live::Live;
pub use look::{LookError, View, look, read_folder};
pub use pull::{PullError, Pulled, Puller};
pub use push::{Push, PushAnswer, PushError, Pushed, push};
pub use work::{Tracked, assign, note, track, track_some};

//! Who watches a schema is told which rows changed: only rows that they may see, asked anew for each event.

mod feed;
mod told;

pub use feed::{Feed, News, Watcher, run};
pub use told::{RowsEvent, told, watch};

//! What the tests over real sockets share: a stage set with a sandbox, a clock that can be wrong, a server that answers
//! any bytes, an observer that remembers, and the table of calls for the README.
//!
//! Nothing here decides whether the SDK is right; that is in `tests/wire`.

pub mod campaign;
mod clock;
mod logs;
mod port;
mod proxy;
mod recorder;
mod scripted;
mod stage;
mod table;
mod tls;

pub use clock::TestClock;
pub use logs::{LogLine, logged};
pub use port::free_address;
pub use proxy::ConnectProxy;
pub use recorder::Recorder;
pub use scripted::{Reply, Scripted, Seen, envelope, http};
pub use stage::{Broken, Stage, address, cents, millis, virtual_card};
pub use table::{TABLE_BEGIN, TABLE_END, calls_table, with_calls_table};
pub use tls::{TlsServer, another_root};

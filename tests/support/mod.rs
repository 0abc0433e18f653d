//! Helpers of the tests: a sandbox with a client, a server for responses of any bytes, a clock that can be wrong, a proxy, TLS,
//! a relay behind HTTP, log capture, an observer that keeps its records, and the README's table of calls.

mod acceptor;
mod aged_store;
mod calls_table;
mod clock;
mod http;
mod logs;
mod mock_server;
mod port;
mod proxy;
mod recorder;
mod relay_server;
#[cfg(unix)]
mod signal;
mod test_env;
mod tls;

pub use acceptor::Acceptor;
pub use aged_store::AgedStore;
pub use calls_table::{TABLE_BEGIN, TABLE_END, calls_table, with_calls_table};
pub use clock::TestClock;
pub use http::{RecordedRequest, WholeRequest, envelope, http, read_request, read_some};
pub use logs::{LogLine, capture_logs, logged, warnings};
pub use mock_server::{MockResponse, MockServer};
pub use port::free_address;
pub use proxy::ConnectProxy;
pub use recorder::Recorder;
pub use relay_server::{RelayServer, relay_server, test_session};
#[cfg(unix)]
pub use signal::signal;
pub use test_env::{BoxError, TestEnv, address, cents, millis, virtual_card};
pub use tls::{TlsServer, another_root};

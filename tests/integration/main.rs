//! Integration tests: the client against the sandbox and against hostile servers, over real sockets. One folder for each
//! subject; `fleet` is a separate test program.

// A failed step of a test is a failed test; the helpers next to the tests belong to them.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// Cents are set apart from dollars: 250_00 is 250.00.
#![allow(clippy::inconsistent_digit_grouping)]
// A clock that goes backwards is a failed test.
#![allow(clippy::unchecked_time_subtraction)]
// A sequence of steps is clearer in one piece.
#![allow(clippy::too_many_lines)]

mod client;
mod doctor;
mod exactly_once;
mod fuzz_corpus;
mod probe;
mod quickstart;
mod readme;
mod relay;
mod relay_server;
mod webhooks;

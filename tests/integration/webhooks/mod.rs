//! The webhook verifier and the responder: against vectors, the sandbox, replays and attacks.

mod clock;
mod delivery;
mod fixture;
mod lateness;
mod logging;
mod purchases;
mod replays;
mod responder;
mod vectors;
mod verifier;

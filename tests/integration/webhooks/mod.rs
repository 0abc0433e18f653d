//! The webhook verifier and the responder: against vectors, the sandbox, replays and attacks.

mod delivery;
mod purchases;
mod replays;
mod vectors;
mod verifier;

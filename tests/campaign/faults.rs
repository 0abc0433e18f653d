//! The faults that hit an operation, and their names in the table.

use std::time::Duration;

use keysecure_sandbox::{Fault, FaultKind};

use super::Phase;
use super::job::Job;
use super::random::Random;

/// Draws the faults of one operation: none for half of them, else up to three.
pub(crate) fn draw(random: &mut Random, phase: Phase, job: &Job) -> Vec<Fault> {
    let count = if random.one_in(2) { 0 } else { 1 + random.below(3) };
    (0..count).filter_map(|_| fault(random, phase, job)).collect()
}

fn fault(random: &mut Random, phase: Phase, job: &Job) -> Option<Fault> {
    let fault = match random.below(20) {
        0 => Fault::on_any(FaultKind::Refuse).times(1 + random.below(3)),
        1 => Fault::on("token", any_call(random)?),
        2..=6 => {
            let kind = any_call(random)?;
            let burst = if kind == FaultKind::Code(1009) { 1 + random.below(8) } else { 1 + random.below(2) };
            Fault::on(job.lookup(), kind).times(burst)
        }
        7..=9 => {
            // The platform refuses permanently, or for a burst.
            let kind = random.pick(&[FaultKind::Code(1009), FaultKind::Code(1009), FaultKind::Code(4005)])?;
            Fault::on(job.operation(), kind).times(1 + random.below(8))
        }
        10..=12 => Fault::on(job.operation(), any_call(random)?),
        13..=15 if !phase.is_skipping() => Fault::on(job.operation(), late(random)?),
        _ => Fault::on(job.operation(), after_commit(random)?),
    };
    Some(fault.after(random.below(3)))
}

/// Draws a fault for any call, lookups included. None of these commits after the client has detected the failure.
fn any_call(random: &mut Random) -> Option<FaultKind> {
    let seconds = i64::try_from(random.below(61)).unwrap_or(0) - 30;
    random.pick(&[
        FaultKind::DropBeforeRead,
        FaultKind::DropBeforeRead,
        FaultKind::Truncate,
        FaultKind::Malformed,
        FaultKind::Html,
        FaultKind::InvalidUtf8,
        FaultKind::WrongType,
        FaultKind::WrongFieldTypes,
        FaultKind::MissingData,
        FaultKind::Redirect,
        FaultKind::Code(1001),
        FaultKind::Code(1009),
        // Codes of a gateway.
        FaultKind::Code(-1),
        FaultKind::Code(1),
        FaultKind::Code(504),
        FaultKind::Code(5000),
        FaultKind::Contradictory,
        FaultKind::HttpStatus(502, None),
        FaultKind::HttpStatus(504, None),
        FaultKind::HttpStatus(503, Some(1)),
        FaultKind::ExpiredToken,
        // Skews the response's Date and the timestamp check, within the tolerance of a lookup if the call is carried out.
        FaultKind::SkewClock(if seconds > 0 { seconds.min(8) * 1_000 } else { seconds * 1_000 }),
        FaultKind::SkewClock(3_600_000),
        FaultKind::SkewClock(-3_600_000),
    ])
}

/// Draws a fault for a call that is carried out, whose response does not say so.
fn after_commit(random: &mut Random) -> Option<FaultKind> {
    random.pick(&[
        FaultKind::DropAfterCommit,
        FaultKind::DropAfterCommit,
        FaultKind::DropAfterCommit,
        FaultKind::CodeAfterCommit(1001),
        FaultKind::CodeAfterCommit(1001),
        FaultKind::CodeAfterCommit(-1),
        FaultKind::CodeAfterCommit(1),
        FaultKind::CodeAfterCommit(504),
        FaultKind::CodeAfterCommit(5000),
        FaultKind::Contradictory,
        FaultKind::Contradictory,
        FaultKind::Truncate,
        FaultKind::Malformed,
        FaultKind::Html,
        FaultKind::InvalidUtf8,
        FaultKind::WrongType,
        FaultKind::MissingData,
    ])
}

/// Draws a late commit or a late response. Calls time out after [`Phase::timeout`].
fn late(random: &mut Random) -> Option<FaultKind> {
    let within = random.millis(10, 150);
    let past_the_timeout = random.millis(320, 450);
    random.pick(&[
        FaultKind::LateCommit(within),
        FaultKind::LateCommit(within),
        FaultKind::LateCommit(Duration::from_millis(150)),
        FaultKind::Stall(past_the_timeout),
        FaultKind::StallAfterCommit(past_the_timeout),
        FaultKind::Stall(within),
    ])
}

/// The name of a fault in the table.
pub(crate) fn name(kind: FaultKind) -> String {
    let text = match kind {
        FaultKind::Refuse => "refuse",
        FaultKind::DropBeforeRead => "drop before",
        FaultKind::DropAfterCommit => "drop after commit",
        FaultKind::LateCommit(_) => "late commit",
        FaultKind::Stall(time) if time >= Phase::TIMEOUT => "stall past the timeout, commits late",
        FaultKind::Stall(_) => "stall within the timeout",
        FaultKind::StallAfterCommit(_) => "stall past the timeout after commit",
        FaultKind::Truncate => "truncated response",
        FaultKind::Malformed => "malformed response",
        FaultKind::WrongType | FaultKind::WrongFieldTypes => "response of wrong types",
        FaultKind::MissingData => "response without data",
        FaultKind::Contradictory => "envelope that contradicts itself",
        FaultKind::Html => "HTML response",
        FaultKind::InvalidUtf8 => "response not UTF-8",
        FaultKind::Redirect => "redirect",
        FaultKind::ExpiredToken => "token expiry, 1007",
        FaultKind::SkewClock(_) => "clock skew of one response",
        FaultKind::Code(code) => return format!("code {code}"),
        FaultKind::CodeAfterCommit(code) => return format!("code {code} after commit"),
        FaultKind::HttpStatus(status, _) => return format!("HTTP status {status}"),
        _ => "other",
    };
    text.to_owned()
}

/// A late commit, which a too short `settle` does not allow for.
pub(crate) fn late_commit(job: &Job) -> Fault {
    Fault::on(job.operation(), FaultKind::LateCommit(Duration::from_millis(150)))
}

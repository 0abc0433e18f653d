//! Retry decisions after an attempt. Pure functions, so that every case can be tested.
//!
//! A request is sent again only if that cannot carry out an operation twice: reads; requests that provably were not sent
//! completely; requests that the platform refused before acting (1005, 1006, 1007, 1009, HTTP 401 without a code). A mutation
//! with an unknown outcome is never sent again.

use std::time::Duration;

use super::operation::Effect;

/// The outcome of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    /// The platform responded with this nonzero code.
    Refused(i64),
    /// HTTP 401 without a code: the Api-Key or the access token was refused before the request had any effect.
    Unauthorized,
    /// No response; `sent` says whether the whole request may have reached the platform.
    NoResponse { sent: bool },
    /// Nothing was sent: the deadline for the first byte has passed.
    TooLate,
    /// A response that is not the platform's envelope, or has a code that may come from a gateway; 5xx, 408 and 429 are
    /// transient.
    MalformedResponse { http_status: u16 },
    /// The call was interrupted while it waited for the network.
    Interrupted,
    /// A response that is not valid HTTP, or is too large.
    Unreadable,
    /// A response that contradicts itself.
    Unacceptable,
    /// The relay's own error, after which sending again does not help.
    Relayed,
}

/// The attempts of a call so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryState {
    pub effect: Effect,
    /// Whether the operation sends an access token.
    pub has_token: bool,
    /// Number of retries after a back-off.
    pub retries: u32,
    pub max_retries: u32,
    pub clock_relearned: bool,
    /// Number of token renewals after the platform refused a token.
    pub token_renewals: u32,
    /// Whether the shared token store cannot be reached, so that other workers may invalidate each new token.
    pub store_unavailable: bool,
}

/// The next step after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Set the model of the platform's clock from the response and send again at once.
    RelearnClock,
    /// Renew the token and send again at once.
    RenewToken,
    /// Wait, then send again.
    BackOff,
    /// Return the error.
    Fail,
}

/// Decides the next step after an attempt with this outcome.
pub(crate) fn decide(outcome: AttemptOutcome, state: RetryState) -> RetryDecision {
    let back_off = if state.retries < state.max_retries { RetryDecision::BackOff } else { RetryDecision::Fail };
    let read = state.effect == Effect::Read;
    let renewable = state.has_token && state.token_renewals < max_renewals(state);
    match outcome {
        AttemptOutcome::Refused(1005) if !state.clock_relearned => RetryDecision::RelearnClock,
        AttemptOutcome::Refused(1006 | 1007) | AttemptOutcome::Unauthorized if renewable => RetryDecision::RenewToken,
        // A gateway's code under HTTP 401: probably the token, but this is not confirmed by the platform.
        AttemptOutcome::MalformedResponse { http_status: 401 } if read && renewable => RetryDecision::RenewToken,
        AttemptOutcome::Refused(1009) | AttemptOutcome::NoResponse { sent: false } => back_off,
        AttemptOutcome::Refused(1001)
        | AttemptOutcome::NoResponse { sent: true }
        | AttemptOutcome::MalformedResponse { http_status: 408 | 429 | 500.. }
            if read =>
        {
            back_off
        }
        _ => RetryDecision::Fail,
    }
}

/// Minimum time of an attempt, if that much is left: shares must not shrink to nothing.
const MIN_SHARE: Duration = Duration::from_millis(250);

/// The share of the call's `left` time that an attempt may use. While a read can still be sent again, half of it: a
/// connection that died silently must not use up the whole timeout. A mutation gets all of it, as it has no second attempt.
pub(crate) fn share(left: Duration, state: RetryState) -> Duration {
    if state.effect == Effect::Read && state.retries < state.max_retries {
        (left / 2).max(MIN_SHARE).min(left)
    } else {
        left
    }
}

/// Maximum number of token renewals in a call. A token that is refused twice will be refused again, unless other workers
/// fetch theirs in between.
fn max_renewals(state: RetryState) -> u32 {
    if state.store_unavailable { 50 } else { 1 }
}

/// Maximum back-off.
const CAP: Duration = Duration::from_secs(8);
/// Maximum wait before the first retry; it doubles with each retry.
const BASE: Duration = Duration::from_millis(500);

/// The wait before retry number `retry`, which counts from 0: full jitter, so that a fleet does not come back all at once.
/// `random` is uniform over `u64`; `requested` is the platform's `Retry-After`. Without one, a wait takes at most a quarter
/// of the `left` time, so that it leaves time for later attempts.
pub(crate) fn back_off(retry: u32, random: u64, requested: Option<Duration>, left: Duration) -> Duration {
    let ceiling = BASE.saturating_mul(1u32.checked_shl(retry).unwrap_or(u32::MAX)).min(CAP);
    let nanos = ceiling.as_nanos() * u128::from(random) / u128::from(u64::MAX);
    let jittered = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    jittered.min(left / 4).max(requested.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: RetryState = RetryState {
        effect: Effect::Mutation,
        has_token: true,
        retries: 0,
        max_retries: 2,
        clock_relearned: false,
        token_renewals: 0,
        store_unavailable: false,
    };
    const READ: RetryState = RetryState { effect: Effect::Read, ..FRESH };

    #[test]
    fn a_request_that_was_refused_before_acting_is_sent_again() {
        for state in [FRESH, READ] {
            assert_eq!(decide(AttemptOutcome::Refused(1005), state), RetryDecision::RelearnClock);
            assert_eq!(decide(AttemptOutcome::Refused(1006), state), RetryDecision::RenewToken);
            assert_eq!(decide(AttemptOutcome::Refused(1007), state), RetryDecision::RenewToken);
            assert_eq!(decide(AttemptOutcome::Unauthorized, state), RetryDecision::RenewToken);
            assert_eq!(decide(AttemptOutcome::Refused(1009), state), RetryDecision::BackOff);
            assert_eq!(decide(AttemptOutcome::NoResponse { sent: false }, state), RetryDecision::BackOff);
        }
    }

    #[test]
    fn clock_and_token_are_renewed_once() {
        let state = RetryState { clock_relearned: true, token_renewals: 1, ..FRESH };
        for code in [1005, 1006, 1007] {
            assert_eq!(decide(AttemptOutcome::Refused(code), state), RetryDecision::Fail);
        }
        assert_eq!(decide(AttemptOutcome::Unauthorized, state), RetryDecision::Fail);
        for outcome in [AttemptOutcome::Refused(1007), AttemptOutcome::Unauthorized] {
            assert_eq!(decide(outcome, RetryState { has_token: false, ..FRESH }), RetryDecision::Fail);
        }
    }

    #[test]
    fn a_token_that_others_may_invalidate_is_renewed_up_to_50_times() {
        for (token_renewals, expected) in
            [(0, RetryDecision::RenewToken), (49, RetryDecision::RenewToken), (50, RetryDecision::Fail)]
        {
            let state = RetryState { store_unavailable: true, token_renewals, ..FRESH };
            assert_eq!(decide(AttemptOutcome::Refused(1007), state), expected);
        }
    }

    #[test]
    fn a_mutation_that_may_have_been_done_is_never_sent_again() {
        let mut unknown = vec![
            AttemptOutcome::NoResponse { sent: true },
            AttemptOutcome::Unreadable,
            AttemptOutcome::Unacceptable,
            AttemptOutcome::Refused(1001),
        ];
        unknown.extend(
            [200, 302, 401, 403, 408, 429, 500, 502, 503]
                .map(|http_status| AttemptOutcome::MalformedResponse { http_status }),
        );
        for outcome in unknown {
            assert_eq!(decide(outcome, FRESH), RetryDecision::Fail, "{outcome:?}");
        }
    }

    #[test]
    fn a_read_is_sent_again_when_that_may_help() {
        for outcome in [
            AttemptOutcome::NoResponse { sent: true },
            AttemptOutcome::Refused(1001),
            AttemptOutcome::MalformedResponse { http_status: 408 },
            AttemptOutcome::MalformedResponse { http_status: 429 },
            AttemptOutcome::MalformedResponse { http_status: 503 },
        ] {
            assert_eq!(decide(outcome, READ), RetryDecision::BackOff, "{outcome:?}");
        }
        assert_eq!(decide(AttemptOutcome::MalformedResponse { http_status: 401 }, READ), RetryDecision::RenewToken);
        for outcome in [
            AttemptOutcome::MalformedResponse { http_status: 200 },
            AttemptOutcome::MalformedResponse { http_status: 403 },
            AttemptOutcome::Unreadable,
            AttemptOutcome::Unacceptable,
            AttemptOutcome::Refused(2002),
        ] {
            assert_eq!(decide(outcome, READ), RetryDecision::Fail, "{outcome:?}");
        }
    }

    #[test]
    fn an_interrupted_call_sends_nothing_more() {
        for state in [FRESH, READ] {
            assert_eq!(decide(AttemptOutcome::Interrupted, state), RetryDecision::Fail);
        }
    }

    #[test]
    fn a_read_shares_its_time_among_its_attempts_and_a_mutation_does_not() {
        let left = Duration::from_secs(8);
        assert_eq!(share(left, READ), Duration::from_secs(4));
        assert_eq!(share(left, RetryState { retries: 1, ..READ }), Duration::from_secs(4));
        assert_eq!(share(left, RetryState { retries: 2, ..READ }), left, "the last attempt takes all");
        assert_eq!(share(left, RetryState { max_retries: 0, ..READ }), left);
        assert_eq!(share(left, FRESH), left);
        for (left, share_of_it) in [(400, 250), (250, 250), (100, 100), (0, 0)] {
            assert_eq!(share(Duration::from_millis(left), READ), Duration::from_millis(share_of_it));
        }
    }

    #[test]
    fn retries_end() {
        let state = RetryState { retries: 2, ..READ };
        assert_eq!(decide(AttemptOutcome::Refused(1009), state), RetryDecision::Fail);
        assert_eq!(decide(AttemptOutcome::NoResponse { sent: false }, state), RetryDecision::Fail);
    }

    #[test]
    fn waits_have_full_jitter_and_a_cap_and_respect_retry_after() {
        let long = Duration::MAX;
        assert_eq!(back_off(0, 0, None, long), Duration::ZERO);
        assert_eq!(back_off(0, u64::MAX, None, long), BASE);
        assert_eq!(back_off(1, u64::MAX, None, long), BASE * 2);
        for retry in [5, 31, 32, u32::MAX] {
            assert_eq!(back_off(retry, u64::MAX, None, long), CAP);
        }
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(back_off(0, 0, hour, long), Duration::from_secs(3600));
        assert_eq!(back_off(0, 0, hour, Duration::from_secs(1)), Duration::from_secs(3600), "as requested");
        assert_eq!(back_off(5, u64::MAX, None, Duration::from_secs(4)), Duration::from_secs(1));
    }
}

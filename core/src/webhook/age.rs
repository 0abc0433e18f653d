//! Age of a purchase by its signed timestamp.
//!
//! The time since the request arrived does not show that it waited before: in the platform, in a proxy, or in the queue of a
//! server. The signed timestamp does, as far as the clocks agree. The clock of this machine may be wrong by minutes, and must
//! not decline every purchase: only the platform's own clock, learned from its responses, decides. The machine's clock causes
//! a warning.

use std::time::Duration;

use super::reply::late;
use super::subject::Subject;
use super::{REPLY_DEADLINE, VerifiedWebhook};

/// Allowance for the difference between the clocks of the platform's servers, of which one signs and others are learned from.
///
/// The learned clock comes from `Date` headers in whole seconds and may be up to 1 s behind: with it the limit is between 1.8 and
/// 2.8 s.
const CLOCK_ALLOWANCE: Duration = Duration::from_secs(1);

/// Time since a webhook was signed. It is not part of a webhook's content, so all compare equal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age {
    /// Negative if the clock is behind the timestamp.
    pub millis: i64,
    /// Measured by the platform's clock, otherwise by the machine's.
    pub by_platform: bool,
}

impl PartialEq for Age {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Age {}

impl VerifiedWebhook {
    /// Whether a purchase arrived when the platform no longer waited for the reply. Logs what it finds.
    pub(super) fn arrived_too_late(&self) -> bool {
        let latest = i64::try_from((REPLY_DEADLINE + CLOCK_ALLOWANCE).as_millis()).unwrap_or(i64::MAX);
        let Some(Age { millis, by_platform }) = self.age.filter(|age| age.millis > latest) else { return false };
        let subject = Subject::verified(self);
        if by_platform {
            subject.log_reply(&late(), Some(&format!("it was signed {millis} ms ago and arrived too late")));
        } else {
            let message = format!(
                "a purchase was signed {millis} ms ago by this machine's clock: the clock is ahead, or the purchase arrived \
                 too late"
            );
            subject.warn(&message, &[]);
        }
        by_platform
    }
}

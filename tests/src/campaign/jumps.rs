//! What happens beside the calls: clocks jump and tokens end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keysecure_sandbox::Platform;

use super::random::Random;
use crate::TestClock;

/// Disturbs until it is told to stop; gives how often it did what. Without a clock of the device's here, only the platform
/// is disturbed.
pub(crate) fn disturb(
    random: &mut Random,
    platform: &Platform,
    device: Option<&TestClock>,
    stop: &AtomicBool,
) -> BTreeMap<String, u64> {
    let mut done = BTreeMap::new();
    let mut gone_back = Duration::ZERO;
    while !stop.load(Ordering::SeqCst) {
        std::thread::sleep(random.millis(20, 120));
        let what = match random.below(4) {
            0 => {
                platform.revoke_tokens();
                "tokens revoked"
            }
            1 => {
                platform.advance(Duration::from_secs(10 + random.below(7_200)));
                gone_back = Duration::ZERO;
                "platform's clock jumps ahead"
            }
            2 => {
                // All together no further than the hour by which a look-up reaches past the clock: a row of a later
                // future is not found, and that is a limit of `ensure_*`.
                let by = random.millis(0, 240_000);
                if gone_back + by > Duration::from_secs(3_000) {
                    continue;
                }
                gone_back += by;
                platform.rewind(by);
                "platform's clock jumps back"
            }
            _ => {
                let Some(device) = device else { continue };
                let wrong_by = i64::try_from(random.below(36_000_000)).unwrap_or(0) - 18_000_000;
                device.set_wrong_by(wrong_by);
                "device's clock jumps"
            }
        };
        *done.entry(what.to_owned()).or_insert(0) += 1;
    }
    done
}

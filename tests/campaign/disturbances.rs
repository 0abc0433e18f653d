//! Disturbances during the calls: clocks jump, tokens expire, and the platform changes how it lists rows and refuses calls.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keysecure_sandbox::{HttpStatuses, ListRules, Platform, RowReference};

use super::random::Random;
use crate::TestClock;

/// Causes disturbances until `stop`; returns their counts. Without a device clock only the platform is disturbed; its clock
/// jumps unless `moves_clock` is false.
pub(crate) fn disturb(
    random: &mut Random,
    platform: &Platform,
    device: Option<&TestClock>,
    moves_clock: bool,
    base: &ListRules,
    stop: &AtomicBool,
) -> BTreeMap<String, u64> {
    let mut done = BTreeMap::new();
    let mut gone_back = Duration::ZERO;
    while !stop.load(Ordering::SeqCst) {
        std::thread::sleep(random.millis(20, 120));
        let what = match random.below(8) {
            0 => {
                platform.revoke_tokens();
                "tokens revoked"
            }
            1 | 2 if !moves_clock => continue,
            1 => {
                let by = Duration::from_secs(10 + random.below(7_200));
                platform.advance(by);
                gone_back = gone_back.saturating_sub(by);
                "platform's clock disturbances ahead"
            }
            2 => {
                // In total less than the 55 minutes that a lookup reaches past the clock: it does not find a row of a later
                // time, which is a limit of `ensure_*`.
                let by = random.millis(0, 240_000);
                if gone_back + by > Duration::from_secs(3_000) {
                    continue;
                }
                gone_back += by;
                platform.rewind(by);
                "platform's clock disturbances back"
            }
            3 => {
                let statuses = [HttpStatuses::Ok, HttpStatuses::Strict, HttpStatuses::StrictBare];
                platform.set_http_statuses(random.pick(&statuses).unwrap_or_default());
                "other HTTP statuses for refusals"
            }
            4..=6 => list_rows(random, platform, base.clone()),
            _ => {
                let Some(device) = device else { continue };
                let wrong_by = i64::try_from(random.below(36_000_000)).unwrap_or(0) - 18_000_000;
                device.set_wrong_by(wrong_by);
                "device's clock disturbances"
            }
        };
        *done.entry(what.to_owned()).or_insert(0) += 1;
    }
    done
}

/// Chooses how the lists of a round are paged and filtered: as documented in half of the rounds. The rules stay the same for
/// the whole round. A list whose rules change between two of its pages can lose rows, and no client can detect that.
pub(crate) fn base_rules(random: &mut Random) -> (ListRules, &'static str) {
    let mut rules = ListRules::default();
    let what = match random.below(8) {
        0 | 1 => {
            rules.page_cap = random.pick(&[1, 7, 10, 20, 25, 50]);
            rules.total = random.one_in(2);
            "rounds with capped pages"
        }
        2 => {
            rules.total = true;
            "rounds with a total in lists"
        }
        3 => {
            rules.ignore_filters = true;
            rules.page_cap = random.pick(&[50, 100]);
            "rounds with filters ignored and pages capped"
        }
        _ => "rounds with lists as documented",
    };
    (rules, what)
}

/// Changes how rows show references.
fn list_rows(random: &mut Random, platform: &Platform, base: ListRules) -> &'static str {
    let changed = [RowReference::LeftOut, RowReference::Trimmed, RowReference::LowerCase, RowReference::UpperCase];
    let mut rules = base;
    let what = if random.one_in(2) {
        rules.reference = random.pick(&changed).unwrap_or_default();
        // While filters are ignored as well, nothing can be proven.
        if rules.ignore_filters {
            "lists ignore filters and change references"
        } else {
            "list rows change or leave out references"
        }
    } else {
        "list rows show references again"
    };
    // The rules name only existing fields.
    let _ = platform.set_list_rules(rules);
    what
}

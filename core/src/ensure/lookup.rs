//! Lookup of a target by its merchant reference.

use super::EnsureTarget;
use crate::engine::{Caller, Known, Stopwatch};
use crate::error::Error;
use crate::pager::Pager;
use crate::store::unique;
use crate::values::civil::MAX_WINDOW;
use crate::values::civil::WindowBound;
use crate::values::instant;

/// Seconds by which the window of a lookup extends past the estimated clock of the platform: for rows of a server whose
/// clock runs ahead or was set back.
const AHEAD: i64 = 3600;
/// Maximum error, in seconds, of the estimated clock of the platform in a lookup. A larger error eats into [`AHEAD`], so the
/// lookup is repeated with the corrected clock.
const TOLERANCE: i64 = 300;

/// The result of a lookup.
pub(super) enum Lookup<R> {
    /// Exactly one row has the reference: the target, or another target with the same reference.
    Found(R),
    /// More than one row has the reference.
    Ambiguous,
    /// No row had the reference at the time of the lookup.
    Absent,
    /// Neither presence nor absence is proven, for this reason.
    Inconclusive(&'static str),
}

/// The reason if a row lacks its reference and the platform does not filter by reference: it may be the target.
pub(super) const NO_REFERENCE: &str = "a row that may be the target has no reference or an altered one";

/// Looks a target up over all pages, in the platform's time, starting at `since` or at the Unix second `attempted`,
/// whichever is earlier.
pub(super) fn look_up<T: EnsureTarget>(
    caller: &Caller,
    target: &T,
    since: Option<WindowBound>,
    attempted: Option<i64>,
) -> Result<Lookup<T::Row>, Error> {
    let (engine, watch) = (&caller.engine, Stopwatch::start());
    let end = engine.server_now().div_euclid(1000) + AHEAD;
    let earliest = since.map_or(end - MAX_WINDOW, |since| engine.settings.timezone.start_second(since));
    // Before the first response the clock may be wrong, and a start in the future may be none.
    let earliest = earliest.min(end - AHEAD);
    let start = attempted.map_or(earliest, |attempted| attempted.min(earliest)).max(0);
    let window = (at(start), at(end));
    let Rows { mut ours, mut near, .. } = rows(caller, target, window)?;
    if ours.is_empty() && !near.is_empty() {
        // They belong to this reference if the platform filters by reference. This is checked before and after, because a
        // platform that is being updated may ignore the filter in one request and not in the next.
        let before = filters(caller, target, window)?;
        Rows { ours, near, .. } = rows(caller, target, window)?;
        if !before || !filters(caller, target, window)? || ours.is_empty() && near.is_empty() {
            return Ok(Lookup::Inconclusive(NO_REFERENCE));
        }
        if ours.is_empty() {
            ours = near;
        }
    }
    let Some(row) = ours.pop() else {
        if let Some(since) = since {
            engine.check_since(since, Known::Any)?;
        }
        // The response may have shown that the window was computed from a wrong clock.
        let lag = engine.server_now().div_euclid(1000) - (end - AHEAD);
        return Ok(if !(-AHEAD..=TOLERANCE).contains(&lag) {
            Lookup::Inconclusive("the platform's clock moved during the lookup")
        } else if watch.elapsed().is_none() {
            Lookup::Inconclusive("the clock of this machine jumped during the lookup")
        } else {
            Lookup::Absent
        });
    };
    Ok(if ours.is_empty() { Lookup::Found(row) } else { Lookup::Ambiguous })
}

/// The rows of a lookup, sorted by how their references compare.
struct Rows<R> {
    /// Rows with the reference.
    ours: Vec<R>,
    /// Rows with a missing or altered reference.
    near: Vec<R>,
    /// Whether there were rows with other references.
    others: bool,
}

fn rows<T: EnsureTarget>(
    caller: &Caller,
    target: &T,
    window: (WindowBound, WindowBound),
) -> Result<Rows<T::Row>, Error> {
    let list = || target.look_up(caller, target.reference(), window);
    let rows = sort(target, list()?)?;
    if rows.ours.is_empty() && rows.others {
        // The platform does not filter by reference, or not exactly: the row may be on a page after one that only
        // looks like the last.
        return sort(target, list()?.thorough());
    }
    Ok(rows)
}

fn sort<T: EnsureTarget>(target: &T, list: Pager<T::Row>) -> Result<Rows<T::Row>, Error> {
    let mut rows = Rows { ours: Vec::new(), near: Vec::new(), others: false };
    for row in list {
        let row = row?;
        match compare(T::unique_no(&row), target.reference()) {
            ReferenceMatch::Same => rows.ours.push(row),
            ReferenceMatch::Near => rows.near.push(row),
            ReferenceMatch::Other => rows.others = true,
        }
    }
    Ok(rows)
}

/// Whether the platform filters by reference: then it returns no row for a reference that does not exist.
fn filters<T: EnsureTarget>(caller: &Caller, target: &T, window: (WindowBound, WindowBound)) -> Result<bool, Error> {
    let unused = unique().map_err(|_| Error::config("this machine has no source of random numbers"))?;
    target.look_up(caller, &unused, window)?.next().transpose().map(|row| row.is_none())
}

fn at(second: i64) -> WindowBound {
    instant::from_millis(second.saturating_mul(1000)).unwrap_or(std::time::UNIX_EPOCH).into()
}

/// How the reference of a row compares to the requested one.
#[derive(Debug, PartialEq, Eq)]
enum ReferenceMatch {
    /// The same reference.
    Same,
    /// Missing, or altered as platforms alter references: in case, in outer spaces, without leading zeros, or in non-ASCII
    /// letters.
    Near,
    /// Another reference.
    Other,
}

fn compare(found: Option<&str>, wanted: &str) -> ReferenceMatch {
    let Some(found) = found else { return ReferenceMatch::Near };
    if found == wanted {
        return ReferenceMatch::Same;
    }
    let (found, wanted) = (found.trim().to_lowercase(), wanted.trim().to_lowercase());
    let digits = wanted.bytes().all(|byte| byte.is_ascii_digit());
    // A filter that matches parts of a reference may return a longer one, which is another reference.
    let is_near = found.is_empty()
        || found == wanted
        || (digits && found.len() < wanted.len() && found == wanted.trim_start_matches('0'))
        || (!wanted.is_ascii() && skeleton(&found) == skeleton(&wanted));
    if is_near { ReferenceMatch::Near } else { ReferenceMatch::Other }
}

/// A reference with a wildcard for each run of non-ASCII letters and `?`, which may replace them: `caf*-1` for
/// `caf\u{e9}-1`, composed or decomposed, and for `caf?-1`.
fn skeleton(text: &str) -> String {
    let mut skeleton = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() && letter != '?' {
            skeleton.push(letter);
            continue;
        }
        if ('\u{300}'..='\u{36f}').contains(&letter) {
            skeleton.pop();
        }
        if !skeleton.ends_with('*') {
            skeleton.push('*');
        }
    }
    skeleton
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_reference_is_near_and_another_one_is_not() {
        for (found, expected) in [
            (Some("Pay-1 "), ReferenceMatch::Same),
            (None, ReferenceMatch::Near),
            (Some(""), ReferenceMatch::Near),
            (Some("  "), ReferenceMatch::Near),
            (Some("Pay-1"), ReferenceMatch::Near),
            (Some(" PAY-1"), ReferenceMatch::Near),
            (Some("pay-1 "), ReferenceMatch::Near),
            (Some("Pay-12"), ReferenceMatch::Other),
            (Some("Pay- 1"), ReferenceMatch::Other),
        ] {
            assert_eq!(compare(found, "Pay-1 "), expected, "{found:?}");
        }
        for (found, wanted, expected) in [
            ("12", "0012", ReferenceMatch::Near),
            ("0012", "12", ReferenceMatch::Other),
            ("120", "012", ReferenceMatch::Other),
            ("a12", "a012", ReferenceMatch::Other),
            ("Cafe\u{301}-1", "Caf\u{e9}-1", ReferenceMatch::Near),
            ("Caf\u{e9}-1", "Cafe\u{301}-1", ReferenceMatch::Near),
            ("Caf?-1", "Caf\u{e9}-1", ReferenceMatch::Near),
            ("Caf\u{c3}\u{a9}-1", "Caf\u{e9}-1", ReferenceMatch::Near),
            ("Caf\u{e9}-10", "Caf\u{e9}-1", ReferenceMatch::Other),
            ("??-1", "\u{8ba2}\u{5355}-1", ReferenceMatch::Near),
            ("\u{8ba2}\u{5355}-10", "\u{8ba2}\u{5355}-1", ReferenceMatch::Other),
            ("Caf?-1", "Cafe-1", ReferenceMatch::Other),
        ] {
            assert_eq!(compare(Some(found), wanted), expected, "{found}");
        }
    }
}

//! Looking a target up by its merchant reference.

use super::EnsureTarget;
use crate::engine::Caller;
use crate::engine::Stopwatch;
use crate::error::Error;
use crate::pager::Pager;
use crate::store::unique;
use crate::values::civil::LONGEST_WINDOW;
use crate::values::civil::WindowBound;
use crate::values::instant;

/// Seconds that a look-up reaches past the platform's clock as we know it: for rows of a server whose clock runs ahead or
/// was set back.
const AHEAD: i64 = 3600;
/// Seconds by which the platform's clock may turn out to be later than it was taken for when a look-up was cut. What is more
/// is missing from [`AHEAD`], so the look-up is made again by the clock that is known then.
const TOLERANCE: i64 = 300;

/// The result of a look-up.
pub(super) enum Lookup<R> {
    /// One row is the target, or another one under its reference.
    Found(R),
    /// More than one row has the reference.
    Several,
    /// There was no row when it was made.
    Absent,
    /// It proves neither, for this reason.
    Inconclusive(&'static str),
}

/// A row without its reference, while the platform does not filter by reference: it may be the target.
pub(super) const NO_REFERENCE: &str = "a row that may be it has no reference, or a changed one";

/// Looks a target up over all pages, in the platform's time, from `since` or, when that is earlier, from Unix second
/// `attempted` on.
pub(super) fn look_up<T: EnsureTarget>(
    caller: &Caller,
    target: &T,
    since: Option<WindowBound>,
    attempted: Option<i64>,
) -> Result<Lookup<T::Row>, Error> {
    let (engine, watch) = (&caller.engine, Stopwatch::start());
    let end = engine.server_now().div_euclid(1000) + AHEAD;
    let since = since.map_or(end - LONGEST_WINDOW, |since| engine.settings.timezone.start_second(since));
    let start = attempted.map_or(since, |attempted| attempted.min(since)).max(0);
    let window = (at(start), at(end));
    let Rows { mut ours, mut near, .. } = rows(caller, target, window)?;
    if ours.is_empty() && !near.is_empty() {
        // They are ours if the platform filters by reference. This is checked before and after, because a platform that is
        // being updated may ignore the filter in one request and not in the next.
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
        // The response may have shown that the clock by which the window was cut was wrong.
        let lag = engine.server_now().div_euclid(1000) - (end - AHEAD);
        return Ok(if !(-AHEAD..=TOLERANCE).contains(&lag) {
            Lookup::Inconclusive("the platform's clock moved while it was looked up")
        } else if watch.elapsed().is_none() {
            Lookup::Inconclusive("the clock of this machine jumped while it was looked up")
        } else {
            Lookup::Absent
        });
    };
    Ok(if ours.is_empty() { Lookup::Found(row) } else { Lookup::Several })
}

/// The rows of a look-up, by whether they have the reference.
struct Rows<R> {
    ours: Vec<R>,
    near: Vec<R>,
    /// Whether there were rows of other references.
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
        // The platform does not filter by reference, or not exactly: the row may be on a page behind one that only
        // looks like the last.
        return sort(target, list()?.thorough());
    }
    Ok(rows)
}

fn sort<T: EnsureTarget>(target: &T, list: Pager<T::Row>) -> Result<Rows<T::Row>, Error> {
    let mut rows = Rows { ours: Vec::new(), near: Vec::new(), others: false };
    for row in list {
        let row = row?;
        match likeness(T::unique_no(&row), target.reference()) {
            Likeness::Same => rows.ours.push(row),
            Likeness::Near => rows.near.push(row),
            Likeness::Other => rows.others = true,
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

/// How the reference of a row compares to the one that was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Likeness {
    Same,
    /// Absent, or changed as platforms change references: in case, in outer spaces, without the zeros in front of a number,
    /// or in its letters that are not ASCII.
    Near,
    Other,
}

fn likeness(found: Option<&str>, wanted: &str) -> Likeness {
    let Some(found) = found else { return Likeness::Near };
    if found == wanted {
        return Likeness::Same;
    }
    let (found, wanted) = (found.trim().to_lowercase(), wanted.trim().to_lowercase());
    let digits = wanted.bytes().all(|byte| byte.is_ascii_digit());
    // A filter that finds parts of a reference may give a longer one, which is another.
    let is_near = found.is_empty()
        || found == wanted
        || (digits && found.len() < wanted.len() && found == wanted.trim_start_matches('0'))
        || (!wanted.is_ascii() && skeleton(&found) == skeleton(&wanted));
    if is_near { Likeness::Near } else { Likeness::Other }
}

/// A text with a wildcard for what is not ASCII or was replaced by `?`: `caf*-1` for `caf\u{e9}-1`, composed or decomposed,
/// and for `caf?-1`.
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
    fn a_changed_reference_is_near_and_that_of_another_is_not() {
        for (found, likeness_of) in [
            (Some("Pay-1 "), Likeness::Same),
            (None, Likeness::Near),
            (Some(""), Likeness::Near),
            (Some("  "), Likeness::Near),
            (Some("Pay-1"), Likeness::Near),
            (Some(" PAY-1"), Likeness::Near),
            (Some("pay-1 "), Likeness::Near),
            (Some("Pay-12"), Likeness::Other),
            (Some("Pay- 1"), Likeness::Other),
        ] {
            assert_eq!(likeness(found, "Pay-1 "), likeness_of, "{found:?}");
        }
        for (found, wanted, likeness_of) in [
            ("12", "0012", Likeness::Near),
            ("0012", "12", Likeness::Other),
            ("120", "012", Likeness::Other),
            ("a12", "a012", Likeness::Other),
            ("Cafe\u{301}-1", "Caf\u{e9}-1", Likeness::Near),
            ("Caf\u{e9}-1", "Cafe\u{301}-1", Likeness::Near),
            ("Caf?-1", "Caf\u{e9}-1", Likeness::Near),
            ("Caf\u{c3}\u{a9}-1", "Caf\u{e9}-1", Likeness::Near),
            ("Caf\u{e9}-10", "Caf\u{e9}-1", Likeness::Other),
            ("??-1", "\u{8ba2}\u{5355}-1", Likeness::Near),
            ("\u{8ba2}\u{5355}-10", "\u{8ba2}\u{5355}-1", Likeness::Other),
            ("Caf?-1", "Cafe-1", Likeness::Other),
        ] {
            assert_eq!(likeness(Some(found), wanted), likeness_of, "{found}");
        }
    }
}

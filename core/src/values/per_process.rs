//! State that a forked child must not share with its parent: pooled connections, and locks that a thread may hold which
//! the child does not have.

use std::process;
use std::sync::OnceLock;

/// One value for each process that uses it. A forked child creates its own at its first use and never changes its parent's.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    process: u32,
    value: T,
    /// The value of a child, after a fork.
    next: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: process::id(), value, next: OnceLock::new() }
    }

    /// The value of this process. A child creates it from its parent's, whose locks may never be released.
    pub(crate) fn get(&self, inherit: impl FnOnce(&T) -> T) -> &T {
        let here = process::id();
        let mut newest = self;
        while newest.process != here {
            let Some(next) = newest.next.get() else {
                // Created before the cell is locked, so that it is locked only for an instant: a fork meanwhile would
                // leave a grandchild with the lock.
                let child = Self { process: here, value: inherit(&newest.value), next: OnceLock::new() };
                return &newest.next.get_or_init(|| Box::new(child)).value;
            };
            newest = next;
        }
        &newest.value
    }

    /// The value of this process if it has one.
    #[cfg(feature = "http")]
    pub(crate) fn existing(&self) -> Option<&T> {
        let here = process::id();
        let mut all = std::iter::successors(Some(self), |newest| newest.next.get().map(|next| &**next));
        all.find(|candidate| candidate.process == here).map(|found| &found.value)
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "http")]
    fn a_process_keeps_its_value_and_a_child_makes_one_from_its_parents() {
        let mut state = PerProcess::new(1);
        assert_eq!((state.get(|_| unreachable!()), state.existing()), (&1, Some(&1)));
        // As in a child: the value is another process's.
        state.process = 0;
        assert_eq!(state.existing(), None);
        assert_eq!(state.get(|parents| parents + 1), &2);
        assert_eq!((state.get(|_| unreachable!()), state.existing()), (&2, Some(&2)));
        assert_eq!(state.value, 1);
    }
}

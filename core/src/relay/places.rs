//! Limits of what a session does at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of requests or streams that each session has at present.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// A place that is taken. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    session: String,
}

impl Places {
    /// `most` places for each session.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// Takes a place, if the session has one left.
    pub(super) fn take(self: &Arc<Self>, session: &str) -> Option<Place> {
        let mut all = self.taken();
        let taken = all.entry(session.to_owned()).or_default();
        if *taken >= self.most {
            return None;
        }
        *taken += 1;
        Some(Place { places: Arc::clone(self), session: session.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.places.taken();
        if let Some(taken) = all.get_mut(&self.session) {
            *taken -= 1;
            if *taken == 0 {
                all.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_a_few_places_and_what_is_given_back_is_free() {
        let places = Places::new(4);
        let mut taken: Vec<_> = (0..4).map(|_| places.take("s").unwrap()).collect();
        assert!(places.take("s").is_none() && places.take("other").is_some());
        taken.pop();
        assert!(places.take("s").is_some());
        taken.clear();
        assert!(places.taken().is_empty());
    }
}

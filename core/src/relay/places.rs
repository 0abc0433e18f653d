//! Limits of what a session, and all sessions of a cardholder, do at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::throttle::{SESSIONS_OF_CARDHOLDER, key_of_cardholder, key_of_session};

/// Number of requests or streams that each session and cardholder has at present.
#[derive(Debug)]
pub(super) struct Places {
    /// Places of a session.
    most: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// A place that is taken. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    keys: [String; 2],
}

impl Places {
    /// `most` places for each session.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// Takes a place, if the session and its cardholder have one left.
    pub(super) fn take(self: &Arc<Self>, session: &str, cardholder_no: &str) -> Option<Place> {
        let of_cardholder = self.most.saturating_mul(SESSIONS_OF_CARDHOLDER as usize);
        let limits =
            [(key_of_session(session, cardholder_no), self.most), (key_of_cardholder(cardholder_no), of_cardholder)];
        let mut all = self.taken();
        if limits.iter().any(|(key, most)| all.get(key).is_some_and(|taken| taken >= most)) {
            return None;
        }
        let keys = limits.map(|(key, _)| key);
        for key in &keys {
            *all.entry(key.clone()).or_default() += 1;
        }
        Some(Place { places: Arc::clone(self), keys })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.places.taken();
        for key in &self.keys {
            if let Some(taken) = all.get_mut(key) {
                *taken -= 1;
                if *taken == 0 {
                    all.remove(key);
                }
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
        let mut taken: Vec<_> = (0..4).map(|_| places.take("s", "1001").unwrap()).collect();
        assert!(places.take("s", "1001").is_none() && places.take("other", "1001").is_some());
        taken.pop();
        assert!(places.take("s", "1001").is_some());
        taken.clear();
        assert!(places.taken().is_empty());
    }

    #[test]
    fn the_sessions_of_a_cardholder_share_three_times_the_places() {
        let places = Places::new(4);
        let taken: Vec<_> = (0..20).filter_map(|number| places.take(&format!("s{}", number % 5), "1001")).collect();
        assert_eq!(taken.len(), 12);
        assert!(places.take("new", "1001").is_none() && places.take("new", "1002").is_some());
        drop(taken);
        assert!(places.taken().is_empty());
    }
}

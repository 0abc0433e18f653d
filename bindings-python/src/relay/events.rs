//! The setting `events`: where the events of cardholders are kept.

use keysecure::EventBuffer;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::config;
use crate::stores::RedisStore;

/// The buffer as it was passed in, which a forked child opens again. `None`: in memory.
pub struct EventsSetting(Option<Py<RedisStore>>);

impl EventsSetting {
    /// Reads the setting: text, or a `RedisStore`. The text may hold a password: no error repeats it.
    pub fn of(py: Python<'_>, given: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(given) = given else { return Ok(Self(None)) };
        if let Ok(store) = given.cast::<RedisStore>() {
            return Ok(Self(Some(store.clone().unbind())));
        }
        let text = given.cast::<PyString>().ok().and_then(|text| text.to_str().ok());
        match text {
            Some("memory") => Ok(Self(None)),
            Some(url) if ["redis://", "rediss://", "redis+unix://"].iter().any(|scheme| url.starts_with(scheme)) => {
                Ok(Self(Some(Py::new(py, RedisStore::at(py, url.to_owned())?)?)))
            }
            _ => Err(config(py, "events must be memory, redis://HOST or a RedisStore")),
        }
    }

    /// The buffer as this process uses it.
    pub fn here(&self, py: Python<'_>) -> PyResult<EventBuffer> {
        self.0.as_ref().map_or_else(|| Ok(EventBuffer::memory()), |store| store.get().events(py))
    }
}

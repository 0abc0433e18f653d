//! Streams of events.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::messages::RelayHeader;

/// The events of a session's cardholder.
#[derive(uniffi::Object)]
pub struct EventStream(Mutex<Option<keysecure::EventStream>>);

impl EventStream {
    pub(crate) fn new(stream: keysecure::EventStream) -> Self {
        Self(Mutex::new(Some(stream)))
    }
}

#[uniffi::export]
impl EventStream {
    /// Returns the next chunk; an empty text if there is none now; none if the stream has ended. It does not wait.
    pub fn poll(&self) -> Option<String> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chunk = stream.as_mut()?.wait_for_chunk(Duration::ZERO);
        if chunk.is_none() {
            *stream = None;
        }
        chunk
    }

    /// Ends the stream.
    pub fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EventStream").finish_non_exhaustive()
    }
}

/// Returns the headers of a response that streams events.
#[uniffi::export]
pub fn event_headers() -> Vec<RelayHeader> {
    let headers = keysecure::EventStream::HEADERS.into_iter();
    headers.map(|(name, value)| RelayHeader { name: name.to_owned(), value: value.to_owned() }).collect()
}

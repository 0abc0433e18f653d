//! Buffers of webhooks that are kept for the apps of their cardholders.

mod memory;
#[cfg(feature = "redis")]
mod shared;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
pub(super) use memory::MemoryEvents;

#[cfg(feature = "redis")]
use super::digest::DigestKey;
use crate::error::Error;
#[cfg(feature = "redis")]
use crate::store::RedisStore;

/// Time for which an event is kept.
const KEPT_FOR: Duration = Duration::from_secs(3600);

/// Where a [`Relay`](crate::Relay) keeps the events of cardholders for apps that connect again; a setting of
/// [`RelayBuilder::events`](crate::RelayBuilder::events).
///
/// | buffer | use it when |
/// |---|---|
/// | `memory` (default) | one process serves the relay. Apps get the webhooks that this process publishes |
/// | `redis:` | several processes do (cargo feature `redis`). Each app gets the webhooks that any of them publishes, and may connect to another process |
///
/// Redis, version 5 or later, holds the data of the webhooks as the app gets it, for one hour. It holds no session and no secret
/// of a card; the keys are digests. While it cannot be reached, an app gets what the process that it is connected to publishes;
/// afterwards the stream of each cardholder whose event was not kept has a `reset`. No failure of it is an error of
/// [`publish`](crate::Relay::publish), which it delays by 0.6 s at most.
///
/// # Examples
///
/// ```
/// use keysecure::EventBuffer;
///
/// let buffer: EventBuffer = "memory".parse()?;
/// # Ok::<(), keysecure::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct EventBuffer(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    Memory,
    #[cfg(feature = "redis")]
    Redis(RedisStore),
}

impl EventBuffer {
    /// Returns the buffer in the memory of the relay.
    pub fn memory() -> Self {
        Self(Kind::Memory)
    }

    /// Returns the buffer in a Redis.
    #[cfg(feature = "redis")]
    pub fn redis(store: RedisStore) -> Self {
        Self(Kind::Redis(store))
    }

    /// Creates the buffer of a merchant, of the last `most` events of each cardholder.
    pub(super) fn open(self, merchant: &str, most: usize, epoch: &str) -> Arc<dyn Events> {
        let most = most.max(1);
        match self.0 {
            Kind::Memory => {
                let _ = merchant;
                Arc::new(memory::MemoryEvents::new(most, epoch.to_owned()))
            }
            #[cfg(feature = "redis")]
            Kind::Redis(store) => shared::SharedEvents::start(store, DigestKey::new(merchant.as_bytes()), most),
        }
    }
}

#[cfg(feature = "redis")]
impl From<RedisStore> for EventBuffer {
    fn from(store: RedisStore) -> Self {
        Self::redis(store)
    }
}

impl FromStr for EventBuffer {
    type Err = Error;

    /// Parses `memory`, or a URL that starts with `redis://`, `rediss://` or `redis+unix://`.
    ///
    /// Errors do not repeat the text, which may contain a password.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "memory" {
            return Ok(Self::memory());
        }
        if !["redis://", "rediss://", "redis+unix://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(Error::config("events must be memory or redis://HOST"));
        }
        #[cfg(feature = "redis")]
        return RedisStore::open(text).map(Self::redis);
        #[cfg(not(feature = "redis"))]
        return Err(Error::config("this build has no Redis buffer of events: enable the cargo feature redis"));
    }
}

impl fmt::Debug for EventBuffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::Memory => "EventBuffer::Memory",
            #[cfg(feature = "redis")]
            Kind::Redis(_) => "EventBuffer::Redis",
        })
    }
}

/// The events of all cardholders.
pub(super) trait Events: Send + Sync {
    /// Keeps an event of a cardholder and wakes its readers.
    fn publish(&self, cardholder_no: &str, name: &'static str, data: &str);

    /// Creates a reader of a cardholder's events: of those to come, or of those after the event with this id.
    fn open(self: Arc<Self>, cardholder_no: &str, last_id: Option<&str>) -> (Opening, Box<dyn EventReader>);
}

/// Where a reader begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// Id of the position. `None` while it is not known.
    pub id: Option<String>,
    /// Whether events may be missing before it.
    pub is_lost: bool,
}

/// A reader of a cardholder's events.
pub(super) trait EventReader: Send + Sync {
    /// Waits for events.
    fn read(&mut self, timeout: Duration) -> News;
}

/// What there is for a reader.
#[derive(Debug)]
pub(super) enum News {
    /// Events, in their order. None if the time ran out.
    Events(Vec<Kept>),
    /// Events before this position may be missing.
    Reset(Option<String>),
}

/// An event of a cardholder.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// `None` if the buffer could not keep it: after a new connection it is not found again.
    pub id: Option<String>,
    /// Name of the action.
    pub name: Arc<str>,
    /// The data as JSON in one line.
    pub data: Arc<str>,
}

/// JSON in one line: a line end in it is white space, because within a string it is written as an escape.
fn one_line(data: &str) -> Arc<str> {
    data.replace(['\r', '\n'], " ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_a_buffer_and_no_error_repeats_it() {
        assert_eq!(format!("{:?}", "memory".parse::<EventBuffer>().unwrap()), "EventBuffer::Memory");
        for text in ["", "Memory", "file:/x", "postgres://:hunter2@host/", "redis://:hunter2@host:port/"] {
            let error = text.parse::<EventBuffer>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        #[cfg(feature = "redis")]
        {
            let buffer = "redis://:hunter2@127.0.0.1/".parse::<EventBuffer>().unwrap();
            assert_eq!(format!("{buffer:?}"), "EventBuffer::Redis");
        }
    }
}

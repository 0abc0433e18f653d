//! The stream of a session's events, as server-sent events.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::events::{EventReader, Events, News, Opening};
use super::places::Place;

/// Time after which a stream without events sends a comment, so that no proxy takes it for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Stream of a cardholder's webhooks, from [`Relay::events`](crate::Relay::events).
///
/// Respond with status 200 and [`HEADERS`](Self::HEADERS), and write each chunk as it comes, without a `Content-Length`. As an
/// iterator it blocks until the next chunk, 15 seconds at most, and ends when the session is due to be authorized again: the app
/// then connects once more. Drop it when the app has gone.
pub struct EventStream {
    reader: Box<dyn EventReader>,
    cardholder_no: String,
    /// What is sent before the first event.
    opening: Option<String>,
    ends: Instant,
    last_chunk: Instant,
    _place: Place,
}

impl EventStream {
    /// The headers of the response.
    pub const HEADERS: [(&'static str, &'static str); 3] = [
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-store"),
        // Proxies such as nginx would collect the chunks.
        ("X-Accel-Buffering", "no"),
    ];

    pub(super) fn new(
        events: Arc<dyn Events>,
        cardholder_no: &str,
        last_id: Option<&str>,
        lasts: Duration,
        place: Place,
    ) -> Self {
        let now = Instant::now();
        let (Opening { id, is_lost }, reader) = events.open(cardholder_no, last_id);
        let opening = if is_lost {
            reset(id.as_deref())
        } else {
            // The id alone: an app that loses the connection before the first event knows where it was.
            format!(": connected\n{}\n", id_line(id.as_deref()))
        };
        Self {
            reader,
            cardholder_no: cardholder_no.to_owned(),
            opening: Some(opening),
            ends: now + lasts,
            last_chunk: now,
            _place: place,
        }
    }

    /// Waits for the next chunk, `timeout` at most. An empty text if there is none by then; `None` if the stream has ended.
    ///
    /// For servers that must look at the connection from time to time; others use the iterator.
    pub fn wait_for_chunk(&mut self, timeout: Duration) -> Option<String> {
        if let Some(opening) = self.opening.take() {
            return Some(self.sent(opening));
        }
        let left = self.ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        let quiet = HEARTBEAT.saturating_sub(self.last_chunk.elapsed());
        match self.reader.read(timeout.min(quiet).min(left)) {
            News::Reset(id) => Some(self.sent(reset(id.as_deref()))),
            News::Events(events) if events.is_empty() => {
                let is_due = self.last_chunk.elapsed() >= HEARTBEAT;
                Some(if is_due { self.sent(":\n\n".to_owned()) } else { String::new() })
            }
            News::Events(events) => {
                let chunk = events.iter().map(|event| {
                    format!("{}event: {}\ndata: {}\n\n", id_line(event.id.as_deref()), event.name, event.data)
                });
                let chunk = chunk.collect();
                Some(self.sent(chunk))
            }
        }
    }

    fn sent(&mut self, chunk: String) -> String {
        self.last_chunk = Instant::now();
        chunk
    }
}

/// The event that tells an app to read its lists again.
fn reset(id: Option<&str>) -> String {
    format!("{}event: reset\ndata: {{}}\n\n", id_line(id))
}

/// Without it, the app stays at the id that it has.
fn id_line(id: Option<&str>) -> String {
    id.map(|id| format!("id: {id}\n")).unwrap_or_default()
}

impl Iterator for EventStream {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            match self.wait_for_chunk(HEARTBEAT)? {
                chunk if chunk.is_empty() => {}
                chunk => return Some(chunk),
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EventStream").field("cardholder_no", &self.cardholder_no).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::MemoryEvents;
    use super::super::places::Places;
    use super::*;

    const SOON: Duration = Duration::from_millis(10);

    #[test]
    fn a_stream_opens_with_its_id_and_ends_with_its_time() {
        let streams = Places::new(4);
        let buffer: Arc<dyn Events> = Arc::new(MemoryEvents::new(10, "e1".to_owned()));
        let open = |last_id: Option<&str>| {
            let place = streams.take("s", "1001").unwrap();
            EventStream::new(Arc::clone(&buffer), "1001", last_id, Duration::from_millis(60), place)
        };
        let mut stream = open(None);
        let opening = stream.wait_for_chunk(SOON).unwrap();
        let id = opening.strip_prefix(": connected\nid: ").unwrap().trim_end();
        assert!(id.starts_with("e1-") && opening.ends_with("\n\n"), "{opening}");
        assert_eq!(stream.wait_for_chunk(SOON).unwrap(), "");
        buffer.publish("1001", "Consumption", "{\"a\":\n1}");
        let event = stream.next().unwrap();
        assert!(
            event.starts_with("id: e1-") && event.ends_with("\nevent: Consumption\ndata: {\"a\": 1}\n\n"),
            "{event}"
        );
        assert_eq!(stream.next(), None);
        let lost = open(Some("e0-7")).next().unwrap();
        assert!(lost.starts_with("id: e1-") && lost.ends_with("\nevent: reset\ndata: {}\n\n"), "{lost}");
        assert_eq!(open(Some(id)).nth(1).unwrap(), event);
    }
}

//! The clock of a process whose sleeps take almost no time.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{Clock, Interrupted};

/// A sleep takes this fraction of its time, so that a process that waits for another one gives up the processor.
const SHARE: u32 = 100;
/// The longest real sleep.
const LONGEST: Duration = Duration::from_millis(2);
/// The platform's clock is advanced in steps of this length.
const STEP: Duration = Duration::from_secs(1);

/// A clock that skips its sleeps and advances the platform's clock, through the sandbox's control calls.
pub(super) struct FleetClock {
    start: Instant,
    wrong_by: Duration,
    is_late: bool,
    control: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    skipped: Duration,
    /// The time by which the platform's clock is still to be advanced.
    owed: Duration,
    connection: Option<BufReader<TcpStream>>,
}

impl FleetClock {
    /// Creates a clock with an offset in milliseconds that advances the clock of the sandbox at that control URL.
    pub(super) fn new(wrong_by_ms: i64, control_url: &str) -> Self {
        Self {
            start: Instant::now(),
            wrong_by: Duration::from_millis(wrong_by_ms.unsigned_abs()),
            is_late: wrong_by_ms < 0,
            control: control_url.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            state: Mutex::default(),
        }
    }

    fn skipped(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).skipped
    }
}

impl State {
    fn advance(&mut self, control: &str) -> io::Result<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(TcpStream::connect(control)?),
        };
        let body = format!("{{\"ms\":{}}}", self.owed.as_millis());
        let head = format!("POST /clock/advance HTTP/1.1\r\nHost: {control}\r\nContent-Length: {}\r\n\r\n", body.len());
        connection.get_mut().write_all([head, body].concat().as_bytes())?;
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?;
                }
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        io::copy(&mut connection.by_ref().take(length), &mut io::sink())?;
        self.connection = Some(connection);
        self.owed = Duration::ZERO;
        Ok(())
    }
}

impl Clock for FleetClock {
    fn now(&self) -> SystemTime {
        let now = SystemTime::now() + self.skipped();
        if self.is_late { now - self.wrong_by } else { now + self.wrong_by }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed() + self.skipped()
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        std::thread::sleep((duration / SHARE).min(LONGEST));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.owed += duration;
        if state.owed >= STEP {
            // If the sandbox does not respond, its clock is late: one more disturbance. The next sleep tries again.
            let _ = state.advance(&self.control);
        }
        state.skipped += duration;
        Ok(())
    }
}

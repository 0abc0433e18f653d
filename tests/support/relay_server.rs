//! A relay behind HTTP on loopback, with sessions for tests.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use keysecure::{
    Client, Decimal, FileStore, Grant, MemoryStore, Relay, RelayRequest, RelayResponse, Scope, Store, WebhookVerifier,
};

use super::acceptor::Acceptor;
use super::aged_store::AgedStore;
use super::clock::TestClock;
use super::http::{RecordedRequest, WholeRequest, http, read_request, read_some};

/// The largest request that the server reads, head and body. The relay itself refuses bodies of more than 16 KiB.
const MAX_REQUEST: usize = 80 * 1024;
/// Where the server takes webhooks, to pass them on to the apps.
const WEBHOOKS: &str = "/webhooks";
/// What a session may move in one transfer and in one day, unless its token says less.
const GENEROUS: i64 = 1_000_000_000;

const USAGE: &str = "\
Usage: relay_server BASE_URL API_KEY API_SECRET [STORE] [--timeout-ms N] [--clock-wrong-by-ms N]

Serves apps over HTTP on loopback. Prints its URL on the first line, and ends when standard input ends.

  STORE                   memory (default), aged-memory (knows that a reference is new), file:DIRECTORY or redis://HOST
  --timeout-ms N          timeout of the calls to the platform
  --clock-wrong-by-ms N   offset of this process's clock

Sessions: session-NO may do everything for the cardholder NO, session-NO-read may read, session-NO-max-N may move N TUSDT a day.
Webhooks sent to URL/webhooks are verified and passed on to the event streams.
";

/// A relay that is served over HTTP. It accepts no connections after it was dropped.
#[derive(Debug)]
pub struct RelayServer {
    acceptor: Acceptor,
}

impl RelayServer {
    /// Serves the apps of a client on a free port of loopback. `client` needs a store.
    ///
    /// # Errors
    ///
    /// If the client cannot be a relay's, or no port is free.
    pub fn start(client: &Client) -> Result<Self, Box<dyn Error + Send + Sync>> {
        // Tests make many requests in a short time.
        let relay = Relay::builder(client, test_session).requests_per_second(100_000).build()?;
        let verifier = client.webhook_verifier()?;
        let server = Arc::new(Server { relay, verifier });
        let acceptor = Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), move |stream| {
            let server = Arc::clone(&server);
            // An error is an app that went away.
            std::thread::spawn(move || server.serve(stream));
        })?;
        Ok(Self { acceptor })
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }
}

/// The scope of a test's session, by its token: see the usage of `relay_server`.
pub fn test_session(request: &RelayRequest<'_>) -> Option<Scope> {
    let token = request.bearer()?.strip_prefix("session-")?;
    let (cardholder_no, may) = token.split_once('-').map_or((token, ""), |(number, may)| (number, may));
    let scope = Scope::cardholder(cardholder_no);
    let everything = |max_per_day: Decimal| {
        Some(
            scope
                .clone()
                .grants(Grant::ALL)
                .max_transfer(GENEROUS.into())
                .max_per_day(max_per_day)
                .max_cards_per_day(u32::MAX),
        )
    };
    match may {
        "" => everything(GENEROUS.into()),
        "read" => Some(scope.read_only()),
        limited => everything(limited.strip_prefix("max-")?.parse().ok()?),
    }
}

/// Runs the program `relay_server` with its arguments.
///
/// # Errors
///
/// If the arguments are wrong, or the relay cannot be served.
pub fn relay_server(arguments: &[String]) -> Result<(), Box<dyn Error + Send + Sync>> {
    let [base_url, api_key, api_secret, options @ ..] = arguments else { return Err(USAGE.into()) };
    let mut builder = Client::builder(api_key.as_str(), api_secret.as_str()).base_url(base_url);
    let mut store = "memory";
    let mut words = options.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|value| value.parse::<i64>().ok()).ok_or(USAGE);
        builder = match word.as_str() {
            "--timeout-ms" => builder.timeout(Duration::from_millis(number()?.unsigned_abs())),
            "--clock-wrong-by-ms" => builder.clock(Arc::new(TestClock::wrong_by(number()?))),
            option if option.starts_with("--") => return Err(USAGE.into()),
            text => {
                store = text;
                builder
            }
        };
    }
    let server = RelayServer::start(&builder.store(open(store)?).build()?)?;
    let mut out = io::stdout();
    writeln!(out, "{}", server.url())?;
    out.flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn open(store: &str) -> Result<Store, Box<dyn Error + Send + Sync>> {
    if store == "memory" {
        return Ok(MemoryStore::new().into());
    }
    if store == "aged-memory" {
        return Ok(AgedStore::default().into());
    }
    if let Some(directory) = store.strip_prefix("file:") {
        return Ok(FileStore::open(directory)?.into());
    }
    #[cfg(feature = "redis")]
    if store.starts_with("redis") {
        return Ok(keysecure::RedisStore::open(store)?.into());
    }
    Err(format!("there is no store {store}").into())
}

struct Server {
    relay: Relay,
    verifier: WebhookVerifier,
}

impl Server {
    /// Serves the requests of a connection, one after the other.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(Duration::from_secs(10)))?;
        let mut buffer = Vec::new();
        loop {
            // So that a request of any size is refused by its size, not read.
            let is_whole = fill(&mut stream, &mut buffer)?;
            let request = match is_whole {
                Some(true) => read_request(&mut stream, &mut buffer)?,
                Some(false) => {
                    stream.write_all(&http("413 Content Too Large", &["Connection: close"], b""))?;
                    return stream.shutdown(Shutdown::Both);
                }
                None => None,
            };
            let Some(request) = request else { return Ok(()) };
            let headers: Vec<(&str, &str)> = request.headers.iter().filter_map(|line| line.split_once(": ")).collect();
            let asked =
                RelayRequest { method: &request.method, path: &request.target, headers: &headers, body: &request.body };
            if self.relay.is_events(&asked) {
                return self.stream(&mut stream, &asked);
            }
            let response =
                if request.target == WEBHOOKS { self.webhook(&request) } else { whole(&self.relay.handle(&asked)) };
            stream.write_all(&response)?;
        }
    }

    fn webhook(&self, request: &RecordedRequest) -> Vec<u8> {
        let headers = request.headers.iter().filter_map(|line| line.split_once(": "));
        match self.verifier.verify(headers, &request.body) {
            Ok(webhook) => {
                self.relay.publish(&webhook.event);
                http("200 OK", &["Content-Type: application/json"], keysecure::reply_accept().as_bytes())
            }
            Err(error) => http("400 Bad Request", &[], error.to_string().as_bytes()),
        }
    }

    /// Sends the events as chunks until the stream ends or the app has gone.
    fn stream(&self, stream: &mut TcpStream, request: &RelayRequest<'_>) -> io::Result<()> {
        let mut events = match self.relay.events(request) {
            Ok(events) => events,
            Err(refusal) => return stream.write_all(&whole(&refusal)),
        };
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")?;
        for (name, value) in keysecure::EventStream::HEADERS {
            write!(stream, "{name}: {value}\r\n")?;
        }
        stream.write_all(b"\r\n")?;
        stream.set_read_timeout(Some(Duration::from_millis(1)))?;
        while let Some(chunk) = events.wait_for_chunk(Duration::from_millis(200)) {
            if !chunk.is_empty() {
                stream.write_all(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes())?;
            } else if matches!(stream.read(&mut [0]), Ok(0)) {
                return Ok(());
            }
        }
        stream.write_all(b"0\r\n\r\n")?;
        stream.shutdown(Shutdown::Both)
    }
}

/// Reads until the buffer holds a whole request. `false` if it is too large, `None` at the end of the connection.
fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    while WholeRequest::parse(buffer).is_none() {
        if buffer.len() > MAX_REQUEST {
            return Ok(Some(false));
        }
        if read_some(stream, buffer)? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(true))
}

fn whole(response: &RelayResponse) -> Vec<u8> {
    let headers: Vec<String> = response.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    http(&format!("{} Relay", response.status), &headers, &response.body)
}

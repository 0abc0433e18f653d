//! Relays that share the events of their cardholders in a real Redis.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{
    Client, Event, EventBuffer, EventStream, Grant, RedisStore, Relay, RelayBuilder, RelayRequest, Scope, Store,
};
use keysecure_tests::{capture_logs, warnings};

use crate::redis::Server;

const SECRET: &str = "apisecret-of-16b";
const SESSION: &str = "session-token";
/// Time limit of what happens within milliseconds.
const AT_MOST: Duration = Duration::from_secs(20);

/// A server of the merchant's: a process would have another relay, with nothing but Redis in common.
fn relay_with(server: &Server, settings: impl FnOnce(RelayBuilder) -> RelayBuilder) -> Relay {
    let client = Client::builder("ak_1", SECRET).store(Store::memory()).build().unwrap();
    let builder = Relay::builder(&client, |request| {
        let own = request.bearer()?.strip_prefix(SESSION)?;
        Some(Scope::cardholder(own).grant(Grant::Events))
    });
    settings(builder.events(RedisStore::open(server.url()).unwrap())).build().unwrap()
}

fn relay(server: &Server) -> Relay {
    relay_with(server, |builder| builder)
}

/// A purchase of a cardholder.
fn publish(relay: &Relay, cardholder_no: &str, consume_no: &str) {
    let client = Client::builder("ak_1", SECRET).build().unwrap();
    let json = format!(
        r#"{{"id":"1","action":"Consumption","data":{{"consume_no":"{consume_no}","cardholder_no":"{cardholder_no}","status":"Success","amount":1,"fee_detail":[]}}}}"#
    );
    let verifier = client.webhook_verifier().unwrap();
    let headers = verifier.sign_for_tests(SystemTime::now(), json.as_bytes()).unwrap();
    let event: Event = verifier.verify(headers, json.as_bytes()).unwrap().event;
    relay.publish(&event);
}

/// An app, which remembers the last id as the rules of server-sent events say.
struct App {
    stream: EventStream,
    id: Option<String>,
    /// Purchases, and `reset`.
    received: Vec<String>,
}

impl App {
    fn open(relay: &Relay, cardholder_no: &str, last_id: Option<&str>) -> Self {
        let bearer = format!("Bearer {SESSION}{cardholder_no}");
        let mut headers = vec![("Authorization", &*bearer)];
        headers.extend(last_id.map(|id| ("Last-Event-ID", id)));
        let request = RelayRequest { method: "GET", path: "/v1/events", headers: &headers, body: b"" };
        let mut app =
            Self { stream: relay.events(&request).unwrap(), id: last_id.map(str::to_owned), received: Vec::new() };
        app.read(Duration::ZERO);
        app
    }

    fn again(self, relay: &Relay, cardholder_no: &str) -> Self {
        Self::open(relay, cardholder_no, self.id.as_deref())
    }

    fn read(&mut self, timeout: Duration) {
        let chunk = self.stream.wait_for_chunk(timeout).unwrap();
        for line in chunk.lines() {
            if let Some(id) = line.strip_prefix("id: ") {
                self.id = Some(id.to_owned());
            } else if line == "event: reset" {
                self.received.push("reset".to_owned());
            } else if let Some((_, rest)) = line.split_once(r#""consume_no":""#) {
                self.received.push(rest.split('"').next().unwrap().to_owned());
            }
        }
    }

    /// Reads until this many purchases and resets are there.
    fn expect(&mut self, received: &[&str]) {
        let end = Instant::now() + AT_MOST;
        while self.received.len() < received.len() && Instant::now() < end {
            self.read(Duration::from_millis(50));
        }
        // One more look: nothing else comes.
        self.read(Duration::from_millis(50));
        assert_eq!(self.received, received);
    }

    /// Whether this purchase comes in that time.
    fn receives(&mut self, consume_no: &str, in_time: Duration) -> bool {
        let end = Instant::now() + in_time;
        while !self.received.iter().any(|one| one == consume_no) && Instant::now() < end {
            self.read(Duration::from_millis(50));
        }
        self.received.iter().any(|one| one == consume_no)
    }

    /// Reads until a reset is there. Events before it may be there or not.
    fn expect_reset(&mut self) {
        let end = Instant::now() + AT_MOST;
        while self.received.last().is_none_or(|last| last != "reset") {
            assert!(Instant::now() < end, "no reset: {:?}", self.received);
            self.read(Duration::from_millis(50));
        }
        self.received.clear();
    }
}

/// Sends one command to Redis and returns the lines of the reply that are not lengths.
fn ask(server: &Server, command: &str) -> Vec<String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    (&stream).write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).unwrap();
    BufReader::new(&stream).lines().map_while(Result::ok).filter(|line| !line.starts_with(['$', '*', '+'])).collect()
}

fn keys(server: &Server, pattern: &str) -> Vec<String> {
    ask(server, &format!("KEYS {pattern}"))
}

#[test]
fn an_app_gets_what_any_relay_publishes_and_resumes_at_another() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (relay(&server), relay(&server));
    let mut app = App::open(&one, "1001", None);
    let mut stranger = App::open(&one, "1002", None);
    publish(&other, "1001", "a");
    publish(&one, "1001", "b");
    publish(&other, "1001", "c");
    app.expect(&["a", "b", "c"]);
    // Away for a while, and back at the other relay.
    let id = app.id.clone().unwrap();
    drop(app);
    publish(&one, "1001", "d");
    publish(&other, "1001", "e");
    let mut app = App::open(&other, "1001", Some(&id));
    app.expect(&["d", "e"]);
    publish(&one, "1001", "f");
    app.expect(&["d", "e", "f"]);
    stranger.expect(&[]);
    // The id of another cardholder gives nothing of their events.
    App::open(&other, "1002", Some(&id)).expect(&[]);
}

#[test]
fn an_app_resumes_at_a_relay_that_was_restarted() {
    let Some(server) = Server::start() else { return };
    let first = relay(&server);
    let mut app = App::open(&first, "1001", None);
    publish(&first, "1001", "a");
    app.expect(&["a"]);
    publish(&first, "1001", "b");
    let id = app.id.clone().unwrap();
    drop((app, first));
    let restarted = relay(&server);
    publish(&restarted, "1001", "c");
    App::open(&restarted, "1001", Some(&id)).expect(&["b", "c"]);
}

#[test]
fn an_id_that_redis_does_not_reach_is_reset() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (relay_with(&server, |relay| relay.events_kept(2)), relay(&server));
    let id = App::open(&one, "1001", None).id.unwrap();
    for consume_no in ["a", "b"] {
        publish(&one, "1001", consume_no);
    }
    App::open(&other, "1001", Some(&id)).expect(&["a", "b"]);
    publish(&one, "1001", "c");
    let (epoch, number) = id.rsplit_once('-').unwrap();
    let hours = |ago: u64| format!("{epoch}-{}", number.parse::<u64>().unwrap() - ago * 3_600_000_000);
    let (late, other_epoch) = (format!("{epoch}-99999999999999999"), format!("0123456789abcdef-{number}"));
    for lost in [&*id, &*hours(2), &*late, &*other_epoch, "", "-", "x", "1-1"] {
        let mut app = App::open(&other, "1001", Some(lost));
        app.expect(&["reset"]);
        // From here on nothing is missing.
        app.again(&one, "1001").expect(&[]);
    }
}

#[test]
fn many_events_at_once_arrive_in_order_at_all_readers() {
    let Some(server) = Server::start() else { return };
    let relays = [relay(&server), relay(&server)];
    let mut apps: Vec<App> =
        (0..4).map(|place| App::open(&relays[place % 2], &format!("{}", place / 2), None)).collect();
    std::thread::scope(|scope| {
        for (place, relay) in relays.iter().enumerate() {
            scope.spawn(move || {
                (0..40).for_each(|number| publish(relay, &format!("{}", number % 2), &format!("{place}-{number}")));
            });
        }
    });
    for app in &mut apps {
        let end = Instant::now() + AT_MOST;
        while app.received.len() < 40 && Instant::now() < end {
            app.read(Duration::from_millis(50));
        }
        assert_eq!(app.received.len(), 40);
    }
    assert_eq!(apps[0].received, apps[1].received, "one order for all");
    assert_eq!(apps[2].received, apps[3].received, "one order for all");
}

#[test]
fn without_its_redis_an_app_gets_what_its_own_relay_publishes() {
    let Some(mut server) = Server::start() else { return };
    capture_logs();
    let said = || warnings().iter().filter(|line| line.text.contains("Redis of the events")).count();
    let before = said();
    let (one, other) = (relay(&server), relay(&server));
    let mut app = App::open(&one, "1001", None);
    let mut elsewhere = App::open(&other, "1001", None);
    publish(&one, "1001", "a");
    app.expect(&["a"]);
    elsewhere.expect(&["a"]);
    let id = app.id.clone();
    server.stop();
    publish(&one, "1001", "b");
    app.expect(&["a", "b"]);
    assert_eq!(app.id, id, "an event that is not kept has no id");
    // An app that connects now gets the events of its relay as well.
    let mut late = App::open(&one, "1001", id.as_deref());
    late.expect(&["reset"]);
    publish(&one, "1001", "c");
    app.expect(&["a", "b", "c"]);
    late.expect(&["reset", "c"]);
    elsewhere.expect(&["a"]);
    assert!(said() > before, "{:?}", warnings());
    // This Redis has forgotten everything: each app reads its lists again.
    server.start_again();
    for app in [&mut app, &mut elsewhere, &mut late] {
        app.expect_reset();
    }
    // Then all apps get the same events again. Not at once: a relay does not use a Redis for a second after a failure, and
    // what was published before a reset for the events that `one` could not keep is in the lists that an app reads again.
    let end = Instant::now() + AT_MOST;
    for number in 0.. {
        let published = format!("d{number}");
        publish(&one, "1001", &published);
        let apps = [&mut app, &mut elsewhere, &mut late];
        if apps.into_iter().all(|app| app.receives(&published, Duration::from_millis(200))) {
            break;
        }
        assert!(Instant::now() < end, "{:?}, {:?}, {:?}", app.received, elsewhere.received, late.received);
    }
    App::open(&other, "1001", id.as_deref()).expect(&["reset"]);
}

#[test]
fn an_event_that_redis_did_not_keep_is_missing_for_its_cardholder_only() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (relay(&server), relay(&server));
    let mut stranger = App::open(&other, "1002", None);
    let mut app = App::open(&other, "1001", None);
    // Scripts that write fail; the rest of this Redis, and what it holds, is as before.
    ask(&server, "CONFIG SET min-replicas-to-write 1");
    publish(&one, "1001", "a");
    ask(&server, "CONFIG SET min-replicas-to-write 0");
    app.expect_reset();
    App::open(&one, "1001", app.id.as_deref()).expect(&[]);
    publish(&one, "1001", "b");
    app.expect(&["b"]);
    publish(&one, "1002", "c");
    stranger.expect(&["c"]);
}

#[test]
fn redis_holds_webhooks_for_a_time_and_nothing_secret() {
    let Some(server) = Server::start() else { return };
    let relay = relay(&server);
    let app = App::open(&relay, "77001", None);
    publish(&relay, "77001", "a");
    let names = keys(&server, "*");
    assert_eq!(names.len(), 3, "{names:?}");
    for name in &names {
        assert!(name.starts_with("keysecure:events:") && !name.contains("77001"), "{name}");
        let left = ask(&server, &format!("TTL {name}")).join("");
        let left: i64 = left.trim_start_matches(':').parse().unwrap();
        assert!(left > 0 && left <= 7 * 24 * 3600, "{name}: {left}");
        for command in [format!("HGETALL {name}"), format!("ZRANGE {name} 0 -1"), format!("XRANGE {name} - +")] {
            let held = ask(&server, &command).join("\n");
            assert!(!held.contains(SECRET) && !held.contains(SESSION) && !held.contains("ak_1"), "{held}");
        }
    }
    drop(app);
}

#[test]
fn a_text_opens_the_same_events() {
    let Some(server) = Server::start() else { return };
    let one = relay(&server);
    let other = relay_with(&server, |builder| builder.events(server.url().parse::<EventBuffer>().unwrap()));
    let mut app = App::open(&one, "1001", None);
    publish(&other, "1001", "a");
    app.expect(&["a"]);
}

//! TLS, proxies, other transports, closing, and what is left behind.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use keysecure::{
    Client, Environment, ErrorKind, Method, Outcome, Request, Response, SimulationRequest, Transfer, TransferType,
    Transport, TransportError, TransportFault,
};
use keysecure_tests::{
    ConnectProxy, MockServer, RecordedRequest, TestClock, TestEnv, TlsServer, another_root, cents, envelope,
    free_address,
};

const KEY: (&str, &str) = ("key", "0123456789abcdef");

/// A simulation call needs no token: its own request is the first.
fn purchase() -> SimulationRequest {
    SimulationRequest { card_no: Some("17".into()), amount: Some(cents(1_00)), ..SimulationRequest::default() }
}

fn transfer(env: &TestEnv, unique_no: &str) -> Transfer {
    Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: unique_no.to_owned(),
        r#type: TransferType::In,
        amount: cents(1_00),
    }
}

fn tls_client(host: &str, port: u16, root: Option<&str>) -> Client {
    let builder = Client::builder(KEY.0, KEY.1)
        .base_url(format!("https://{host}:{port}"))
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .timeout(Duration::from_secs(5));
    match root {
        Some(pem) => builder.ca_pem(pem).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

#[test]
fn a_server_whose_root_is_trusted_by_ca_pem_is_talked_to() {
    for host in ["localhost", "127.0.0.1"] {
        let server = TlsServer::start(host, false, envelope(r#"{"consume_no":"99"}"#)).unwrap();
        let both = format!("{}\n{}", another_root().unwrap(), server.root_pem());
        for root in [server.root_pem(), both.as_str()] {
            let client = tls_client(host, server.port(), Some(root));
            let made = client.simulation().auth(&purchase()).unwrap();
            assert_eq!(made.consume_no.as_deref(), Some("99"));
            client.close();
        }
        assert_eq!(server.requests(), 2);
    }
}

#[test]
fn a_certificate_that_is_not_to_be_trusted_is_refused_before_anything_is_sent() {
    let good = TlsServer::start("localhost", false, envelope("{}")).unwrap();
    let expired = TlsServer::start("localhost", true, envelope("{}")).unwrap();
    let another = another_root().unwrap();
    for (name, host, server, root) in [
        ("another root", "localhost", &good, Some(another.as_str())),
        ("only the built-in roots", "localhost", &good, None),
        ("another host", "127.0.0.1", &good, Some(good.root_pem())),
        ("an expired certificate", "localhost", &expired, Some(expired.root_pem())),
    ] {
        let client = tls_client(host, server.port(), root);
        let error = client.simulation().auth(&purchase()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::NotSent), "{name}: {error}");
        assert!(error.to_string().contains("TLS"), "{name}: {error}");
        let error = client.cards().freeze("17").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::NotSent), "{name}: {error}");
        let error = client.cards().get("17").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::NotSent), "{name}: {error}");
    }
    assert_eq!((good.requests(), expired.requests()), (0, 0));
}

#[test]
fn a_server_without_tls_behind_https_gets_no_request() {
    let plain =
        MockServer::start(|_| keysecure_tests::MockResponse::Close(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()))
            .unwrap();
    let client = Client::builder(KEY.0, KEY.1)
        .base_url(format!("https://localhost:{}", plain.port()))
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    let error = client.simulation().auth(&purchase()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout), "{error}");
    assert_eq!(error.outcome(), Outcome::NotSent, "{error}");
    assert!(plain.requests().is_empty());
}

#[test]
fn plain_http_leaves_the_machine_under_no_name() {
    for url in [
        "http://openplatform.keysecure.io",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://[::2]",
        "http://0.0.0.0",
        "http://127.0.0.1@example.com",
        "HTTP://openplatform.keysecure.io",
        "http:openplatform.keysecure.io",
    ] {
        let error = Client::builder(KEY.0, KEY.1).base_url(url).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    }
}

#[test]
fn an_explicit_proxy_is_used_for_every_connection() {
    let server = TlsServer::start("127.0.0.1", false, envelope(r#"{"consume_no":"99"}"#)).unwrap();
    let proxy = ConnectProxy::start(None).unwrap();
    let client = Client::builder(KEY.0, KEY.1)
        .base_url(format!("https://127.0.0.1:{}", server.port()))
        .ca_pem(server.root_pem())
        .proxy(format!("http://{}", proxy.address()))
        .build()
        .unwrap();
    for _ in 0..2 {
        assert_eq!(client.simulation().auth(&purchase()).unwrap().consume_no.as_deref(), Some("99"));
    }
    assert_eq!((server.requests(), proxy.tunnels()), (2, 1), "one kept-alive tunnel");
    let requests = proxy.requests();
    let tunnels = |request: &RecordedRequest| request.method == "CONNECT" && request.target.starts_with("127.0.0.1:");
    assert!(requests.iter().all(tunnels), "{requests:?}");
    let heads = format!("{requests:?}").to_lowercase();
    assert!(!heads.contains("api-key") && !heads.contains("access-token"), "the proxy learns no secret");
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_means_not_sent() {
    let server = TlsServer::start("127.0.0.1", false, envelope("{}")).unwrap();
    let refusing = |status| ConnectProxy::start(Some(status)).unwrap();
    let proxies =
        [refusing("403 Forbidden"), refusing("407 Proxy Authentication Required"), refusing("502 Bad Gateway")];
    for (name, address) in [
        ("403", proxies[0].address()),
        ("407", proxies[1].address()),
        ("502", proxies[2].address()),
        ("nobody", free_address()),
    ] {
        let client = Client::builder(KEY.0, KEY.1)
            .base_url(format!("https://127.0.0.1:{}", server.port()))
            .ca_pem(server.root_pem())
            .proxy(format!("http://user:canary-password@{address}"))
            .clock(Arc::new(TestClock::virtual_sleeps(None)))
            .build()
            .unwrap();
        let error = client.simulation().auth(&purchase()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::NotSent), "{name}: {error}");
        let shown = format!("{error} {error:?} {client:?}");
        assert!(!shown.contains("canary"), "{name}: {shown}");
    }
    assert_eq!(server.requests(), 0);
}

#[test]
fn plain_http_never_goes_through_a_proxy() {
    for hosts in [&[][..], &["127.0.0.1"]] {
        let builder = Client::builder(KEY.0, KEY.1).base_url("http://127.0.0.1:1").allow_plain_http(hosts.to_vec());
        let error = builder.proxy("http://127.0.0.1:2").build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("proxy"), "{error}");
    }
}

#[test]
fn plain_http_goes_to_listed_hosts_but_not_in_production() {
    let builder = || Client::builder(KEY.0, KEY.1).base_url("http://sandbox:8080");
    assert_eq!(builder().build().unwrap_err().kind(), ErrorKind::Config);
    builder().allow_plain_http(["Sandbox"]).build().unwrap();
    for production in [
        builder().allow_plain_http(["sandbox"]).environment(Environment::Production),
        Client::builder(KEY.0, KEY.1).allow_plain_http(["sandbox"]).environment(Environment::Production),
    ] {
        assert!(production.build().unwrap_err().to_string().contains("production"));
    }
    for host in ["http://sandbox", "sandbox:8080", ""] {
        assert_eq!(builder().allow_plain_http([host]).build().unwrap_err().kind(), ErrorKind::Config, "{host}");
    }
}

#[test]
fn bytes_that_are_left_after_a_response_are_never_taken_for_the_next() {
    // The first record of TLS holds 16,384 bytes: what follows is in the next one.
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    let response = |consume_no: &str, whole: usize| {
        let text = |filler: usize| {
            let body = format!(r#"{{"code":0,"data":{{"consume_no":"{consume_no}","x":"{}"}}}}"#, "x".repeat(filler));
            format!("{}{body}", head(body.len()))
        };
        text(2 * whole - text(whole).len()).into_bytes()
    };
    for whole in [300, 16_383, 16_384, 16_385, 32_768, 40_000] {
        // The second response is in a record of its own only where the first fills its records.
        let cuts: &[usize] = if whole % 16_384 == 0 { &[0, 1, 40, 200] } else { &[0] };
        for &hold_back in cuts {
            let right = response("99", whole);
            assert_eq!(right.len(), whole);
            let both = [right, response("66", 300)].concat();
            let server = TlsServer::start_holding_back("localhost", both, hold_back).unwrap();
            let client = tls_client("localhost", server.port(), Some(server.root_pem()));
            for _ in 0..3 {
                let made = client.simulation().auth(&purchase()).unwrap();
                assert_eq!(made.consume_no.as_deref(), Some("99"), "{whole}, {hold_back}");
            }
        }
    }
}

/// Runs one test of this program alone in a process of its own; true inside that process.
fn alone(test: &str, environment: &[(&str, &str)]) -> bool {
    const MARK: &str = "KEYSECURE_TESTS_ALONE";
    if std::env::var(MARK).is_ok_and(|name| name == test) {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(MARK, test)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
    false
}

#[test]
fn proxy_settings_of_the_environment_are_ignored() {
    let dead = "http://127.0.0.1:9";
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let environment = names.map(|name| (name, dead));
    if !alone("transport::proxy_settings_of_the_environment_are_ignored", &environment) {
        return;
    }
    assert_eq!(std::env::var("HTTP_PROXY").as_deref(), Ok(dead));
    let env = TestEnv::credit().unwrap();
    env.client.accounts().get(&env.cardholder_no).unwrap();
    let server = TlsServer::start("localhost", false, envelope(r#"{"consume_no":"99"}"#)).unwrap();
    tls_client("localhost", server.port(), Some(server.root_pem())).simulation().auth(&purchase()).unwrap();
}

/// What the system holds for this process.
fn held(what: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count()
}

const THREADS: usize = 50;

#[test]
fn fifty_parallel_connections_leave_no_thread_and_no_socket_behind() {
    if !cfg!(target_os = "linux")
        || !alone("transport::fifty_parallel_connections_leave_no_thread_and_no_socket_behind", &[])
    {
        return;
    }
    let before = (held("task"), held("fd"));
    let at_work;
    {
        let env = TestEnv::credit().unwrap();
        let all_there = Barrier::new(THREADS + 1);
        at_work = std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (env, all_there) = (&env, &all_there);
                scope.spawn(move || {
                    all_there.wait();
                    let made: Vec<_> = (0..5)
                        .map(|call| env.client.accounts().transfer(&transfer(env, &format!("{thread}-{call}"))))
                        .collect();
                    all_there.wait();
                    all_there.wait();
                    // Only now: a thread that panics earlier would leave the others at the barrier.
                    for made in made {
                        made.unwrap();
                    }
                });
            }
            all_there.wait();
            all_there.wait();
            let at_work = held("task");
            all_there.wait();
            at_work
        });
        assert_eq!(env.sandbox.transfers().len(), THREADS * 5);
        let connections: BTreeSet<_> = env.sandbox.requests().iter().map(|request| request.connection).collect();
        assert!(connections.len() <= THREADS + 1, "{} connections", connections.len());
        assert_eq!(env.sandbox.requests_to("token"), 1);
        // 50 threads of the test, two listeners and at most one thread for each connection of the sandbox: none of the SDK.
        assert!(at_work <= before.0 + THREADS + 2 + connections.len(), "{at_work} threads");
        env.client.close();
    }
    // The kernel may need a moment to forget a thread that was joined.
    let end = Instant::now() + Duration::from_secs(5);
    while (held("task"), held("fd")) != before && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((held("task"), held("fd")), before);
}

#[test]
fn a_client_that_is_dropped_or_closed_lets_go_of_its_sockets() {
    if !cfg!(target_os = "linux") || !alone("transport::a_client_that_is_dropped_or_closed_lets_go_of_its_sockets", &[])
    {
        return;
    }
    let env = TestEnv::credit().unwrap();
    let settle = |wanted: usize| {
        let end = Instant::now() + Duration::from_secs(5);
        while held("fd") != wanted && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(held("fd"), wanted);
    };
    let before = held("fd");
    for close in [false, true] {
        let client = env.builder().build().unwrap();
        client.accounts().get(&env.cardholder_no).unwrap();
        assert!(held("fd") > before);
        if close {
            client.close();
            settle(before);
        }
        drop(client);
        settle(before);
    }
}

#[test]
fn after_close_every_call_of_every_clone_is_a_clear_error_and_nothing_is_sent() {
    let env = TestEnv::credit().unwrap();
    let clone = env.client.clone();
    env.client.accounts().get(&env.cardholder_no).unwrap();
    let list = env.client.cards().packages(&keysecure::ListPackages::default());
    let sent = env.count();
    env.client.close();
    env.client.close();
    for client in [&env.client, &clone] {
        for error in [
            client.accounts().transfer(&transfer(&env, "move-1")).map(drop).unwrap_err(),
            client.accounts().get(&env.cardholder_no).map(drop).unwrap_err(),
            client.call(Method::Get, "/v1/x", None).map(drop).unwrap_err(),
            client.simulation().auth(&purchase()).map(drop).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Config, Outcome::NotSent, 0));
            assert!(error.to_string().contains("closed"), "{error}");
        }
    }
    let errors: Vec<_> = list.map(Result::unwrap_err).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(env.count(), sent);
}

#[test]
fn the_token_of_a_closed_client_is_not_given_out_either() {
    let env = TestEnv::credit().unwrap();
    env.client.access_token().unwrap();
    env.client.close();
    match env.client.access_token() {
        Ok(_) => panic!("a closed client gave its token"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Config),
    }
}

#[test]
fn closing_while_calls_are_under_way_hangs_none_of_them() {
    let env = TestEnv::credit().unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let env = &env;
            scope.spawn(move || {
                for call in 0..1_000 {
                    let unique_no = format!("{thread}-{call}");
                    if let Err(error) = env.client.accounts().transfer(&transfer(env, &unique_no)) {
                        let done =
                            env.sandbox.transfers().iter().filter(|row| row.transfer_unique_no == unique_no).count();
                        match error.outcome() {
                            Outcome::Unknown => assert!(done <= 1),
                            _ => assert_eq!(done, 0, "{error}"),
                        }
                        return;
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(30));
        env.client.close();
    });
    assert!(started.elapsed() < Duration::from_secs(5));
}

type Strings = dyn Fn(usize, &Request<'_>) -> Result<Response, TransportError> + Send + Sync;

/// A transport that does as it is told, counts, and remembers how requests print.
struct Puppet {
    answer: Box<Strings>,
    sent: AtomicUsize,
}

impl Puppet {
    fn new(
        answer: impl Fn(usize, &Request<'_>) -> Result<Response, TransportError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { answer: Box::new(answer), sent: AtomicUsize::new(0) })
    }

    fn client(self: &Arc<Self>) -> Client {
        Client::builder(KEY.0, KEY.1)
            .transport(self.clone())
            .clock(Arc::new(TestClock::virtual_sleeps(None)))
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap()
    }
}

impl Transport for Puppet {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        (self.answer)(number, request)
    }
}

#[allow(clippy::unnecessary_wraps)] // what a transport gives
fn answer(data: &str) -> Result<Response, TransportError> {
    let body = format!(r#"{{"code":0,"data":{data}}}"#).into_bytes();
    Ok(Response { status: 200, date: None, retry_after: None, body: body.into() })
}

fn token() -> Result<Response, TransportError> {
    answer(r#"{"access_token":"puppet-token","expired_time":4763800000000}"#)
}

fn is_token(request: &Request<'_>) -> bool {
    request.url.ends_with("/merchant/token")
}

#[test]
fn a_foreign_transport_that_says_not_sent_is_tried_again_and_one_that_says_maybe_is_not() {
    for fault in [
        TransportFault::Timeout,
        TransportFault::Dns,
        TransportFault::Connect,
        TransportFault::Tls,
        TransportFault::Proxy,
        TransportFault::Closed,
        TransportFault::Other,
    ] {
        let unsent = Puppet::new(move |number, _| {
            if number < 2 { Err(TransportError::not_sent(fault)) } else { answer(r#"{"consume_no":"99"}"#) }
        });
        assert_eq!(unsent.client().simulation().auth(&purchase()).unwrap().consume_no.as_deref(), Some("99"));
        assert_eq!(unsent.sent.load(Ordering::SeqCst), 3, "{fault:?}");
        let maybe = Puppet::new(move |_, _| Err(TransportError::maybe_sent(fault)));
        let error = maybe.client().simulation().auth(&purchase()).unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1), "{fault:?}");
        assert_eq!(maybe.sent.load(Ordering::SeqCst), 1, "{fault:?}");
    }
}

#[test]
fn a_foreign_transport_gets_what_it_needs_and_its_bounds() {
    let puppet = Puppet::new(|_, request| {
        assert!(request.timeout <= Duration::from_secs(5) && !request.timeout.is_zero());
        assert!(request.connect_timeout <= request.timeout);
        assert_eq!(request.max_response_bytes, 8 << 20);
        assert!(request.url.starts_with("https://sandbox-openplatform.keysecure.io/open-api/v1/"), "{}", request.url);
        let header = |name: &str| request.headers.iter().filter(|(key, _)| *key == name).count();
        assert_eq!((header("Content-Type"), header("Api-Key"), header("Timestamp")), (1, 1, 1));
        if is_token(request) {
            assert_eq!((request.method, request.body, header("Access-Token")), (Method::Get, &b""[..], 0));
            return token();
        }
        assert_eq!((request.method, header("Access-Token")), (Method::Post, 1));
        assert_eq!(request.body, br#"{"card_no":"17","status":"Frozen"}"#);
        answer(r#"{"result":true}"#)
    });
    puppet.client().cards().freeze("17").unwrap();
    assert_eq!(puppet.sent.load(Ordering::SeqCst), 2);
}

const CALLERS: usize = 8;

#[test]
fn a_transport_that_panics_hangs_no_other_thread_and_the_client_recovers() {
    for in_token in [true, false] {
        let broken = Arc::new(AtomicBool::new(true));
        let still_broken = Arc::clone(&broken);
        let puppet = Puppet::new(move |_, request| {
            std::thread::sleep(Duration::from_millis(10));
            assert!(is_token(request) != in_token || !still_broken.load(Ordering::SeqCst), "a foreign panic");
            if is_token(request) { token() } else { answer(r#"{"result":true}"#) }
        });
        let client = puppet.client();
        let started = Instant::now();
        let start = Barrier::new(CALLERS);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..CALLERS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        client.cards().freeze("17")
                    })
                })
                .collect();
            for thread in threads {
                // A panic goes up in the thread whose call it was; the others end in their own way.
                if let Ok(result) = thread.join() {
                    result.unwrap_err();
                }
            }
        });
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        broken.store(false, Ordering::SeqCst);
        client.cards().freeze("17").unwrap();
    }
}

#[test]
fn an_observer_and_a_clock_that_panic_hang_no_other_thread() {
    struct Panics(AtomicUsize);
    impl keysecure::Observer for Panics {
        fn attempt(&self, _: &keysecure::AttemptRecord) {
            assert!(self.0.fetch_add(1, Ordering::SeqCst) >= 3, "a foreign panic");
        }
    }
    let env = TestEnv::credit().unwrap();
    let client = env.builder().observer(Arc::new(Panics(AtomicUsize::new(0)))).build().unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| client.accounts().get(&env.cardholder_no).map(drop))).collect();
        let panicked = threads.into_iter().map(std::thread::ScopedJoinHandle::join).filter(Result::is_err).count();
        assert_eq!(panicked, 3);
    });
    assert!(started.elapsed() < Duration::from_secs(5));
    client.accounts().get(&env.cardholder_no).unwrap();
}

#[test]
fn a_slow_token_holds_the_waiting_threads_no_longer_than_their_own_timeout() {
    let puppet = Puppet::new(|_, request| {
        if is_token(request) {
            std::thread::sleep(Duration::from_millis(1_500));
        }
        token()
    });
    let client =
        Client::builder(KEY.0, KEY.1).transport(puppet.clone()).timeout(Duration::from_millis(200)).build().unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| client.cards().freeze("17"));
        while puppet.sent.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let error = client.cards().freeze("17").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");
        // This transport does not keep to its timeout; the thread that uses it waits for it.
        assert!(!leader.is_finished());
        let _ = leader.join().unwrap();
    });
    assert!(started.elapsed() < Duration::from_secs(5));
}

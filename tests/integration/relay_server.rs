//! The program `relay_server`, as the tests of the other languages use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use keysecure::{CardStatus, Client, EnsureOptions, Error, ErrorKind, Outcome, Secret, Transfer, TransferType};
use keysecure_sandbox::Sandbox;

/// The running program with its URL.
struct Program(Child, String);

impl Program {
    fn start(sandbox: &Sandbox) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_relay_server"))
            .args([sandbox.base_url(), sandbox.api_key(), sandbox.api_secret()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self(child, url.trim().to_owned())
    }

    fn app(&self, session: &str) -> Client {
        let session = session.to_owned();
        Client::relay(&self.1, move |_: bool| Ok(Secret::from(session.clone()))).build().unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.1.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn facts(error: &Error) -> (ErrorKind, Outcome) {
    (error.kind(), error.outcome())
}

#[test]
fn sessions_of_the_test_relay_have_the_documented_scopes() {
    let sandbox = Sandbox::start().unwrap();
    let (own, other) = (sandbox.seed_approved_cardholder(), sandbox.seed_approved_cardholder());
    let card_no = sandbox.seed_virtual_card(&own).unwrap();
    let mut program = Program::start(&sandbox);
    let transfer = |amount: i64| Transfer {
        cardholder_no: own.clone(),
        transfer_unique_no: format!("tap-{amount}"),
        r#type: TransferType::In,
        amount: amount.into(),
    };

    let all = program.app(&format!("session-{own}"));
    all.cards().freeze(&card_no).unwrap();
    assert_eq!(all.cards().get(&card_no).unwrap().status, CardStatus::Frozen);
    let reads = program.app(&format!("session-{own}-read"));
    reads.cards().get(&card_no).unwrap();
    assert_eq!(facts(&reads.cards().unfreeze(&card_no).unwrap_err()), (ErrorKind::Permission, Outcome::NotSent));
    let limited = program.app(&format!("session-{own}-max-20"));
    let exceeded = limited.accounts().ensure_transfer(&transfer(21), &EnsureOptions::default()).unwrap_err();
    // Its store in memory cannot tell what an earlier relay sent.
    assert_eq!(facts(&exceeded), (ErrorKind::Permission, Outcome::Unknown));
    let foreign = program.app(&format!("session-{other}")).cards().get(&card_no).unwrap_err();
    assert_eq!(facts(&foreign), (ErrorKind::NotFound, Outcome::Rejected));
    for unknown in [own.clone(), format!("session-{own}-write"), format!("session-{own}-max-"), "session-".into()] {
        let error = program.app(&unknown).cards().get(&card_no).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{unknown}");
    }
    assert!(sandbox.transfers().is_empty());

    drop(program.0.stdin.take());
    assert!(program.0.wait().unwrap().success(), "it ends when standard input ends");
}

#[test]
fn webhooks_sent_to_the_test_relay_reach_the_event_stream() {
    let sandbox = Sandbox::start().unwrap();
    let own = sandbox.seed_approved_cardholder();
    let card_no = sandbox.seed_virtual_card(&own).unwrap();
    let program = Program::start(&sandbox);
    let settings = format!(r#"{{"url":"{}/webhooks"}}"#, program.1);
    sandbox.control("POST", "/callbacks/settings", &settings).unwrap();

    let mut stream = program.connect();
    let request = format!("GET /v1/events HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer session-{own}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut seen = String::new();
    read_until(&mut stream, &mut seen, ": connected");
    assert!(seen.starts_with("HTTP/1.1 200 ") && seen.contains("Transfer-Encoding: chunked"), "{seen}");
    program.app(&format!("session-{own}")).cards().freeze(&card_no).unwrap();
    read_until(&mut stream, &mut seen, "event: Card_update");
    read_until(&mut stream, &mut seen, &card_no);
}

fn read_until(stream: &mut TcpStream, seen: &mut String, text: &str) {
    let mut chunk = [0; 4096];
    while !seen.contains(text) {
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the stream ended: {seen}");
        seen.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
    }
}

#[test]
fn a_request_that_is_too_large_is_refused_by_the_test_relay() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::start(&sandbox);
    for (size, relays) in [(20 * 1024, true), (100 * 1024, false)] {
        let mut stream = program.connect();
        let head = format!("POST /v1/cards.get HTTP/1.1\r\nHost: relay\r\nContent-Length: {size}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // The server may close before it has read all.
        let _ = stream.write_all(&vec![b' '; size]);
        let mut start = [0; 400];
        let count = stream.read(&mut start).unwrap();
        let response = String::from_utf8_lossy(&start[..count]);
        assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
        assert_eq!(response.contains("application/json"), relays, "{response}");
    }
}

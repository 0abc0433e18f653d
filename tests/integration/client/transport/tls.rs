//! TLS: certificates, and bytes that are left after a response.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{Client, ErrorKind, Outcome};
use keysecure_tests::{MockServer, TestClock, TlsServer, another_root, envelope};

use super::{KEY, purchase};

pub fn tls_client(host: &str, port: u16, root: Option<&str>) -> Client {
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
fn a_server_whose_root_is_in_ca_pem_is_trusted() {
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
fn an_untrusted_certificate_is_refused_before_anything_is_sent() {
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
        // The second response has its own record only if the first one fills its records.
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

//! Proxies, and the hosts that plain http is allowed for.

use std::process::Command;
use std::sync::Arc;

use keysecure::{Client, Environment, ErrorKind, Outcome};
use keysecure_tests::{ConnectProxy, RecordedRequest, TestClock, TestEnv, TlsServer, envelope, free_address};

use super::super::own_process::{in_own_process, test_path};
use super::tls::tls_client;
use super::{KEY, purchase};

#[test]
fn plain_http_never_leaves_the_machine() {
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
fn a_proxy_that_refuses_or_is_unreachable_means_not_sent() {
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
fn proxy_settings_of_the_environment_are_ignored() {
    let dead = "http://127.0.0.1:9";
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let environment = names.map(|name| (name, dead));
    let test = test_path(module_path!(), "proxy_settings_of_the_environment_are_ignored");
    let inside = in_own_process(&test, |program| {
        let mut command = Command::new(program);
        command.envs(environment);
        command
    });
    if !inside {
        return;
    }
    assert_eq!(std::env::var("HTTP_PROXY").as_deref(), Ok(dead));
    let env = TestEnv::credit().unwrap();
    env.client.accounts().get(&env.cardholder_no).unwrap();
    let server = TlsServer::start("localhost", false, envelope(r#"{"consume_no":"99"}"#)).unwrap();
    tls_client("localhost", server.port(), Some(server.root_pem())).simulation().auth(&purchase()).unwrap();
}

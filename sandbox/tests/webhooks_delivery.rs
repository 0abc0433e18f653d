//! The delivery of webhooks: retries, accepted responses, order, shutdown and snapshots.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_env.rs"]
mod webhook_env;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::TestEnv;
use keysecure_sandbox::{Sandbox, SandboxError};
use webhook_env::{SOON, env_with_webhooks, freeze, last_delivery, purchase, set_status, settle};
use webhook_receiver::{Reply, WebhookReceiver};

#[test]
fn a_failed_webhook_is_retried_in_virtual_time() {
    let open = Arc::new(AtomicBool::new(false));
    let accepts = Arc::clone(&open);
    let merchant = WebhookReceiver::new(move |received| {
        let later = received.data()["after_status"] == "Activated";
        if later || accepts.load(Ordering::Acquire) {
            Reply::Accept
        } else {
            Reply::Response(200, r#"{"code":7,"message":"no"}"#)
        }
    });
    let (env, card_no) = env_with_webhooks(&merchant);
    freeze(&env, &card_no);
    set_status(&env, &card_no, "Activated");
    settle(&env);
    assert_eq!(2, merchant.received().len(), "the next webhook does not wait");
    let refused = &env.sandbox.deliveries()[0];
    assert_eq!((Some(200), Some(7), Some("code 7: no")), (refused.http_status, refused.code, refused.error.as_deref()));
    assert_eq!(1, env.sandbox.webhook_info().waiting);
    for (at, seconds) in [10, 30, 120, 600, 3600].into_iter().enumerate() {
        env.sandbox.advance(Duration::from_millis(seconds * 1000 - 1));
        settle(&env);
        assert_eq!(at + 2, merchant.received().len(), "not before it is due");
        env.sandbox.advance(Duration::from_millis(1));
        settle(&env);
        assert_eq!(at + 3, merchant.received().len());
        let again = merchant.last();
        assert_eq!(merchant.received()[0].body, again.body);
        assert_eq!(env.sandbox.now_ms().to_string(), again.headers["timestamp"], "a new signature each time");
        assert!(again.is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
        assert_eq!(u32::try_from(at).unwrap() + 2, last_delivery(&env).attempt);
    }
    env.sandbox.advance(Duration::from_secs(1_000_000));
    settle(&env);
    assert_eq!((7, 0), (merchant.received().len(), env.sandbox.webhook_info().waiting), "env up");

    open.store(true, Ordering::Release);
    env.sandbox.redeliver(&refused.id).unwrap();
    settle(&env);
    let done = last_delivery(&env);
    assert_eq!((&refused.id, 7, None), (&done.id, done.attempt, done.error));
    assert!(env.sandbox.redeliver("unknown").is_err());
}

#[test]
fn a_running_clock_makes_retries_due() {
    let first = AtomicBool::new(true);
    let merchant = WebhookReceiver::new(move |_| {
        if first.swap(false, Ordering::AcqRel) { Reply::Response(500, "") } else { Reply::Accept }
    });
    let (env, card_no) = env_with_webhooks(&merchant);
    freeze(&env, &card_no);
    settle(&env);
    env.sandbox.unfreeze();
    env.sandbox.advance(Duration::from_millis(9_800));
    let deadline = Instant::now() + SOON;
    while merchant.received().len() < 2 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(2, merchant.received().len());
}

#[test]
fn only_a_2xx_status_with_code_0_accepts_a_webhook() {
    let next = Arc::new(Mutex::new(Reply::Accept));
    let reply = Arc::clone(&next);
    let merchant = WebhookReceiver::new(move |_| reply.lock().unwrap().clone());
    let (env, card_no) = env_with_webhooks(&merchant);
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"cod\r\n4;x=y\r\ne\":0\r\n1\r\n}\r\n0\r\n\r\n";
    let unmeasured = "HTTP/1.0 200 OK\r\n\r\n{\"code\":0}";
    let continued = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 OK\r\nContent-Length: 10\r\n\r\n{\"code\":0}";
    for accepting in [
        Reply::Response(204, ""),
        Reply::Response(201, r#"{"code":0}"#),
        Reply::Bytes(chunked),
        Reply::Bytes(unmeasured),
        Reply::Bytes(continued),
    ] {
        let wanted = if matches!(accepting, Reply::Response(204, _)) { Some("the response has no code") } else { None };
        *next.lock().unwrap() = accepting.clone();
        purchase(&env, &card_no);
        settle(&env);
        assert_eq!(wanted, last_delivery(&env).error.as_deref(), "{accepting:?}");
    }
    for (failing, status, error) in [
        (Reply::Response(500, r#"{"code":0}"#), Some(500), "HTTP status 500"),
        (Reply::Response(302, ""), Some(302), "HTTP status 302"),
        (Reply::Response(200, ""), Some(200), "the response has no code"),
        (Reply::Response(200, "OK"), Some(200), "the response has no code"),
        (Reply::Response(200, r#"{"code":"0"}"#), Some(200), "the response has no code"),
        (Reply::Response(200, r#"{"code":1}"#), Some(200), "code 1: no message, which is required"),
        (Reply::Bytes(""), None, "unexpected end of file"),
        (Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"code\":0}"), None, "unexpected end of file"),
        (Reply::Bytes("SMTP ready\r\n\r\n"), None, "the response is not HTTP"),
    ] {
        *next.lock().unwrap() = failing.clone();
        purchase(&env, &card_no);
        settle(&env);
        let record = last_delivery(&env);
        assert_eq!((status, Some(error)), (record.http_status, record.error.as_deref()), "{failing:?}");
    }
    drop(merchant);
    purchase(&env, &card_no);
    settle(&env);
    assert!(last_delivery(&env).error.unwrap().contains("refused"));
}

#[test]
fn a_response_must_arrive_within_five_seconds() {
    let merchant = WebhookReceiver::new(|_| Reply::Late(Duration::from_secs(20)));
    let (env, card_no) = env_with_webhooks(&merchant);
    let started = Instant::now();
    freeze(&env, &card_no);
    assert!(!env.sandbox.settle_webhooks(Duration::from_millis(100)));
    settle(&env);
    assert!((5..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert_eq!(Some("no response in 5000 ms"), last_delivery(&env).error.as_deref());
}

#[test]
fn fifty_webhooks_arrive_once_each_and_in_order() {
    let merchant = WebhookReceiver::accepting();
    let (env, card_no) = env_with_webhooks(&merchant);
    let started = Instant::now();
    let made: Vec<_> = (0..50).map(|_| purchase(&env, &card_no)).collect();
    let called = started.elapsed();
    settle(&env);
    println!("50 purchases: calls {called:?}, all delivered after {:?}", started.elapsed());
    let received: Vec<_> =
        merchant.received().iter().map(|received| received.data()["consume_no"].as_str().unwrap().to_owned()).collect();
    assert_eq!(made, received);
    let ids: std::collections::HashSet<_> = env.sandbox.deliveries().into_iter().map(|record| record.id).collect();
    assert_eq!(50, ids.len());
}

#[test]
fn a_stop_does_not_wait_for_a_merchant_that_hangs() {
    let merchant = WebhookReceiver::new(|_| Reply::Late(Duration::from_secs(30)));
    let (env, card_no) = env_with_webhooks(&merchant);
    freeze(&env, &card_no);
    purchase(&env, &card_no);
    let deadline = Instant::now() + SOON;
    while merchant.received().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let platform = env.sandbox.platform();
    let waiter = std::thread::spawn({
        let platform = platform.clone();
        move || platform.settle_webhooks(Duration::from_secs(60))
    });
    let started = Instant::now();
    drop(env);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(!waiter.join().unwrap());
    platform.set_webhook_url(Some("http://127.0.0.1:9/")).unwrap();
    assert_eq!(1, platform.deliveries().len(), "the attempt that was aborted");
}

#[test]
fn a_snapshot_has_the_settings_and_restoring_clears_the_queue() {
    let merchant = WebhookReceiver::new(|_| Reply::Response(500, ""));
    let (env, card_no) = env_with_webhooks(&merchant);
    let snapshot = env.sandbox.snapshot();
    freeze(&env, &card_no);
    settle(&env);
    env.sandbox.set_webhook_url(None).unwrap();
    env.sandbox.set_webhook_app_id("other");
    purchase(&env, &card_no);
    settle(&env);
    assert_eq!((1, 1), (merchant.received().len(), env.sandbox.webhook_info().waiting), "no URL, no webhook");
    env.sandbox.restore(&snapshot);
    let info = env.sandbox.webhook_info();
    assert_eq!((Some(merchant.url()), env.sandbox.api_key(), 0), (info.url, info.app_id.as_str(), info.waiting));
    env.sandbox.advance(Duration::from_secs(100));
    settle(&env);
    assert_eq!(1, merchant.received().len());
    freeze(&env, &card_no);
    settle(&env);
    assert_eq!((2, 2), (merchant.received().len(), env.sandbox.deliveries().len()));
}

#[test]
fn restoring_also_cancels_the_retries_of_attempts_in_progress() {
    let merchant = WebhookReceiver::new(|_| {
        std::thread::sleep(Duration::from_millis(300));
        Reply::Response(500, "")
    });
    let (env, card_no) = env_with_webhooks(&merchant);
    let snapshot = env.sandbox.snapshot();
    freeze(&env, &card_no);
    let deadline = Instant::now() + SOON;
    while merchant.received().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    env.sandbox.restore(&snapshot);
    settle(&env);
    assert_eq!((1, 0), (env.sandbox.deliveries().len(), env.sandbox.webhook_info().waiting));
}

#[test]
fn webhooks_do_not_change_the_numbers() {
    let merchant = WebhookReceiver::accepting();
    let numbers = |env: TestEnv| {
        let card_no = env.virtual_card();
        env.fund("100");
        (0..3).map(|_| purchase(&env, &card_no)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(TestEnv::credit()), numbers(TestEnv::new(Sandbox::builder().webhook_url(merchant.url()))));
}

#[test]
fn webhook_urls_must_be_loopback() {
    for url in ["https://127.0.0.1/", "http://example.com/", "http://10.0.0.1/", "nonsense"] {
        assert!(Sandbox::builder().webhook_url(url).start().is_err(), "{url}");
        let sandbox = Sandbox::start().unwrap();
        assert!(matches!(sandbox.set_webhook_url(Some(url)), Err(SandboxError::WebhookUrl { .. })));
    }
}

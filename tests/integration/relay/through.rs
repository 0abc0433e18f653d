//! The client of a relay against the relay itself, over HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use keysecure::{
    ActivateCard, ApplyCard, Client, Cvv, Denial, EnsureOptions, Error, ErrorKind, ListCards, ListConsumptions,
    ListPackages, ListTransfers, Outcome, Pin, Relay, RelayRequest, Secret, SetPin, Transfer, TransferType,
};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::{TestClock, free_address, virtual_card};
use oxhttp::Server;
use oxhttp::model::{Body, Request, Response};

use super::Shop;

/// Serves a relay over HTTP.
fn serve(relay: Relay) -> SocketAddr {
    let address = free_address();
    let server = Server::new(move |request| respond(&relay, request))
        .bind((Ipv4Addr::LOCALHOST, address.port()))
        .with_global_timeout(Duration::from_secs(60));
    server.spawn().unwrap();
    address
}

fn respond(relay: &Relay, request: &mut Request<Body>) -> Response<Body> {
    let mut body = Vec::new();
    let most = relay.max_request_bytes() as u64 + 1;
    request.body_mut().take(most).read_to_end(&mut body).unwrap();
    let headers: Vec<(&str, &str)> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or(""))).collect();
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let response =
        relay.handle(&RelayRequest { method: request.method().as_str(), path, headers: &headers, body: &body });
    let mut built = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        built = built.header(*name, value);
    }
    built.body(Body::from(response.body.to_vec())).unwrap()
}

/// A shop whose relay is served, and an app of its cardholder.
fn app(session: &'static str) -> (Shop, Client) {
    let shop = Shop::new();
    let url = format!("http://127.0.0.1:{}", serve(shop.relay.clone()).port());
    let client = Client::relay(url, move |_: bool| Ok(Secret::from(session))).build().unwrap();
    (shop, client)
}

fn transfer(cardholder_no: &str, tap: &str) -> Transfer {
    Transfer {
        cardholder_no: cardholder_no.into(),
        transfer_unique_no: tap.into(),
        r#type: TransferType::In,
        amount: 25.into(),
    }
}

fn facts(error: &Error) -> (ErrorKind, Outcome) {
    (error.kind(), error.outcome())
}

#[test]
fn a_change_that_is_sent_again_with_its_tap_is_made_once() {
    let (shop, app) = app("own");
    let card_no = shop.card(&shop.own);
    let cards = |tap| app.cards().with_tap(tap);
    cards("tap-1").freeze(&card_no).unwrap();
    cards("tap-2").unfreeze(&card_no).unwrap();
    // The first tap is done: a late repetition changes nothing.
    cards("tap-1").freeze(&card_no).unwrap();
    let updates = || shop.sandbox.requests_to("cards.update_status");
    assert_eq!((shop.status(&card_no), updates()), ("Activated".to_owned(), 2));
    assert_eq!(facts(&cards("tap-1").delete(&card_no).unwrap_err()), (ErrorKind::Conflict, Outcome::NotSent));
    shop.sandbox.fault(Fault::on("cards.update_status", FaultKind::DropAfterCommit));
    for _ in 0..2 {
        let error = cards("tap-3").freeze(&card_no).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    }
    assert_eq!((shop.status(&card_no), updates()), ("Frozen".to_owned(), 3));
}

#[test]
fn an_app_makes_every_call_that_its_scope_grants() {
    let (shop, app) = app("own");
    let own = &shop.own;
    let (now, day) = (SystemTime::now(), Duration::from_secs(86_400));
    assert_eq!(app.cardholders().get(own).unwrap().cardholder_no, *own);
    let application = virtual_card(own, "card-1");
    let card = app.cards().ensure_card(&application, &EnsureOptions::first_attempt()).unwrap();
    assert!(card.created && card.value.card_unique_no.as_deref() == Some("card-1"));
    let card_no = app.cards().apply(&ApplyCard { ..application }).unwrap().card_no;
    assert_eq!(card_no, card.value.card_no);
    shop.sandbox.issue_card(&card_no).ok();
    assert_eq!(app.cards().get(&card_no).unwrap().card_no, card_no);
    let cards: Vec<_> = app.cards().list(&ListCards::between(now - day, now + day)).unwrap().collect();
    assert_eq!(cards.len(), 1);
    assert!(app.cards().packages(&ListPackages::default()).next().unwrap().is_ok());
    assert_eq!(app.cards().private_info(&card_no).unwrap().expose_pan(), shop.sandbox.pan_for_tests(&card_no).unwrap());
    app.pci().client_token(&card_no).unwrap();
    app.cards().freeze(&card_no).unwrap();
    app.cards().unfreeze(&card_no).unwrap();
    assert_eq!(shop.status(&card_no), "Activated");
    let made = app.accounts().ensure_transfer(&transfer(own, "tap-1"), &EnsureOptions::default()).unwrap();
    let again = app.accounts().transfer(&transfer(own, "tap-1")).unwrap();
    assert_eq!((made.created, &again.transfer_no), (true, &made.value.transfer_no));
    let transfers = app.accounts().transfers(&ListTransfers::between(now - day, now + day)).unwrap();
    let references: Vec<_> = transfers.map(|row| row.unwrap().transfer_unique_no.unwrap()).collect();
    assert_eq!(references, ["tap-1"]);
    assert!(!app.accounts().get(own).unwrap().list.is_empty());
    let mut purchases = app.consumptions().list(&ListConsumptions::between(now - day, now + day)).unwrap();
    assert!(purchases.next().is_none_or(|purchase| purchase.is_ok()));
    let physical = shop.sandbox.seed_physical_card(own).unwrap();
    let last = shop.sandbox.cards().into_iter().find(|card| card.card_no == physical).unwrap().card_last_no;
    let cvv = Cvv::new(shop.sandbox.cvv_for_tests(&physical).unwrap()).unwrap();
    let (card_no, cardholder_no) = (physical.clone(), own.clone());
    app.cards().activate(&ActivateCard { card_no, cardholder_no, cvv, card_last_no: last }).unwrap();
    let (card_no, cardholder_no) = (physical.clone(), own.clone());
    app.cards().set_pin(&SetPin { card_no, cardholder_no, pin: Pin::new("739251").unwrap() }).unwrap();
    assert!(shop.sandbox.pin_matches(&physical, "739251"));
}

#[test]
fn an_app_gets_errors_with_their_outcome() {
    let (shop, app) = app("own");
    let (own, foreign) = (shop.card(&shop.own), shop.card(&shop.other));
    let not_found = app.cards().get(&foreign).unwrap_err();
    assert_eq!(facts(&not_found), (ErrorKind::NotFound, Outcome::Rejected));
    let conflict = |tap: &str| app.accounts().ensure_transfer(&transfer(&shop.own, tap), &EnsureOptions::default());
    conflict("tap-1").unwrap();
    let other = Transfer { amount: 26.into(), ..transfer(&shop.own, "tap-1") };
    let error = app.accounts().ensure_transfer(&other, &EnsureOptions::default()).unwrap_err();
    assert_eq!(facts(&error), (ErrorKind::Conflict, Outcome::NotSent));
    let theirs = app.accounts().transfer(&transfer(&shop.other, "tap-2")).unwrap_err();
    assert_eq!(facts(&theirs), (ErrorKind::NotFound, Outcome::Rejected));
    shop.sandbox.fault(Fault::on("cards.update_status", FaultKind::DropAfterCommit));
    let lost = app.cards().freeze(&own).unwrap_err();
    assert_eq!(lost.outcome(), Outcome::Unknown, "{lost}");
    assert_eq!(shop.sandbox.requests_to("cards.update_status"), 1);
    shop.sandbox.fault(Fault::on("cards.update_status", FaultKind::Code(4005)));
    let refused = app.cards().unfreeze(&own).unwrap_err();
    assert_eq!((facts(&refused), refused.code()), ((ErrorKind::State, Outcome::Rejected), Some(4005)));
    assert_eq!(shop.sandbox.transfers().len(), 1);
}

#[test]
fn a_session_that_may_do_less_leaves_an_unknown_tap_unknown() {
    let shop = Shop::without_waits();
    for _ in 0..3 {
        shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropBeforeRead));
    }
    assert_eq!(shop.transfer("own", "tap-1", "25").error().1, "unknown");
    shop.sandbox.clear_faults();
    let url = format!("http://127.0.0.1:{}", serve(shop.relay.clone()).port());
    // Not granted, another cardholder's, over the limit, and refused.
    for (session, kind, of_new) in [
        ("reads", ErrorKind::Permission, Outcome::NotSent),
        ("other", ErrorKind::NotFound, Outcome::Rejected),
        ("cents", ErrorKind::Permission, Outcome::NotSent),
        ("expired", ErrorKind::Authentication, Outcome::NotSent),
    ] {
        let app = Client::relay(&*url, move |_: bool| Ok(Secret::from(session))).build().unwrap();
        let fails = |tap: &str, options| {
            facts(&app.accounts().ensure_transfer(&transfer(&shop.own, tap), &options).unwrap_err())
        };
        assert_eq!(fails("tap-1", EnsureOptions::default()), (kind, Outcome::Unknown), "{session}");
        assert_eq!(fails("new", EnsureOptions::first_attempt()), (kind, of_new), "{session}");
    }
    // The relay's record shows that a limit stopped a tap that is new.
    let app = Client::relay(&*url, |_: bool| Ok(Secret::from("cents"))).build().unwrap();
    let error = app.accounts().ensure_transfer(&transfer(&shop.own, "new"), &EnsureOptions::default()).unwrap_err();
    assert_eq!(facts(&error), (ErrorKind::Permission, Outcome::NotSent));
    assert!(shop.sandbox.transfers().is_empty());
}

/// A proxy that passes the first request on when the time `held` is over, after its app has gone. Returns the status line.
fn held_up(relay: SocketAddr, held: Duration) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let pass_on = move || {
        let (mut app, _) = listener.accept().unwrap();
        drop(listener);
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut part = [0; 1024];
            let read = app.read(&mut part).unwrap();
            request.extend_from_slice(&part[..read]);
        }
        std::thread::sleep(held);
        let mut relay = TcpStream::connect(relay).unwrap();
        relay.write_all(&request).unwrap();
        let mut status = String::new();
        BufReader::new(relay).read_line(&mut status).unwrap();
        status
    };
    (address, std::thread::spawn(pass_on))
}

#[test]
fn a_change_that_a_proxy_holds_up_is_not_carried_out_later() {
    let shop = Shop::new();
    let relay = SocketAddr::from((Ipv4Addr::LOCALHOST, serve(shop.relay.clone()).port()));
    for (held, status) in [(Duration::from_millis(400), "200"), (Duration::from_millis(2_500), "412")] {
        let (proxy, delivered) = held_up(relay, held);
        let app = Client::relay(format!("http://{proxy}"), |_: bool| Ok(Secret::from("own")));
        let app = app.timeout(Duration::from_millis(300)).build().unwrap();
        let error = app.accounts().transfer(&transfer(&shop.own, status)).unwrap_err();
        assert_eq!(facts(&error), (ErrorKind::Timeout, Outcome::Unknown));
        let line = delivered.join().unwrap();
        assert!(line.starts_with(&format!("HTTP/1.1 {status}")), "{line}");
    }
    assert_eq!(shop.record().denial, Some(Denial::Expired));
    assert_eq!(shop.sandbox.transfers().len(), 1);
}

#[test]
fn an_app_whose_clock_is_wrong_learns_that_of_the_relay() {
    let shop = Shop::new();
    let url = format!("http://127.0.0.1:{}", serve(shop.relay.clone()).port());
    for (number, offset) in [-86_400_000, 86_400_000].into_iter().enumerate() {
        let clock = Arc::new(TestClock::wrong_by(offset));
        let app = Client::relay(&*url, |_: bool| Ok(Secret::from("own"))).clock(clock).build().unwrap();
        app.accounts().transfer(&transfer(&shop.own, &format!("tap-{number}"))).unwrap();
        let first = shop.records.lock().unwrap()[3 * number].denial;
        assert_eq!((first, shop.record().denial), (Some(Denial::Expired), None));
        app.accounts().transfer(&transfer(&shop.own, &format!("next-{number}"))).unwrap();
    }
    assert_eq!(shop.sandbox.transfers().len(), 4);
}

#[test]
fn an_app_whose_clock_is_before_1970_learns_that_of_the_relay() {
    let shop = Shop::new();
    let url = format!("http://127.0.0.1:{}", serve(shop.relay.clone()).port());
    let clock = Arc::new(TestClock::wrong_by(-100 * 365 * 86_400_000));
    let app = Client::relay(&*url, |_: bool| Ok(Secret::from("own"))).clock(clock).build().unwrap();
    app.accounts().transfer(&transfer(&shop.own, "tap-1")).unwrap();
    assert_eq!(shop.records.lock().unwrap()[0].denial, Some(Denial::Expired));
}

#[test]
fn an_app_that_waits_for_longer_than_a_relay_works_makes_changes() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let url = format!("http://127.0.0.1:{}", serve(shop.relay.clone()).port());
    let app = Client::relay(&*url, |_: bool| Ok(Secret::from("own"))).timeout(Duration::from_secs(600));
    let app = app.build().unwrap();
    app.cards().freeze(&card_no).unwrap();
    assert_eq!(shop.records.lock().unwrap().len(), 1);
    // A deadline that no relay accepts is named, and no clock is blamed.
    let options = EnsureOptions { deadline: Some(Duration::from_secs(600)), ..EnsureOptions::default() };
    let error = app.accounts().ensure_transfer(&transfer(&shop.own, "tap-1"), &options).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("deadline_ms")), "{error}");
}

#[test]
fn a_session_that_is_refused_is_asked_for_once_more() {
    let shop = Shop::new();
    let url = format!("http://127.0.0.1:{}", serve(shop.relay.clone()).port());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let session = move |refused: bool| {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok(Secret::from(if refused { "own" } else { "expired" }))
    };
    let app = Client::relay(&*url, session).build().unwrap();
    assert!(app.cardholders().get(&shop.own).is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let app = Client::relay(&*url, |_: bool| Ok(Secret::from("expired"))).build().unwrap();
    let error = app.cardholders().get(&shop.own).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let app = Client::relay(&*url, |_: bool| Ok(Secret::from("nothing"))).build().unwrap();
    assert_eq!(facts(&app.cardholders().get(&shop.own).unwrap_err()), (ErrorKind::Permission, Outcome::NotSent));
}

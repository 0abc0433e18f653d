//! Limits of transfers, by one transfer and by the day.

use std::collections::HashMap;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use keysecure::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, Client, Clock as _, Denial, MemoryStore, QuotaStore, Relay,
    Reservation, Reserved, Store, StoreUnavailable,
};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::TestClock;

use super::{AppResponse, OldStore, Shop, everything};

fn assert_exceeded(response: &AppResponse) {
    assert_eq!((response.status, response.error()), (403, ("permission", "not_sent")), "{}", response.body);
}

#[test]
fn one_transfer_and_the_sum_of_a_day_are_limited_to_the_cent() {
    let shop = Shop::new();
    assert_exceeded(&shop.transfer("small", "a", "50.01"));
    assert_eq!(shop.record().denial, Some(Denial::LimitExceeded));
    for (tap, amount, status) in
        [("b", "50.00", 200), ("c", "49.99", 200), ("d", "0.02", 403), ("e", "0.01", 200), ("f", "0.01", 403)]
    {
        assert_eq!(shop.transfer("small", tap, amount).status, status, "{tap}");
    }
    assert_eq!(shop.sandbox.transfers().len(), 3);
    // The other direction counts as well, and so does another session of the cardholder.
    let out = r#"{"transfer_unique_no":"g","type":"Out","balance":"0.01"}"#;
    assert_exceeded(&shop.send("small", "accounts.transfer", &[], out));
    assert_eq!(shop.transfer("own", "h", "5").status, 200);
    assert_eq!(shop.transfer("other", "b", "50").status, 200);
}

#[test]
fn a_tap_counts_once_and_its_result_is_found_beyond_the_limit() {
    let shop = Shop::new();
    for _ in 0..5 {
        assert_eq!(shop.transfer("small", "a", "50").status, 200);
    }
    assert_eq!(shop.transfer("small", "b", "50").status, 200);
    assert_exceeded(&shop.transfer("small", "c", "1"));
    // Made with a larger limit, and found with a smaller one.
    assert_eq!(shop.transfer("own", "large", "500").data()["created"], true);
    let found = shop.transfer("small", "large", "500");
    assert_eq!(found.data()["created"], false);
    assert_eq!(shop.sandbox.transfers().len(), 3);
}

#[test]
fn a_small_amount_makes_no_room_for_a_large_one_under_the_same_tap() {
    let shop = Shop::without_waits();
    assert_eq!(shop.transfer("small", "full", "50").status, 200);
    assert_eq!(shop.transfer("small", "rest", "49.99").status, 200);
    // A cent is counted, and what became of it is unknown.
    for _ in 0..3 {
        shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropBeforeRead));
    }
    assert_eq!(shop.transfer("small", "a", "0.01").error().1, "unknown");
    shop.sandbox.clear_faults();
    let response = shop.transfer("small", "a", "50");
    // It may have been carried out with a cent.
    assert_eq!((response.status, response.error()), (403, ("permission", "unknown")));
    assert_eq!(shop.sandbox.transfers().len(), 2);
    // The same request continues.
    assert_eq!(shop.transfer("small", "a", "0.01").data()["created"], true);
}

#[test]
fn a_lookup_that_finds_nothing_leaves_a_sent_transfer_unknown_and_counted() {
    let shop = Shop::without_waits();
    shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    // The first look-up is made before the transfer.
    shop.sandbox.fault(Fault { nth: 2, ..Fault::on("accounts.transfers", FaultKind::Code(2002)) });
    let response = shop.transfer("small", "a", "50");
    assert_eq!((response.status, response.error()), (404, ("not_found", "unknown")), "{}", response.body);
    assert_eq!(shop.sandbox.transfers().len(), 1);
    shop.sandbox.clear_faults();
    assert_eq!(shop.transfer("small", "b", "50").status, 200);
    assert_exceeded(&shop.transfer("small", "c", "0.01"));
}

#[test]
fn a_transfer_that_is_found_after_it_was_sent_counts() {
    let shop = Shop::without_waits();
    for _ in 0..3 {
        shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropBeforeRead));
    }
    assert_eq!(shop.transfer("small", "a", "0.01").error().1, "unknown");
    shop.sandbox.clear_faults();
    // Sent by this request, and found although an earlier attempt was recorded.
    shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    assert_eq!(shop.transfer("small", "a", "50").data()["created"], false);
    assert_eq!(shop.sandbox.transfers().len(), 1);
    assert_exceeded(&shop.transfer("small", "b", "50"));
    assert_eq!(shop.transfer("small", "c", "49.99").status, 200);
    // A repetition counts nothing.
    assert_eq!(shop.transfer("small", "a", "50").status, 200);
}

#[test]
fn what_did_not_happen_does_not_count() {
    let shop = Shop::new();
    for code in [3001, 2005] {
        shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::Code(code)));
        assert_eq!(shop.transfer("small", &code.to_string(), "50").error().1, "rejected");
    }
    assert_eq!(shop.transfer("small", "a", "50").status, 200);
    // A conflict counts nothing either.
    assert_eq!(shop.transfer("small", "a", "49").error(), ("conflict", "not_sent"));
    assert_eq!(shop.transfer("small", "b", "50").status, 200);
    assert_exceeded(&shop.transfer("small", "c", "0.01"));
}

#[test]
fn concurrent_transfers_never_exceed_the_day() {
    let shop = Shop::new();
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (shop, barrier) = (&shop, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for number in 0..3 {
                    let response = shop.transfer("small", &format!("{thread}-{number}"), "30");
                    assert!([200, 403].contains(&response.status), "{}", response.body);
                }
            });
        }
    });
    assert_eq!(shop.sandbox.transfers().len(), 3);
}

#[test]
fn a_refusal_gives_nothing_back_that_the_same_tap_spends_meanwhile() {
    let shop = Shop::new();
    // The first request looks its tap up slowly, and its transfer is refused. The second waits for it, and is carried out.
    shop.sandbox.fault(Fault::on("accounts.transfers", FaultKind::Stall(Duration::from_millis(400))));
    shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::Code(3001)));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| shop.transfer("small", "a", "50"));
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(shop.transfer("small", "a", "50").status, 200);
        assert_eq!(first.join().unwrap().error().1, "rejected");
    });
    assert_eq!(shop.transfer("small", "b", "50").status, 200);
    assert_exceeded(&shop.transfer("small", "c", "50"));
    assert_eq!(shop.sandbox.transfers().len(), 2);
}

#[test]
fn the_next_day_of_the_platform_has_its_own_sum() {
    let shop = Shop::new();
    assert_eq!(shop.transfer("small", "a", "50").status, 200);
    assert_eq!(shop.transfer("small", "b", "50").status, 200);
    assert_exceeded(&shop.transfer("small", "c", "1"));
    shop.sandbox.advance(Duration::from_secs(24 * 3600));
    // The client learns the platform's time from a response.
    assert_eq!(shop.post("cardholders.get", "{}").status, 200);
    assert_eq!(shop.transfer("small", "c", "50").status, 200);
}

fn apply(shop: &Shop, session: &str, tap: &str) -> AppResponse {
    let body = format!(r#"{{"card_unique_no":"{tap}","card_type":"Virtual","package_no":"1600000000000000101"}}"#);
    shop.send(session, "cards.ensure_card", &[], &body)
}

#[test]
fn applications_for_cards_are_limited_by_the_day() {
    let shop = Shop::new();
    assert_exceeded(&apply(&shop, "no cards", "a"));
    assert_eq!(shop.record().denial, Some(Denial::LimitExceeded));
    // What did not happen does not count.
    shop.sandbox.fault(Fault::on("cards.apply", FaultKind::Code(3001)));
    assert_eq!(apply(&shop, "two cards", "refused").error().1, "rejected");
    for tap in ["a", "b"] {
        assert_eq!(apply(&shop, "two cards", tap).data()["created"], true, "{tap}");
    }
    assert_exceeded(&apply(&shop, "two cards", "c"));
    // Transfers have a sum of their own, and another cardholder too.
    assert_eq!(shop.transfer("two cards", "c", "5").status, 200);
    assert_eq!(apply(&shop, "other", "a").status, 200);
    // What was done before is found again.
    assert_eq!(apply(&shop, "no cards", "a").data()["created"], false);
    assert_eq!(apply(&shop, "two cards", "b").data()["created"], false);
    assert_eq!(shop.sandbox.cards().len(), 3);
    shop.sandbox.advance(Duration::from_secs(24 * 3600));
    // The client learns the platform's time from a response.
    assert_eq!(shop.post("cardholders.get", "{}").status, 200);
    assert_eq!(apply(&shop, "two cards", "c").data()["created"], true);
}

#[test]
fn concurrent_applications_never_exceed_the_day() {
    let shop = Shop::new();
    let barrier = Barrier::new(6);
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (shop, barrier) = (&shop, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let response = apply(shop, "two cards", &thread.to_string());
                assert!([200, 403].contains(&response.status), "{}", response.body);
            });
        }
    });
    assert_eq!(shop.sandbox.cards().len(), 2);
}

/// A slow store that counts, and knows of each lease how much time it has left when it is given back.
struct Slow {
    attempts: OldStore,
    counts: MemoryStore,
    clock: Arc<TestClock>,
    ends: Mutex<HashMap<String, Duration>>,
    left: Mutex<Vec<Option<Duration>>>,
}

impl Slow {
    fn lease(&self, reference: &str, lease: Duration) {
        self.ends.lock().unwrap().insert(reference.to_owned(), self.clock.monotonic() + lease);
    }
}

impl AttemptStore for Slow {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        self.lease(reference, lease);
        self.attempts.acquire(reference, lease, within)
    }
    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        self.lease(attempt.reference, attempt.lease);
        self.attempts.begin(attempt, within)
    }
    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        self.attempts.finish(reference, lease_id, end, within)
    }
    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        let end = self.ends.lock().unwrap().remove(reference).unwrap();
        self.left.lock().unwrap().push(end.checked_sub(self.clock.monotonic()));
        AttemptStore::release(&self.attempts, reference, lease_id, within)
    }
}

impl QuotaStore for Slow {
    fn reserve(&self, reservation: &Reservation<'_>, within: Duration) -> Result<Reserved, StoreUnavailable> {
        self.clock.sleep(within).unwrap();
        self.counts.reserve(reservation, within)
    }
    fn release(&self, key: &str, entry: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.clock.sleep(within).unwrap();
        QuotaStore::release(&self.counts, key, entry, within)
    }
}

#[test]
fn a_tap_is_held_until_its_work_has_ended() {
    let shop = Shop::new();
    let clock = Arc::new(TestClock::virtual_sleeps(Some(shop.sandbox.platform())));
    let memory = MemoryStore::new();
    let (attempts, counts, ends, left) = (OldStore(memory.clone()), memory, Mutex::default(), Mutex::default());
    let slow = Arc::new(Slow { attempts, counts, clock: clock.clone(), ends, left });
    let client = Client::builder(shop.sandbox.api_key(), shop.sandbox.api_secret());
    let store = Store::new().attempts(slow.clone()).quota(slow.clone());
    let client = client.base_url(shop.sandbox.base_url()).store(store).clock(clock.clone()).build().unwrap();
    let own = shop.own.clone();
    let relay = Relay::builder(&client, move |_| Some(everything(&own))).build().unwrap();
    let shop = Shop { client, relay, ..shop };
    // Without a single look-up the call lasts until its deadline.
    for _ in 0..200 {
        shop.sandbox.fault(Fault::on("accounts.transfers", FaultKind::Html));
    }
    let body = r#"{"transfer_unique_no":"tap-1","type":"In","balance":"5","deadline_ms":1000}"#;
    let began = clock.monotonic();
    let response = shop.post("accounts.ensure_transfer", body);
    assert_ne!(response.status, 200, "{}", response.body);
    let (took, left) = (clock.monotonic() - began, slow.left.lock().unwrap().clone());
    assert!(took > Duration::from_secs(5), "{took:?}");
    assert!(left.len() >= 3 && left.iter().all(Option::is_some), "{took:?} {left:?}");
}

/// A store that cannot be reached.
struct Gone;

impl QuotaStore for Gone {
    fn reserve(&self, _: &Reservation<'_>, _: Duration) -> Result<Reserved, StoreUnavailable> {
        Err(StoreUnavailable)
    }
    fn release(&self, _: &str, _: &str, _: Duration) -> Result<(), StoreUnavailable> {
        Err(StoreUnavailable)
    }
}

#[test]
fn without_a_store_that_counts_nothing_is_sent() {
    let shop = Shop::new();
    let attempts = Arc::new(OldStore(MemoryStore::new()));
    for store in [Store::new().attempts(attempts.clone()), Store::new().attempts(attempts).quota(Arc::new(Gone))] {
        let client = Client::builder(shop.sandbox.api_key(), shop.sandbox.api_secret());
        let client = client.base_url(shop.sandbox.base_url()).store(store).build().unwrap();
        let own = shop.own.clone();
        let relay = Relay::builder(&client, move |_| Some(everything(&own))).build().unwrap();
        let shop = Shop {
            client,
            relay,
            records: Arc::default(),
            sandbox: shop.sandbox.clone(),
            own: shop.own.clone(),
            other: shop.other.clone(),
        };
        let response = shop.transfer("own", "tap-1", "5");
        assert_eq!((response.status, response.error()), (503, ("transport", "unknown")), "{}", response.body);
    }
    assert_eq!(shop.sandbox.requests_to("accounts.transfer"), 0);
}

#[test]
fn a_limit_says_nothing_about_what_an_earlier_process_sent() {
    let first = Shop::new();
    assert_eq!(first.transfer("own", "tap-1", "25").status, 200);
    let memory = MemoryStore::new();
    let old = Store::new().attempts(Arc::new(OldStore(memory.clone()))).quota(Arc::new(memory));
    // Stores that know nothing of the transfer: one that is new, and one that is old enough to tell that a tap is new.
    for (store, of_new) in [(Store::memory(), "unknown"), (old, "not_sent")] {
        let client = Client::builder(first.sandbox.api_key(), first.sandbox.api_secret());
        let client = client.base_url(first.sandbox.base_url()).store(store).build().unwrap();
        let own = first.own.clone();
        let relay = Relay::builder(&client, move |_| Some(everything(&own).max_transfer(1.into()))).build().unwrap();
        let shop = Shop {
            client,
            relay,
            records: Arc::default(),
            sandbox: first.sandbox.clone(),
            own: first.own.clone(),
            other: first.other.clone(),
        };
        for (tap, outcome) in [("tap-1", "unknown"), ("new", of_new)] {
            let response = shop.transfer("own", tap, "25");
            assert_eq!((response.status, response.error()), (403, ("permission", outcome)), "{tap}: {}", response.body);
            assert_eq!(response.json["error"]["of_tap"], true);
        }
    }
    assert_eq!(first.sandbox.transfers().len(), 1);
}

#[test]
fn a_tap_that_is_done_takes_nothing_from_a_later_day() {
    let shop = Shop::without_waits();
    assert_eq!(shop.transfer("small", "a", "50").status, 200);
    shop.sandbox.advance(Duration::from_secs(24 * 3600));
    assert_eq!(shop.post("cardholders.get", "{}").status, 200);
    // Its result cannot be read.
    for _ in 0..1_000 {
        shop.sandbox.fault(Fault::on("accounts.transfers", FaultKind::Html));
    }
    assert_eq!(shop.transfer("small", "a", "50").error().1, "unknown");
    shop.sandbox.clear_faults();
    for tap in ["b", "c"] {
        assert_eq!(shop.transfer("small", tap, "50").status, 200, "{tap}");
    }
    assert_exceeded(&shop.transfer("small", "d", "0.01"));
}

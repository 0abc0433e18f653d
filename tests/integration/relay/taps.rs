//! Taps: what a user does once is done once.

use std::sync::Barrier;

use keysecure::{Denial, Outcome};
use keysecure_sandbox::{Fault, FaultKind};

use super::Shop;

const UPDATE: &str = "cards.update_status";

fn status(card_no: &str, status: &str) -> String {
    format!(r#"{{"card_no":"{card_no}","status":"{status}"}}"#)
}

#[test]
fn a_transfer_that_is_sent_again_is_found() {
    let shop = Shop::new();
    let first = shop.transfer("own", "tap-1", "25.00");
    for amount in ["25.00", "25", "25.000"] {
        let again = shop.transfer("own", "tap-1", amount);
        assert_eq!(again.data()["created"], false);
        assert_eq!(again.data()["value"]["transfer_no"], first.data()["value"]["transfer_no"]);
    }
    let other = shop.transfer("own", "tap-1", "26.00");
    assert_eq!((other.status, other.error().0), (409, "conflict"));
    let plain = shop.post("accounts.transfer", r#"{"transfer_unique_no":"tap-1","type":"In","balance":25}"#);
    assert_eq!(plain.data()["transfer_no"], first.data()["value"]["transfer_no"]);
    assert_eq!((shop.sandbox.transfers().len(), shop.sandbox.requests_to("accounts.transfer")), (1, 1));
}

#[test]
fn a_transfer_from_eight_threads_moves_the_money_once() {
    let shop = Shop::new();
    let barrier = Barrier::new(8);
    let responses: Vec<_> = std::thread::scope(|scope| {
        let send = || {
            barrier.wait();
            shop.transfer("own", "tap-1", "25.00")
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let created = responses.iter().filter(|response| response.data()["created"] == true).count();
    let number = &responses[0].data()["value"]["transfer_no"];
    assert!(created == 1 && responses.iter().all(|response| response.data()["value"]["transfer_no"] == *number));
    let postings = shop.sandbox.ledger();
    let moved = postings.postings().iter().filter(|posting| posting.memo.starts_with("transfer")).count();
    assert_eq!((moved, shop.sandbox.requests_to("accounts.transfer")), (1, 1));
}

#[test]
fn a_change_from_eight_threads_is_made_once() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    shop.post("cards.get", &format!(r#"{{"card_no":"{card_no}"}}"#));
    let barrier = Barrier::new(8);
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let send = || {
            barrier.wait();
            let response = shop.tap(UPDATE, "tap-1", &status(&card_no, "Frozen"));
            if response.status == 409 {
                // Another one is at it: what it does is not known yet.
                assert_eq!(response.error(), ("conflict", "unknown"));
            }
            response.status
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(statuses.contains(&200) && statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert_eq!(shop.sandbox.requests_to(UPDATE), 1);
    assert_eq!(shop.tap(UPDATE, "tap-1", &status(&card_no, "Frozen")).status, 200);
    assert_eq!((shop.sandbox.requests_to(UPDATE), shop.status(&card_no)), (1, "Frozen".to_owned()));
}

#[test]
fn a_tap_that_is_done_is_not_done_again_after_a_later_change() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    assert_eq!(shop.tap(UPDATE, "tap-1", &status(&card_no, "Frozen")).status, 200);
    assert_eq!(shop.tap(UPDATE, "tap-2", &status(&card_no, "Activated")).status, 200);
    assert_eq!(shop.tap(UPDATE, "tap-1", &status(&card_no, "Frozen")).status, 200);
    assert_eq!((shop.status(&card_no), shop.sandbox.requests_to(UPDATE)), ("Activated".to_owned(), 2));
}

#[test]
fn a_tap_belongs_to_one_request() {
    let shop = Shop::new();
    let (card_no, second) = (shop.card(&shop.own), shop.card(&shop.own));
    assert_eq!(shop.tap(UPDATE, "tap-1", &status(&card_no, "Frozen")).status, 200);
    let pin = format!(r#"{{"card_no":"{card_no}","pin":"739251"}}"#);
    for (operation, body) in
        [(UPDATE, status(&card_no, "Delete")), (UPDATE, status(&second, "Frozen")), ("cards.set_pin", pin)]
    {
        let response = shop.tap(operation, "tap-1", &body);
        assert_eq!((response.status, response.error()), (409, ("conflict", "not_sent")), "{operation} {body}");
        assert_eq!(shop.record().denial, Some(Denial::TapConflict));
    }
    assert_eq!((shop.status(&card_no), shop.status(&second)), ("Frozen".to_owned(), "Activated".to_owned()));
    // Another cardholder's tap of the same name is another tap.
    let foreign = shop.card(&shop.other);
    let response = shop.send("other", UPDATE, &[("Idempotency-Key", "tap-1")], &status(&foreign, "Frozen"));
    assert_eq!(response.status, 200);
}

#[test]
fn another_pin_under_the_same_tap_is_a_conflict() {
    let shop = Shop::new();
    let card_no = shop.sandbox.seed_physical_card(&shop.own).unwrap();
    let card = shop.sandbox.cards().into_iter().find(|card| card.card_no == card_no).unwrap();
    let cvv = shop.sandbox.cvv_for_tests(&card_no).unwrap();
    let body = format!(r#"{{"card_no":"{card_no}","cvv":"{cvv}","card_last_no":"{}"}}"#, card.card_last_no);
    assert_eq!(shop.tap("cards.activate", "a", &body).status, 200);
    let pin = |pin: &str| shop.tap("cards.set_pin", "tap-1", &format!(r#"{{"card_no":"{card_no}","pin":"{pin}"}}"#));
    assert_eq!((pin("739251").status, pin("739251").status, pin("518264").status), (200, 200, 409));
    assert!(shop.sandbox.pin_matches(&card_no, "739251"));
}

#[test]
fn a_tap_whose_outcome_is_unknown_stays_unknown() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    shop.post("cards.get", &format!(r#"{{"card_no":"{card_no}"}}"#));
    shop.sandbox.fault(Fault::on(UPDATE, FaultKind::DropAfterCommit));
    let lost = shop.tap(UPDATE, "tap-1", &status(&card_no, "Frozen"));
    assert_eq!((lost.status, lost.error()), (503, ("transport", "unknown")));
    let again = shop.tap(UPDATE, "tap-1", &status(&card_no, "Frozen"));
    assert_eq!((again.status, again.error()), (409, ("conflict", "unknown")));
    assert_eq!(shop.sandbox.requests_to(UPDATE), 1);
    assert_eq!(shop.tap(UPDATE, "tap-2", &status(&card_no, "Activated")).status, 200);
}

#[test]
fn a_tap_that_was_refused_is_carried_out_when_it_comes_again() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let body = status(&card_no, "Frozen");
    shop.sandbox.fault(Fault::on(UPDATE, FaultKind::Code(4005)));
    let refused = shop.tap(UPDATE, "tap-1", &body);
    assert_eq!((refused.status, refused.error()), (409, ("state", "rejected")));
    // It is the same tap still.
    let other = shop.tap(UPDATE, "tap-1", &status(&card_no, "Delete"));
    assert_eq!(other.error(), ("conflict", "not_sent"));
    assert_eq!(shop.tap(UPDATE, "tap-1", &body).status, 200);
    assert_eq!(shop.status(&card_no), "Frozen");
}

#[test]
fn a_lost_response_to_a_transfer_is_settled_by_the_relay() {
    let shop = Shop::new();
    shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    let made = shop.transfer("own", "tap-1", "25.00");
    assert_eq!(made.data()["created"], true);
    assert_eq!(shop.sandbox.transfers().len(), 1);
    assert_eq!(shop.records.lock().unwrap().last().unwrap().outcome, None::<Outcome>);
}

#[test]
fn a_tap_is_short_printable_and_there() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let body = status(&card_no, "Frozen");
    for tap in ["", "a b", "é", "a\nb", &"x".repeat(65)] {
        let response = shop.tap(UPDATE, tap, &body);
        assert_eq!((response.status, response.field()), (400, Some("idempotency-key")), "{tap:?}");
        let response = shop.transfer("own", &tap.replace('\n', "\\n"), "5");
        assert_eq!((response.status, response.field()), (400, Some("transfer_unique_no")), "{tap:?}");
    }
    assert_eq!(shop.post(UPDATE, &body).field(), Some("idempotency-key"));
    let twice = [("Idempotency-Key", "a"), ("idempotency-key", "a")];
    assert_eq!(shop.send("own", UPDATE, &twice, &body).field(), Some("headers"));
    // The whole reference has 64 characters.
    let most = 64 - format!("app.{}.", shop.own).len();
    assert_eq!(shop.transfer("own", &"x".repeat(most + 1), "5").field(), Some("transfer_unique_no"));
    assert_eq!(shop.transfer("own", &"x".repeat(most), "5").status, 200);
    let other = [("Idempotency-Key", "b")];
    let both = r#"{"transfer_unique_no":"a","type":"In","balance":"5"}"#;
    assert_eq!(shop.send("own", "accounts.transfer", &other, both).field(), Some("idempotency-key"));
    assert_eq!(shop.sandbox.transfers().len(), 1);
}

#[test]
fn an_app_may_wait_for_less_time_than_the_platform_may_take() {
    let shop = Shop::new();
    for deadline in [1_000, 5_000, 180_000] {
        let body =
            format!(r#"{{"transfer_unique_no":"tap-{deadline}","type":"In","balance":"1","deadline_ms":{deadline}}}"#);
        assert_eq!(shop.post("accounts.ensure_transfer", &body).data()["created"], true, "{deadline}");
    }
}

#[test]
fn a_call_that_is_sent_again_created_what_it_finds() {
    let shop = Shop::new();
    let body = r#"{"transfer_unique_no":"tap-1","type":"In","balance":"1"}"#;
    let created = |session: &str, id: &str| {
        shop.send(session, "accounts.ensure_transfer", &[("Call-Id", id)], body).data()["created"].clone()
    };
    assert_eq!(
        (created("own", "call-1"), created("own", "call-1"), created("own", "call-2")),
        (true.into(), true.into(), false.into())
    );
    assert_eq!(shop.sandbox.transfers().len(), 1);
}

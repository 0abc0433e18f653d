//! Attacks of a session on other cardholders, and on what its scope does not grant.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{Client, Denial, Grant, Relay, Request, Response, Store, Transport, TransportError};
use keysecure_sandbox::{Mode, Sandbox};

use keysecure_tests::TestClock;

use super::{AppResponse, Shop, everything, window};

/// The body of each refusal, which says nothing about why.
const NOT_FOUND: &str = concat!(
    r#"{"code":1,"error":{"code":null,"field":null,"kind":"not_found","msg":null,"of_tap":false,"outcome":"rejected","#,
    r#""retry_after_ms":null,"text":"not found","transport_fault":null}}"#
);

/// Every request with a number in it: the operation, and its body with `NO` in place of the number.
fn requests_with_a_card() -> Vec<(&'static str, String)> {
    let window = window();
    vec![
        ("cards.get", r#"{"card_no":"NO"}"#.to_owned()),
        ("cards.private_info", r#"{"card_no":"NO"}"#.to_owned()),
        ("pci.client_token", r#"{"card_no":"NO"}"#.to_owned()),
        ("cards.activate", r#"{"card_no":"NO","cvv":"739","card_last_no":"1111"}"#.to_owned()),
        ("cards.set_pin", r#"{"card_no":"NO","pin":"739251"}"#.to_owned()),
        ("cards.update_status", r#"{"card_no":"NO","status":"Frozen"}"#.to_owned()),
        ("cards.update_status", r#"{"card_no":"NO","status":"Delete"}"#.to_owned()),
        ("cards.list", format!(r#"{{"card_no":"NO",{window}}}"#)),
        ("consumptions.list", format!(r#"{{"card_no":"NO",{window}}}"#)),
    ]
}

fn assert_not_found(response: &AppResponse, what: &str) {
    assert_eq!((response.status, response.body.as_str()), (404, NOT_FOUND), "{what}");
}

#[test]
fn a_card_of_another_and_an_unknown_one_are_the_same_response() {
    let shop = Shop::without_waits();
    let foreign = shop.card(&shop.other);
    let changed = shop.sandbox.snapshot();
    for (operation, body) in requests_with_a_card() {
        for number in [&*foreign, "9999999999999999999", "x-1", &shop.own] {
            // The second time the platform's word is known already.
            for tap in ["a", "b"] {
                let response = shop.tap(operation, tap, &body.replace("NO", number));
                assert_not_found(&response, &format!("{operation} {number}"));
                assert_eq!(shop.record().denial, Some(Denial::NotOwned));
            }
        }
    }
    for mutation in ["cards.activate", "cards.set_pin", "cards.update_status", "cards.private_info", "pci.client_token"]
    {
        assert_eq!(shop.sandbox.requests_to(mutation), 0, "{mutation}");
    }
    drop(changed);
    assert_eq!(shop.status(&foreign), "Activated");
    // The owner may.
    assert_eq!(shop.send("other", "cards.get", &[], &format!(r#"{{"card_no":"{foreign}"}}"#)).status, 200);
}

#[test]
fn a_purchase_of_another_and_an_unknown_one_are_the_same_response() {
    let shop = Shop::without_waits_in(Sandbox::builder().mode(Mode::Authorization));
    let card_no = shop.card(&shop.other);
    let consume_no = shop.sandbox.seed_consumptions(&card_no, &[shop.sandbox.now_ms() - 1000]).unwrap().remove(0);
    for number in [&*consume_no, "9999999999999999999", &card_no] {
        assert_not_found(&shop.post("consumptions.get", &format!(r#"{{"consume_no":"{number}"}}"#)), number);
        let listed = shop.post("consumptions.list", &format!(r#"{{"consume_no":"{number}",{}}}"#, window()));
        assert_not_found(&listed, number);
    }
}

#[test]
fn the_cardholder_is_the_scopes_whatever_a_body_says() {
    let shop = Shop::without_waits();
    let card_no = shop.card(&shop.own);
    let window = window();
    for (operation, rest) in [
        ("cardholders.get", String::new()),
        ("cardholders.list", format!(",{window}")),
        ("cards.list", format!(",{window}")),
        ("consumptions.list", format!(",{window}")),
        ("accounts.get", String::new()),
        ("accounts.transfers", format!(",{window}")),
        ("accounts.transfer", r#","transfer_unique_no":"t","type":"In","balance":"1""#.to_owned()),
        ("accounts.ensure_transfer", r#","transfer_unique_no":"t","type":"Out","balance":"1""#.to_owned()),
        ("cards.apply", r#","card_unique_no":"t","card_type":"Virtual","package_no":"1600000000000000101""#.to_owned()),
        ("cards.ensure_card", r#","card_unique_no":"t","card_type":"Virtual","package_no":"x""#.to_owned()),
        ("cards.set_pin", format!(r#","card_no":"{card_no}","pin":"739251""#)),
        ("cards.activate", format!(r#","card_no":"{card_no}","cvv":"739","card_last_no":"1111""#)),
    ] {
        for number in [&*shop.other, "9999999999999999999", "1"] {
            let response = shop.tap(operation, "tap", &format!(r#"{{"cardholder_no":"{number}"{rest}}}"#));
            assert_not_found(&response, &format!("{operation} {number}"));
        }
    }
    assert!(shop.sandbox.transfers().is_empty() && shop.sandbox.cards().len() == 1);
}

#[test]
fn a_body_widens_nothing() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let (own, other) = (&shop.own, &shop.other);
    for (operation, body) in [
        ("cardholders.get", format!(r#"{{"cardholder_no":"{own}","cardholder_no":"{other}"}}"#)),
        ("cardholders.get", format!(r#"{{"cardholder_no":"{own}","cardholder\u005fno":"{other}"}}"#)),
        ("cardholders.get", format!(r#"{{"cardholder_no":["{own}","{other}"]}}"#)),
        ("cardholders.get", r#"{"cardholder_no":null}"#.to_owned()),
        ("cardholders.get", r#"{"cardholder_no":""}"#.to_owned()),
        ("cardholders.get", format!(r#"{{"cardholder_no":{own}}}"#)),
        ("cardholders.get", format!(r#"{{"cardholder_no":{{"$ne":"{own}"}}}}"#)),
        ("cards.get", format!(r#"{{"card_no":"{card_no}","cardholder_no":"{own}"}}"#)),
        ("cards.get", format!(r#"{{"card_no":"{card_no}","scope":"all"}}"#)),
        ("cards.get", format!(r#"{{"card_no":"{card_no}/../{card_no}"}}"#)),
        ("cards.get", format!(r#"{{"card_no":"{card_no}%2f"}}"#)),
        ("cards.get", format!(r#"{{"card_no":"{card_no}?x"}}"#)),
        ("cards.get", r#"{"card_no":".."}"#.to_owned()),
        ("cards.list", format!(r#"{{"card_no":"",{}}}"#, window())),
        ("cards.list", format!(r#"{{"ignore_filters":true,{}}}"#, window())),
        ("cards.list", format!("{{{}}}", window().replace("100", "1000"))),
        ("cards.list", format!("{{{}}}", window().replace("\"start_time\":\"20", "\"start_time\":\"19"))),
        ("accounts.transfer", r#"{"transfer_unique_no":"t","type":"In","balance":"-5"}"#.to_owned()),
        ("accounts.transfer", r#"{"transfer_unique_no":"t","type":"In","balance":"0.001"}"#.to_owned()),
        ("accounts.transfer", r#"{"transfer_unique_no":"t","type":"in","balance":"1"}"#.to_owned()),
        ("accounts.transfer", r#"{"transfer_unique_no":"t","type":"In","amount":"1"}"#.to_owned()),
        (
            "accounts.transfer",
            r#"{"transfer_unique_no":"t","type":"In","balance":"1","first_attempt":true}"#.to_owned(),
        ),
        (
            "accounts.ensure_transfer",
            r#"{"transfer_unique_no":"t","type":"In","balance":"1","settle_ms":0}"#.to_owned(),
        ),
        (
            "accounts.ensure_transfer",
            r#"{"transfer_unique_no":"t","type":"In","balance":"1","deadline_ms":1}"#.to_owned(),
        ),
    ] {
        let response = shop.tap(operation, "tap", &body);
        assert_eq!((response.status, response.error()), (400, ("invalid_input", "not_sent")), "{operation} {body}");
    }
    assert!(shop.sandbox.transfers().is_empty());
}

#[test]
fn a_scope_does_nothing_that_it_does_not_grant() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let before = shop.sandbox.requests().len();
    let mut bodies = requests_with_a_card();
    bodies.extend([
        ("cardholders.get", "{}".to_owned()),
        ("cardholders.list", format!("{{{}}}", window())),
        ("cards.packages", r#"{"page":0,"size":1}"#.to_owned()),
        ("cards.bins", r#"{"page":0,"size":1}"#.to_owned()),
        ("cards.apply", "{}".to_owned()),
        ("cards.ensure_card", "{}".to_owned()),
        ("consumptions.get", r#"{"consume_no":"NO"}"#.to_owned()),
        ("accounts.get", "{}".to_owned()),
        ("accounts.transfers", format!("{{{}}}", window())),
        ("accounts.transfer", "{}".to_owned()),
        ("accounts.ensure_transfer", "{}".to_owned()),
    ]);
    for (operation, body) in &bodies {
        let response = shop.send("nothing", operation, &[("Idempotency-Key", "t")], &body.replace("NO", &card_no));
        assert_eq!((response.status, response.error()), (403, ("permission", "not_sent")), "{operation}");
        assert_eq!(shop.record().denial, Some(Denial::NotGranted));
    }
    assert_eq!(shop.sandbox.requests().len(), before);
    for operation in [
        "cards.private_info",
        "cards.set_pin",
        "cards.activate",
        "cards.update_status",
        "cards.apply",
        "accounts.transfer",
        "accounts.ensure_transfer",
        "pci.client_token",
    ] {
        assert_eq!(shop.send("reads", operation, &[], "{}").status, 403, "{operation}");
    }
}

#[test]
fn one_status_or_direction_grants_no_other() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let own = shop.own.clone();
    let relay = Relay::builder(&shop.client, move |request| {
        let scope = keysecure::Scope::cardholder(&own).max_transfer(10.into()).max_per_day(10.into());
        scope.grant_names(request.header("grant")?.split(' ')).ok()
    });
    let relay = relay.requests_per_second(1000).build().unwrap();
    let send = |grant: Grant, operation: &str, body: &str| {
        let headers =
            [("grant", grant.as_str()), ("content-type", "application/json"), ("idempotency-key", grant.as_str())];
        let path = format!("/v1/{operation}");
        let request = keysecure::RelayRequest { method: "POST", path: &path, headers: &headers, body: body.as_bytes() };
        AppResponse::new(relay.handle(&request)).status
    };
    for (grant, allowed) in
        [(Grant::CardsFreeze, "Frozen"), (Grant::CardsUnfreeze, "Activated"), (Grant::CardsDelete, "Delete")]
    {
        for status in ["Frozen", "Activated", "Delete"].into_iter().filter(|status| *status != allowed) {
            let body = format!(r#"{{"card_no":"{card_no}","status":"{status}"}}"#);
            assert_eq!(send(grant, "cards.update_status", &body), 403, "{grant:?} {status}");
        }
    }
    let transfer = |direction: &str| format!(r#"{{"transfer_unique_no":"t","type":"{direction}","balance":"1"}}"#);
    assert_eq!(send(Grant::AccountsTransferIn, "accounts.transfer", &transfer("Out")), 403);
    assert_eq!(send(Grant::AccountsTransferOut, "accounts.transfer", &transfer("In")), 403);
    assert_eq!(shop.status(&card_no), "Activated");
    assert!(shop.sandbox.transfers().is_empty());
}

#[test]
fn a_new_card_is_not_activated_by_unfreezing_it() {
    let shop = Shop::new();
    let card_no = shop.sandbox.seed_physical_card(&shop.own).unwrap();
    let body = format!(r#"{{"card_no":"{card_no}","status":"Activated"}}"#);
    let response = shop.tap("cards.update_status", "tap-1", &body);
    assert_eq!((response.status, response.error()), (409, ("state", "not_sent")));
    assert_eq!((shop.status(&card_no).as_str(), shop.sandbox.requests_to("cards.update_status")), ("ToActivate", 0));
}

#[test]
fn the_taps_of_two_cardholders_do_not_meet() {
    let shop = Shop::new();
    for session in ["own", "other"] {
        assert_eq!(shop.transfer(session, "tap-1", "5").data()["created"], true);
    }
    let listed = shop.send("own", "accounts.transfers", &[], &format!("{{{}}}", window()));
    assert_eq!(listed.data()["list"].as_array().unwrap().len(), 1);
    // A tap that looks like the reference of another.
    let body = format!(r#"{{"transfer_unique_no":"app.{}.tap-1","type":"In","balance":"5"}}"#, shop.other);
    let response = shop.post("accounts.ensure_transfer", &body);
    assert!(response.status == 400 || response.data()["created"] == true, "{}", response.body);
    let sought = format!(r#"{{"transfer_unique_no":"app.{}.tap-1",{}}}"#, shop.other, window());
    let rows = shop.post("accounts.transfers", &sought);
    let rows = rows.data()["list"].as_array().unwrap().clone();
    assert!(rows.iter().all(|row| row["cardholder_no"] == *shop.own), "{rows:?}");
}

#[test]
fn the_time_shows_no_difference_between_another_and_none() {
    let shop = Shop::without_waits();
    let foreign = shop.card(&shop.other);
    // Its owner has just used it.
    assert_eq!(shop.send("other", "cards.get", &[], &format!(r#"{{"card_no":"{foreign}"}}"#)).status, 200);
    let lookups = |number: &str| {
        let before = shop.sandbox.requests().len();
        assert_eq!(shop.post("cards.get", &format!(r#"{{"card_no":"{number}"}}"#)).status, 404);
        // On the clock of the relay, whose waits take no time here.
        assert!(shop.record().duration >= Duration::from_millis(300), "{:?}", shop.record());
        shop.sandbox.requests().len() - before
    };
    for number in [&*foreign, "1899999999999999901"] {
        assert_eq!([lookups(number), lookups(number)], [1, 0], "{number}");
    }
}

/// A platform that knows one card, of cardholder 1002, and ignores leading zeros.
struct Lenient;

impl Transport for Lenient {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let number = request.url.rsplit('/').nth(1).unwrap_or_default().trim_start_matches('0');
        let body = match number {
            "merchant" => r#"{"code":0,"data":{"access_token":"t","expired_time":4763800000000}}"#,
            "2001" => r#"{"code":0,"data":{"card_no":"2001","cardholder_no":"1002","status":"Activated"}}"#,
            _ => r#"{"code":4001,"msg":"unknown"}"#,
        };
        let body = body.as_bytes().to_vec().into();
        Ok(Response { status: 200, date: None, retry_after: None, content_type: None, location: None, body })
    }
}

#[test]
fn another_spelling_of_a_foreign_number_shows_nothing() {
    let clock = Arc::new(TestClock::virtual_sleeps(None));
    let client = Client::builder("key", "api-secret-of-16").transport(Arc::new(Lenient)).clock(clock);
    let client = client.store(Store::memory()).build().unwrap();
    let relay = Relay::builder(&client, |_| Some(everything("1001"))).build().unwrap();
    let shop = Shop { client, relay, ..Shop::new() };
    for (operation, body) in requests_with_a_card() {
        for number in ["2001", "002001", "2002", "002002"] {
            assert_not_found(&shop.tap(operation, "a", &body.replace("NO", number)), &format!("{operation} {number}"));
        }
    }
}

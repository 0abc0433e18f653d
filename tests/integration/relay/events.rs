//! Webhooks on their way to the app of their cardholder.

use std::time::{Duration, SystemTime};

use keysecure::{Denial, Event, EventStream, RelayRequest, RelayResponse};
use keysecure_sandbox::Sandbox;

use super::Shop;

const SOON: Duration = Duration::from_millis(20);

fn open(shop: &Shop, session: &str, last_id: Option<&str>) -> Result<EventStream, RelayResponse> {
    let session = format!("Bearer {session}");
    let mut headers = vec![("Authorization", &*session), ("Accept", "text/event-stream")];
    headers.extend(last_id.map(|id| ("Last-Event-ID", id)));
    let request = RelayRequest { method: "GET", path: "/v1/events", headers: &headers, body: b"" };
    assert!(shop.relay.is_events(&request));
    shop.relay.events(&request)
}

/// A webhook as it was verified.
fn event(shop: &Shop, json: &str) -> Event {
    let verifier = shop.client.webhook_verifier().unwrap();
    let headers = verifier.sign_for_tests(SystemTime::now(), json.as_bytes()).unwrap();
    verifier.verify(headers, json.as_bytes()).unwrap().event
}

fn purchase(shop: &Shop, consume_no: &str, cardholder_no: Option<&str>, card_no: &str) -> Event {
    let cardholder = cardholder_no.map(|number| format!(r#","cardholder_no":"{number}""#)).unwrap_or_default();
    let data = format!(
        r#"{{"consume_no":"{consume_no}","card_no":"{card_no}"{cardholder},"status":"Success","amount":1,"fee_detail":[]}}"#
    );
    event(shop, &format!(r#"{{"id":"1","action":"Consumption","data":{data}}}"#))
}

fn update(shop: &Shop, card_no: &str) -> Event {
    let data = format!(r#"{{"card_no":"{card_no}","before_status":"Activated","after_status":"Frozen"}}"#);
    event(shop, &format!(r#"{{"id":"1","action":"Card_update","data":{data}}}"#))
}

#[test]
fn a_webhook_reaches_the_app_of_its_cardholder_only() {
    let shop = Shop::new();
    let (own, other) = (shop.card(&shop.own), shop.card(&shop.other));
    let (mut mine, mut theirs) = (open(&shop, "own", None).unwrap(), open(&shop, "other", None).unwrap());
    assert!(mine.next().unwrap().starts_with(": connected\nid: "));
    theirs.next();
    shop.relay.publish(&purchase(&shop, "purchase-1", Some(&shop.own), &own));
    shop.relay.publish(&purchase(&shop, "purchase-2", None, &own));
    shop.relay.publish(&update(&shop, &own));
    shop.relay.publish(&purchase(&shop, "purchase-3", Some(&shop.other), &other));
    shop.relay.publish(&update(&shop, &other));
    // Nobody's.
    shop.relay.publish(&update(&shop, "9999999999999999999"));
    shop.relay.publish(&event(&shop, r#"{"id":"1","action":"New","data":{"card_no":"1"}}"#));
    let chunk = mine.wait_for_chunk(SOON).unwrap();
    let names: Vec<_> = chunk.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["Consumption", "Consumption", "Card_update"]);
    assert!(
        chunk.contains("purchase-1")
            && chunk.contains("purchase-2")
            && !chunk.contains("purchase-3")
            && !chunk.contains(&other)
    );
    assert_eq!(mine.wait_for_chunk(SOON).as_deref(), Some(""));
    let chunk = theirs.wait_for_chunk(SOON).unwrap();
    assert!(chunk.contains("purchase-3") && chunk.contains(&other) && !chunk.contains(&own), "{chunk}");
}

#[test]
fn an_app_that_connects_again_gets_what_it_missed_or_a_reset() {
    let shop = Shop::with(Sandbox::builder(), |relay| relay.events_kept(2));
    let own = shop.card(&shop.own);
    let opening = open(&shop, "own", None).unwrap().next().unwrap();
    let id = opening.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    for number in 0..2 {
        shop.relay.publish(&purchase(&shop, &format!("purchase-{number}"), Some(&shop.own), &own));
    }
    let mut stream = open(&shop, "own", Some(&id)).unwrap();
    stream.next();
    let chunk = stream.wait_for_chunk(SOON).unwrap();
    assert!(chunk.contains("purchase-0") && chunk.contains("purchase-1"), "{chunk}");
    shop.relay.publish(&purchase(&shop, "purchase-2", Some(&shop.own), &own));
    for lost in [&*id, "0123456789abcdef-1", "7", ""] {
        let first = open(&shop, "own", Some(lost)).unwrap().next().unwrap();
        assert!(first.contains("event: reset\n"), "{lost}: {first}");
    }
    // The id of another cardholder's event gives nothing of it.
    let mut theirs = open(&shop, "other", Some(&id)).unwrap();
    theirs.next();
    assert_eq!(theirs.wait_for_chunk(SOON).as_deref(), Some(""));
}

#[test]
fn a_stream_needs_its_grant_its_session_and_its_path() {
    let shop = Shop::new();
    let status = |session: &str| open(&shop, session, None).map_or_else(|refused| refused.status, |_| 200);
    assert_eq!(
        (status("own"), status("reads"), status("nothing"), status("unknown"), status("panic")),
        (200, 200, 403, 401, 401)
    );
    assert_eq!(shop.record().denial, Some(Denial::Unauthorized));
    for (method, path) in
        [("POST", "/v1/events"), ("GET", "/v1/events?x"), ("GET", "/v1/events/"), ("GET", "/v1/Events")]
    {
        let headers = [("Authorization", "Bearer own")];
        let request = RelayRequest { method, path, headers: &headers, body: b"" };
        assert!(!shop.relay.is_events(&request));
        assert_eq!(shop.relay.events(&request).unwrap_err().status, 404, "{method} {path}");
    }
    let streams: Vec<_> = (0..4).map(|_| open(&shop, "own", None).unwrap()).collect();
    assert_eq!((status("own"), status("other")), (429, 200));
    drop(streams);
    assert_eq!(status("own"), 200);
}

#[test]
fn a_stream_ends_so_that_its_session_is_authorized_again() {
    let shop = Shop::with(Sandbox::builder(), |relay| relay.stream_lasts(Duration::from_millis(100)));
    let chunks: Vec<_> = open(&shop, "own", None).unwrap().collect();
    assert_eq!(chunks.len(), 1);
}

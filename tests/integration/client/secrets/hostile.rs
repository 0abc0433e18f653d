//! Secrets in responses of hostile servers and in custom transports.

use std::sync::Arc;

use keysecure::{
    CardDetail, Client, ErrorKind, Extra, ListPackages, Method, Pin, Request, Response, SetPin, Transport,
    TransportError,
};
use keysecure_tests::{MockResponse, MockServer, Recorder, TestClock, envelope, http, logged};

use super::{API_KEY, API_SECRET, PIN, Printed, add_logs, check};

/// A PAN that a hostile server plants.
const PLANTED: &str = "4556737586899855";

#[test]
fn a_custom_transport_that_prints_requests_prints_no_secret() {
    struct Printing(std::sync::Mutex<Printed>);
    impl Transport for Printing {
        fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
            let body = br#"{"code":0,"data":{"access_token":"canary-token-of-a-puppet","expired_time":4763800000000,"result":true}}"#;
            let response = Response {
                status: 200,
                date: None,
                retry_after: None,
                content_type: None,
                location: None,
                body: body.to_vec().into(),
            };
            let mut printed = self.0.lock().unwrap();
            printed.value("a request", request);
            printed.value("a response", &response);
            Ok(response)
        }
    }
    let printing = Arc::new(Printing(std::sync::Mutex::default()));
    let client = Client::builder(API_KEY, API_SECRET).transport(printing.clone()).build().unwrap();
    let pin = Pin::new(PIN).unwrap();
    client.cards().set_pin(&SetPin { card_no: "17".into(), cardholder_no: "18".into(), pin }).unwrap();
    let secrets = [
        ("the Api-Key", API_KEY.to_owned()),
        ("the apiSecret", API_SECRET.to_owned()),
        ("the PIN", PIN.to_owned()),
        ("an access token", "canary-token-of-a-puppet".to_owned()),
    ];
    let printed = printing.0.lock().unwrap();
    assert_eq!(printed.0.len(), 4);
    check(&printed, &secrets);
}

/// Makes calls to a server that always sends that response; returns what they print.
fn print_calls(response: MockResponse) -> Printed {
    let server = MockServer::platform(move |_| response.clone()).unwrap();
    let recorder = Arc::new(Recorder::default());
    let client = Client::builder(API_KEY, API_SECRET)
        .base_url(server.base_url())
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .observer(recorder.clone())
        .build()
        .unwrap();
    let mut printed = Printed::default();
    macro_rules! made {
        ($what:literal, $result:expr) => {
            match $result {
                Ok(value) => printed.value($what, &value),
                Err(error) => printed.error($what, &error),
            }
        };
    }
    let ((), lines) = logged(|| {
        made!("cards.get", client.cards().get("17"));
        made!("cardholders.get", client.cardholders().get("17"));
        made!("consumptions.get", client.consumptions().get("17"));
        made!("accounts.get", client.accounts().get("17"));
        made!("cards.private_info", client.cards().private_info("17"));
        made!("pci.client_token", client.pci().client_token("17"));
        made!("cards.freeze", client.cards().freeze("17"));
        made!(
            "pci.card_detail",
            client.pci().card_detail(&CardDetail {
                client_access_token: "t".into(),
                origin: "https://page.example".into(),
                parent_origin: "https://merchant.example".into(),
                nonce: "n".into(),
                extra: Extra::default(),
            })
        );
        client.cards().packages(&ListPackages::default()).for_each(|row| made!("cards.packages", row));
        made!("a raw call", client.call(Method::Get, "/v1/anything", None));
    });
    // The HTTP library logs the head of a response; only the SDK's records are searched.
    let ours = lines.into_iter().filter(|line| line.target == "keysecure").collect();
    add_logs(&mut printed, ours);
    recorder.attempts().iter().for_each(|record| printed.add("an attempt", format!("{record} {record:?}")));
    printed
}

#[test]
fn a_pan_that_a_hostile_server_plants_is_masked_wherever_it_is_printed() {
    let spaced = "4556 7375 8689 9855";
    let dashed = "4556-7375-8689-9855";
    let object = |value: &str| {
        format!(
            r#"{{"card_no":"17","cardholder_no":"18","consume_no":"19","package_no":"20","status":{value},"email":{value},"fail_reason":{value},"remark":{value},"detail":{value},"card_name":{value},"organization":{value},"merchant_info":{{"merchant_name":{value}}},"fee_detail":{{"manage_fee_type":{value}}},"note":{value},"deep":{{"list":[{{"pan":{value}}}]}}}}"#
        )
    };
    let mut responses = Vec::new();
    for pan in [PLANTED, spaced, dashed, "card 4556737586899855 of customer 7"] {
        let text = format!("\"{pan}\"");
        let page = format!(r#"{{"list":[{}]}}"#, object(&text));
        responses.extend([envelope(&object(&text)), envelope(&page), envelope(&text)]);
        for code in [1004, 2002, 4005, 1001, 77] {
            let refusal = format!(r#"{{"code":{code},"msg":"card_no {pan} is wrong, {pan}","data":{text}}}"#);
            responses.push(http("200 OK", &[], refusal.as_bytes()));
        }
    }
    // As a number, as a field's name, in a field of another type, and in a body that is no JSON.
    let bare = PLANTED;
    responses.extend([
        envelope(&object(bare)),
        envelope(&format!(r#"{{"card_no":"17","status":"x","extra":{{"{bare}":"{bare}"}}}}"#)),
        envelope(&format!(r#"{{"card_no":[{bare}],"status":"x"}}"#)),
        envelope(&format!(r#"{{"list":[{{"card_no":[{bare}]}},{bare},"{bare}"]}}"#)),
        envelope(&format!(r#"{{"card_no":"17","status":"x","time":"{bare}x"}}"#)),
        envelope(&format!(r#"{{"result":"{bare}"}}"#)),
        envelope(&format!(r#"{{"result":{bare}}}"#)),
        envelope(&format!(r#"{{"client_access_token":{bare},"expires_in":"{bare}x"}}"#)),
        http("200 OK", &[], format!("<html>{bare}</html>").as_bytes()),
        http("200 OK", &[], format!("{{\"code\":\"{bare}x\"}}").as_bytes()),
        http("200 OK", &[], format!("{{\"code\":0,\"data\":{bare}").as_bytes()),
        http(&format!("500 {bare}"), &[&format!("X-Pan: {bare}")], bare.as_bytes()),
        http("302 Found", &[&format!("Location: http://127.0.0.1:9/{bare}")], b""),
        http("503 Busy", &[&format!("Retry-After: {bare}x"), &format!("Date: {bare}")], b""),
    ]);
    let planted = [
        ("a PAN", PLANTED.to_owned()),
        ("a PAN in groups", spaced.to_owned()),
        ("a PAN with dashes", dashed.to_owned()),
    ];
    for response in responses {
        let shown = String::from_utf8_lossy(&response).into_owned();
        let leaks = print_calls(MockResponse::Keep(response)).leaks(&planted);
        assert!(leaks.is_empty(), "of {shown}: {:#?}", &leaks[..leaks.len().min(3)]);
    }
}

#[test]
fn a_pan_as_a_field_name_is_masked_too() {
    let data = format!(r#"{{"{PLANTED}":1,"card_no":"17","status":"x","list":[{{"{PLANTED}":2}}]}}"#);
    let leaks = print_calls(MockResponse::Keep(envelope(&data))).leaks(&[("a PAN", PLANTED.to_owned())]);
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn secrets_of_a_wrong_type_are_not_repeated_by_the_error() {
    let canaries =
        [("a token", "canary-token-55"), ("a PAN", PLANTED), ("a CVV", "417"), ("a client token", "canary-client-56")];
    let secrets = canaries.map(|(name, secret)| (name, secret.to_owned()));
    for data in [
        r#"{"access_token":["canary-token-55"],"expired_time":4763800000000}"#,
        r#"{"access_token":{"canary-token-55":1},"expired_time":4763800000000}"#,
        r#"{"access_token":"canary-token-55","expired_time":"canary-token-55"}"#,
        r#"{"access_token":"canary-token-55"}"#,
        r#"{"access_token":"canary-token-55 \r\nX: y","expired_time":4763800000000}"#,
        r#""canary-token-55""#,
    ] {
        let server = MockServer::start(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let client = Client::builder(API_KEY, API_SECRET).base_url(server.base_url()).build().unwrap();
        let error = client.cards().freeze("17").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        let mut printed = Printed::default();
        printed.error("a token of a wrong type", &error);
        check(&printed, &secrets);
    }
    for data in [
        r#"{"card_no":"17","pan":4556737586899855,"cvv":"417","exp_year":"2028","exp_month":"12"}"#,
        r#"{"card_no":"17","pan":"4556737586899855","cvv":417,"exp_year":"2028","exp_month":"12"}"#,
        r#"{"card_no":"17","pan":["4556737586899855"],"cvv":"417"}"#,
        r#"{"card_no":"17","pan":"4556737586899855","cvv":"417"}"#,
        r#"{"client_access_token":"canary-client-56","expires_in":"canary-client-56"}"#,
        r#"{"client_access_token":{"canary-client-56":417},"expires_in":300}"#,
        r#"["4556737586899855","417"]"#,
        r#""4556737586899855 417""#,
    ] {
        let printed = print_calls(MockResponse::Keep(envelope(data)));
        let of_types = Printed(printed.0.into_iter().filter(|(what, _)| what.starts_with("pci.")).collect());
        assert_eq!(of_types.0.len(), 4, "two errors, in two parts each");
        check(&of_types, &secrets);
    }
}

#[test]
fn a_secret_in_an_unknown_field_is_kept_and_not_printed() {
    let data = r#"{"card_no":"17","status":"Frozen","cvv":"417","pin":"739251","token":"canary-new-57"}"#;
    let server = MockServer::platform(move |_| MockResponse::Keep(envelope(data))).unwrap();
    let client = Client::builder(API_KEY, API_SECRET).base_url(server.base_url()).build().unwrap();
    let card = client.cards().get("17").unwrap();
    assert_eq!(card.extra.get("cvv").unwrap().as_str(), r#""417""#);
    let mut printed = Printed::default();
    printed.value("a card with new fields", &card);
    check(&printed, &[("a CVV", "417".to_owned()), ("a PIN", PIN.to_owned())]);
}

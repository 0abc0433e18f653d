//! The requests that are sent, and those refused before they are sent.

use keysecure::{Client, ErrorKind, Json, Method, Outcome};
use keysecure_tests::{MockResponse, MockServer, cents, envelope, virtual_card};

use super::{builder, client_of};

#[test]
fn simulation_is_refused_in_production_however_its_path_is_written() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope("{}"))).unwrap();
    let client = builder(&server).environment(keysecure::Environment::Production).build().unwrap();
    for path in [
        "/v1/simulate/auth",
        "/v1/simulate/auth/",
        "/v1/simulate//auth",
        "//v1/simulate/refund",
        "/v1/Simulate/auth",
        "/v1/%73imulate/auth",
        "/v1%2fsimulate%2Fauth",
        "/v1/simulate;x=1/auth",
        "/v1/simulate/new",
        "/v1/simulate",
    ] {
        for method in [Method::Get, Method::Post] {
            let error = client.call(method, path, None).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{path}: {error}");
        }
    }
    for path in ["/v1/card/%2e%2e/simulate/auth", "/v1/card/..;/simulate/auth"] {
        assert_eq!(client.call(Method::Post, path, None).unwrap_err().field(), Some("path"));
    }
    assert!(server.requests().is_empty());
}

#[test]
fn simulation_is_refused_at_the_address_of_production_under_any_setting() {
    let client = Client::builder("key", "0123456789abcdef").base_url("https://OPENPLATFORM.keysecure.io:443").build();
    let error = client.unwrap().call(Method::Post, "/v1/simulate/auth", None).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{error}");
}

#[test]
fn a_raw_call_sends_every_number_as_it_is_written() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope("{}"))).unwrap();
    let body = r#"{"a":1E+2,"b":10.500,"c":18446744073709551617,"d":0.1000000000000000055511151231257827,"e":-0}"#;
    client_of(&server).call(Method::Post, "/v1/any", Some(&Json::new(body).unwrap())).unwrap();
    assert_eq!(server.requests()[0].body, body.as_bytes());
}

#[test]
fn local_amounts_keep_the_decimals_of_their_currency() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope("{}"))).unwrap();
    let client = client_of(&server);
    for (amount, currency, sent) in [("1.234", "KWD", "1.234"), ("1.230", "KWD", "1.23"), ("100", "JPY", "100")] {
        let request = keysecure::SimulationRequest {
            local_amount: Some(amount.parse().unwrap()),
            local_currency: Some(currency.into()),
            card_no: Some("17".into()),
            amount: Some(cents(1_00)),
            ..keysecure::SimulationRequest::default()
        };
        client.simulation().auth(&request).unwrap();
        let body = String::from_utf8(server.requests().pop().unwrap().body).unwrap();
        assert!(body.contains(&format!(r#""local_amount":{sent},"#)), "{body}");
    }
}

#[test]
fn a_virtual_card_needs_five_fields_of_an_address_and_a_physical_card_all() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope(r#"{"card_no":"1"}"#))).unwrap();
    let client = client_of(&server);
    let address = keysecure::Address {
        postal_code: "SW1Y 4JH".into(),
        country: "GB".into(),
        state: "London".into(),
        city: "London".into(),
        address_line1: "12 St James's Square".into(),
        ..keysecure::Address::default()
    };
    let mut request = keysecure::ApplyCard { address_info: Some(address), ..virtual_card("17", "card-1") };
    client.cards().apply(&request).unwrap();
    let info = |server: &MockServer| {
        let body: serde_json::Value = serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap();
        body["address_info"].clone()
    };
    let five = serde_json::json!({
        "postal_code": "SW1Y 4JH", "country": "GB", "state": "London", "city": "London",
        "address_line1": "12 St James's Square",
    });
    assert_eq!(info(&server), five);

    request.card_type = keysecure::CardType::Physical;
    let error = client.cards().apply(&request).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("address_info.first_name")));
    assert_eq!(server.requests().len(), 1);
    request.address_info = Some(keysecure_tests::address());
    client.cards().apply(&request).unwrap();
    assert_eq!(info(&server).as_object().unwrap().len(), 10, "the whole address, as the platform documents it");
}

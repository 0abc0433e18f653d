//! Outcomes by code, status and content of the envelope.

use keysecure::{ApplyCardholder, ErrorKind, Outcome};
use keysecure_tests::{MockResponse, MockServer, envelope, http};

use super::{ALL, Call, MUTATIONS, READ, ask, client_of};

#[test]
fn a_response_with_a_code_is_rejected_or_unknown_by_code_and_status() {
    use Outcome::{Rejected, Unknown};
    let table: [(i64, &str, Outcome, usize); 20] = [
        // Responses of a gateway.
        (504, "504 Gateway Timeout", Unknown, 3),
        (504, "200 OK", Unknown, 1),
        (500, "500 Oops", Unknown, 3),
        (429, "429 Too Many", Unknown, 3),
        (408, "408 Timeout", Unknown, 3),
        (403, "403 No", Unknown, 1),
        // Codes outside the platform's ranges, regardless of the status.
        (-1, "200 OK", Unknown, 1),
        (1, "200 OK", Unknown, 1),
        (5000, "200 OK", Unknown, 1),
        (5000, "502 Oops", Unknown, 3),
        (999, "400 Bad", Unknown, 1),
        // The platform's system error.
        (1001, "200 OK", Unknown, 3),
        (1001, "400 Bad", Unknown, 3),
        // Documented codes come from the platform, under any status.
        (2002, "200 OK", Rejected, 1),
        (4005, "500 Oops", Rejected, 1),
        (1003, "403 No", Rejected, 1),
        // Undocumented codes of its ranges.
        (3001, "200 OK", Rejected, 1),
        (3001, "400 Bad", Rejected, 1),
        (3001, "503 Busy", Unknown, 3),
        (4999, "429 Too Many", Unknown, 3),
    ];
    for (code, status, outcome, reads) in table {
        let body = format!(r#"{{"code":{code},"msg":"upstream request timeout"}}"#);
        let response = http(status, &[], body.as_bytes());
        for (call, sends) in MUTATIONS.into_iter().map(|call| (call, 1)).chain([(READ, reads)]) {
            let (error, sent) = ask(call, &response);
            let shown = format!("{} {code} under {status}: {error}", call.0);
            assert_eq!((error.code(), error.msg()), (Some(code), Some("upstream request timeout")), "{shown}");
            assert_eq!((error.outcome(), sent), (outcome, sends), "{shown}");
            assert_eq!(error.to_string().contains("the platform refused"), outcome == Rejected, "{shown}");
        }
    }
}

#[test]
fn success_under_an_error_status_is_unknown() {
    for (status, reads) in [("504 Timeout", 3), ("500 Oops", 3), ("429 Busy", 3), ("400 Bad", 1), ("403 No", 1)] {
        let response = http(status, &[], format!(r#"{{"code":0,"msg":"","data":{ALL}}}"#).as_bytes());
        for (call, sends) in MUTATIONS.into_iter().map(|call| (call, 1)).chain([(READ, reads)]) {
            let (error, sent) = ask(call, &response);
            let shown = format!("{} under {status}: {error}", call.0);
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{shown}");
            assert_eq!(sent, sends, "{shown}");
        }
    }
}

#[test]
fn a_duplicate_key_in_the_envelope_is_invalid_and_never_sent_again() {
    for body in [
        r#"{"code":0,"data":ALL,"code":1007}"#,
        r#"{"code":0,"data":ALL,"code":1009}"#,
        r#"{"code":1007,"data":ALL,"code":0}"#,
        r#"{"code":1005,"code":1005}"#,
        r#"{"code":1009,"code":1009}"#,
        r#"{"code":2002,"code":0,"data":ALL}"#,
        r#"{"code":0,"code":0,"data":ALL}"#,
        r#"{"code":0,"co\u0064e":1007,"data":ALL}"#,
        r#"{"code":0,"data":ALL,"data":ALL}"#,
        r#"{"data":{},"code":0,"data":ALL}"#,
        r#"{"code":1009,"data":1,"data":2}"#,
        r#"{"code":0,"msg":"ok","data":ALL,"msg":"no"}"#,
        r#"{"code":1007,"msg":"a","msg":"b"}"#,
    ] {
        let body = body.replace("ALL", ALL);
        for status in ["200 OK", "401 No"] {
            let response = http(status, &[], body.as_bytes());
            for call in MUTATIONS.into_iter().chain([READ]) {
                let (error, sent) = ask(call, &response);
                let shown = format!("{} {status} {body}: {error}", call.0);
                assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{shown}");
                assert_eq!((error.code(), sent), (None, 1), "{shown}");
            }
        }
    }
}

#[test]
fn an_empty_identifier_is_invalid_and_never_sent_again() {
    let apply_cardholder: Call = |client| {
        let request = ApplyCardholder {
            cardholder_unique_no: "person-1".into(),
            sumsub_share_token: "share".into(),
            cardholder_no: None,
        };
        client.cardholders().apply(&request).map(drop)
    };
    let calls: [(&str, Call, &str); 7] = [
        ("accounts.transfer", MUTATIONS[0].1, r#"{"transfer_no":"","transfer_unique_no":"move-1"}"#),
        ("cards.apply", MUTATIONS[1].1, r#"{"card_no":"","card_unique_no":"card-1"}"#),
        ("cardholders.apply", apply_cardholder, r#"{"cardholder_no":" ","cardholder_unique_no":"person-1"}"#),
        ("cards.get", READ.1, r#"{"card_no":"","status":"Frozen"}"#),
        ("cardholders.get", |client| client.cardholders().get("17").map(drop), r#"{"cardholder_no":"","status":"x"}"#),
        ("consumptions.get", |client| client.consumptions().get("17").map(drop), r#"{"consume_no":""}"#),
        (
            "pci.client_token",
            |client| client.pci().client_token("17").map(drop),
            r#"{"client_access_token":"","expires_in":60}"#,
        ),
    ];
    for (name, call, data) in calls {
        let (error, sent) = ask((name, call), &envelope(data));
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{error}");
        assert_eq!(sent, 1, "{error}");
    }
}

#[test]
fn an_echo_of_another_reference_is_invalid_and_never_sent_again() {
    let apply_cardholder: Call = |client| {
        let request = ApplyCardholder {
            cardholder_unique_no: "person-1".into(),
            sumsub_share_token: "share".into(),
            cardholder_no: None,
        };
        client.cardholders().apply(&request).map(drop)
    };
    let calls: [(&str, Call, &str, &str); 3] = [
        ("accounts.transfer", MUTATIONS[0].1, r#""transfer_no":"1","transfer_unique_no""#, "move-1"),
        ("cards.apply", MUTATIONS[1].1, r#""card_no":"1","card_unique_no""#, "card-1"),
        ("cardholders.apply", apply_cardholder, r#""cardholder_no":"1","cardholder_unique_no""#, "person-1"),
    ];
    for (name, call, fields, own) in calls {
        for other in ["move-2", "", "MOVE-1", " move-1", "Card-1", "card-1 ", "person-11"] {
            let (error, sent) = ask((name, call), &envelope(&format!(r#"{{{fields}:"{other}"}}"#)));
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{error}");
            assert_eq!(sent, 1, "{error}");
            assert!(other.trim().is_empty() || !error.to_string().contains(other), "{error}");
        }
        for echo in [format!(r#":"{own}""#), ":null".to_owned()] {
            let response = envelope(&format!("{{{fields}{echo}}}"));
            let server = MockServer::platform(move |_| MockResponse::Keep(response.clone())).unwrap();
            call(&client_of(&server)).unwrap();
        }
    }
}

#[test]
fn texts_of_a_response_are_truncated() {
    let msg = "号".repeat(1 << 20);
    for code in [2002, 504] {
        let body = format!(r#"{{"code":{code},"msg":"{msg}"}}"#);
        let (error, _) = ask(MUTATIONS[0], &http("200 OK", &[], body.as_bytes()));
        assert_eq!(error.msg().unwrap().len(), 2046);
        assert!(error.to_string().len() < 2300);
    }
    // An error's text contains a path of field names.
    let nested = format!("{}7{}", r#"{"merchant_name_that_is_long":"#.repeat(100), "}".repeat(100));
    let (error, _) = ask(READ, &envelope(&format!(r#"{{"card_no":{nested}}}"#)));
    assert!(error.to_string().len() < 2300);
}

//! Bodies that are no envelope, and envelopes that are unusual or contradict themselves.

use keysecure::{CardStatus, Client, ErrorKind, Outcome};
use keysecure_tests::{MockResponse, MockServer, http};

use super::{ask, client_of, is_invalid, mutate, read};

#[test]
fn a_body_that_is_no_envelope_is_an_invalid_response() {
    let deep = format!(r#"{{"code":0,"data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let deep_objects = format!(r#"{{"code":0,"data":{}1{}}}"#, r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let unclosed = "[".repeat(1_000_000);
    let bodies: [(&str, &[u8]); 39] = [
        ("nothing", b""),
        ("spaces", b"   \r\n"),
        ("html", b"<!doctype html><h1>It works</h1>"),
        ("text", b"Bad Gateway"),
        ("null", b"null"),
        ("a number", b"17"),
        ("a string", b"\"code\""),
        ("an array", b"[{\"code\":0}]"),
        ("an empty object", b"{}"),
        ("no code", br#"{"msg":"ok","data":{}}"#),
        ("no data", br#"{"code":0,"msg":"ok"}"#),
        ("data null", br#"{"code":0,"data":null}"#),
        ("data text", br#"{"code":0,"data":"x"}"#),
        ("data number", br#"{"code":0,"data":7}"#),
        ("data array", br#"{"code":0,"data":[{"card_no":"1","status":"x"}]}"#),
        ("data empty", br#"{"code":0,"data":{}}"#),
        ("numbers of other types", br#"{"code":0,"data":{"card_no":7.5,"status":[],"transfer_no":true}}"#),
        ("cut off", br#"{"code":0,"data":{"card_no":"1","#),
        ("cut off in a string", br#"{"code":0,"data":{"card_no":"1"#),
        ("cut off in an escape", br#"{"code":0,"data":"\u00"#),
        ("data after the end", br#"{"code":0,"data":{"card_no":"1","status":"x","transfer_no":"1"}} {"code":0}"#),
        ("a byte order mark", b"\xef\xbb\xbf{\"code\":0,\"data\":{}}"),
        ("invalid UTF-8", b"{\"code\":0,\"data\":{\"card_no\":\"\xff\xfe\",\"status\":\"x\",\"transfer_no\":\"1\"}}"),
        ("overlong UTF-8", b"{\"code\":0,\"msg\":\"\xc0\xaf\",\"data\":{}}"),
        ("utf-16", b"{\0\"\0c\0"),
        (
            "a control character",
            b"{\"code\":0,\"data\":{\"card_no\":\"a\nb\",\"status\":\"x\",\"transfer_no\":\"a\nb\"}}",
        ),
        ("code true", br#"{"code":true,"data":{}}"#),
        ("code null", br#"{"code":null,"data":{}}"#),
        ("code object", br#"{"code":{},"data":{}}"#),
        ("code words", br#"{"code":"zero","data":{}}"#),
        ("code with a fraction", br#"{"code":0.5,"data":{}}"#),
        ("code huge", br#"{"code":99999999999999999999,"data":{}}"#),
        ("code beyond floats", br#"{"code":1e400,"data":{}}"#),
        ("code empty", br#"{"code":"","data":{}}"#),
        ("keys without quotes", b"{code:0,data:{}}"),
        ("deep arrays", deep.as_bytes()),
        ("deep objects", deep_objects.as_bytes()),
        ("unclosed arrays", unclosed.as_bytes()),
        ("nul bytes", &[0; 64]),
    ];
    for (name, body) in bodies {
        is_invalid(name, body);
    }
}

/// A server that responds to every call with that envelope, and its client.
fn server_with(body: &'static str) -> (MockServer, Client) {
    let server = MockServer::platform(move |_| MockResponse::Keep(http("200 OK", &[], body.as_bytes()))).unwrap();
    let client = client_of(&server);
    (server, client)
}

#[test]
fn unusual_but_clear_envelopes_are_understood() {
    for body in [
        r#"{"code":0,"data":{"card_no":"17","status":"Frozen"}}"#,
        r#"{"code":"0","msg":null,"data":{"status":"Frozen","card_no":"17"}}"#,
        r#"{"code":0.0,"msg":"","data":{"card_no":"17","status":"Frozen"}}"#,
        r#"{"data":{"card_no":"17","status":"Frozen"},"trace":{"id":[1]},"msg":null,"code":0}"#,
        "\r\n {\"code\" : 0 , \"data\" : {\"card_no\":\"17\",\"status\":\"Fro\\u007aen\"}} \n",
        r#"{"code":0,"data":{"card_no":"16","card_no":"17","status":"Melted","status":"Frozen"}}"#,
    ] {
        let (_server, client) = server_with(body);
        let card = read(&client).unwrap();
        assert_eq!((&*card.card_no, &card.status), ("17", &CardStatus::Frozen), "{body}");
    }
}

#[test]
fn unusual_but_clear_refusals_are_understood() {
    let least = ask("code", MockResponse::Keep(http("200 OK", &[], br#"{"msg":"no","code":-9223372036854775808}"#)));
    assert!(least.iter().all(|(error, sent)| error.code() == Some(i64::MIN) && *sent == 1));
    for (body, code, msg) in [
        (r#"{"code":2002,"msg":"no"}"#, 2002, "no"),
        (r#"{"code":"2002","msg":"no","data":null}"#, 2002, "no"),
        (r#"{"code":2002}"#, 2002, ""),
        (r#"{"code":2002,"msg":null,"data":{"card_no":7}}"#, 2002, ""),
        (r#"{"code":2.002e3,"msg":"no","data":[[[]]]}"#, 2002, "no"),
    ] {
        let (server, client) = server_with(body);
        let error = mutate(&client).unwrap_err();
        assert_eq!((error.code(), error.msg(), error.outcome()), (Some(code), Some(msg), Outcome::Rejected), "{body}");
        assert_eq!(server.requests().len(), 1, "{body}");
    }
}

#[test]
fn an_envelope_that_contradicts_itself_never_leads_to_a_second_mutation() {
    for body in [
        r#"{"code":0,"code":1009,"msg":"x","data":{"transfer_no":"1"}}"#,
        r#"{"code":1009,"code":0,"msg":"x","data":{"transfer_no":"1"}}"#,
        r#"{"code":1009,"data":{"transfer_no":"1"},"code":0}"#,
        r#"{"code":0,"data":{"transfer_no":"1"},"data":{"transfer_no":"2"}}"#,
        r#"{"code":0,"data":{"transfer_no":"1"},"code":2002}"#,
    ] {
        is_invalid(body, body.as_bytes());
    }
}

#[test]
fn a_result_that_is_not_true_is_no_success() {
    for (body, kind, outcome) in [
        (r#"{"code":0,"data":{"result":false}}"#, ErrorKind::Api, Outcome::Rejected),
        (r#"{"code":0,"data":{"result":"true"}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":{"result":1}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":{"result":null}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":{}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":true}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
    ] {
        let (server, client) = server_with(body);
        let error = client.cards().freeze("17").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{body}: {error}");
        assert_eq!(error.operation(), Some("cards.update_status"));
        assert_eq!(server.requests().len(), 1);
    }
    let (_server, client) = server_with(r#"{"code":0,"data":{"result":true,"new":1}}"#);
    client.cards().freeze("17").unwrap();
}

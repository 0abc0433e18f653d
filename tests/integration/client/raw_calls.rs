//! Raw calls: any path and body of the platform.

use keysecure::{ErrorKind, Json, Method, Outcome};
use keysecure_tests::TestEnv;

#[test]
fn a_raw_call_sends_the_same_headers_and_returns_data_unchanged() {
    let env = TestEnv::credit().unwrap();
    let client = &env.client;
    let account = format!("/v1/account/{}/info", env.cardholder_no);
    let data = client.call(Method::Get, &account, None).unwrap();
    assert!(data.as_str().contains(r#""balance":"0.00""#), "{data:?}");
    let body = Json::new(r#"{"type":"Virtual","page":0,"size":1}"#).unwrap();
    let data = client.call(Method::Post, "/v1/card/package/list", Some(&body)).unwrap();
    let page: serde_json::Value = data.parse().unwrap();
    assert_eq!(page["list"].as_array().unwrap().len(), 1);
    let data = client.call(Method::Post, "/v1/card/package/list", None).unwrap();
    assert_eq!(data.parse::<serde_json::Value>().unwrap()["list"].as_array().unwrap().len(), 4);
    let request = env.sandbox.requests().pop().unwrap();
    for header in ["api-key", "timestamp", "access-token", "content-type", "language"] {
        assert!(request.headers.iter().any(|sent| sent.eq_ignore_ascii_case(header)), "{header}");
    }
    let error = client.call(Method::Get, "/v1/cardholder/17/info", None).unwrap_err();
    assert_eq!((error.code(), error.operation()), (Some(2002), Some("cardholders.get")));
}

#[test]
fn a_raw_call_to_an_unknown_path_is_refused_and_a_post_is_a_mutation() {
    let env = TestEnv::credit().unwrap();
    let error = env.client.call(Method::Get, "/v1/card/new", None).unwrap_err();
    assert_eq!((error.code(), error.http_status(), error.operation()), (Some(1004), Some(404), Some("call")));
    let wrong_method = env.client.call(Method::Get, "/v1/card/list", None).unwrap_err();
    assert_eq!((wrong_method.http_status(), wrong_method.outcome()), (Some(405), Outcome::Rejected));
    let before = env.count();
    env.sandbox.fault(keysecure_sandbox::Fault::on_any(keysecure_sandbox::FaultKind::DropAfterCommit));
    let error = env.client.call(Method::Post, "/v1/card/new", None).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::Unknown));
    assert_eq!(env.count() - before, 1);
}

#[test]
fn a_raw_call_with_a_bad_path_or_body_is_never_sent() {
    let env = TestEnv::credit().unwrap();
    for path in
        ["", "v1/card/list", "/v1/../admin", "/v1/./x", "/v1/x?y=1", "/v1/x#y", "/v1/a b", "/v1/\u{e9}", "/v1\\x"]
    {
        let error = env.client.call(Method::Get, path, None).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("path")), "{path}");
        assert_eq!(error.outcome(), Outcome::NotSent);
    }
    for path in ["/open-api", "/open-api/v1/card/list"] {
        let error = env.client.call(Method::Post, path, None).unwrap_err();
        assert_eq!((error.outcome(), error.field()), (Outcome::NotSent, Some("path")));
        assert!(error.to_string().contains("leave out /open-api"), "{error}");
    }
    let body = Json::new("{}").unwrap();
    let error = env.client.call(Method::Get, "/v1/x", Some(&body)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("body")));
    assert_eq!(env.count(), 0);
}

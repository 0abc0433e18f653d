//! The clock of a verifier: this machine's, or the platform's as a client learned it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{
    Client, Decision, Error, ErrorKind, Rejection, Responder, WebhookVerifier, reply_accept, reply_decline,
};
use keysecure_sandbox::{Platform, Sandbox};

use super::fixture::{AUTH, BODY};

const AHEAD: Duration = Duration::from_secs(600);

/// Verifies a webhook that the platform signs now.
fn verify_new(verifier: &WebhookVerifier, platform: &Platform) -> Result<(), Error> {
    let now = UNIX_EPOCH + Duration::from_millis(platform.now_ms().unsigned_abs());
    let headers = verifier.sign_for_tests(now, BODY.as_bytes())?;
    verifier.verify(headers, BODY.as_bytes()).map(|_| ())
}

#[test]
fn a_verifier_of_a_client_follows_the_clock_that_the_client_learned() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.platform().advance(AHEAD);
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build().unwrap();
    let verifier = client.webhook_verifier().unwrap();

    let error = verify_new(&verifier, &sandbox.platform()).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::TooNew), "nothing is learned before the first call");
    let text = error.to_string();
    assert!(
        text.contains("differs by 600 s") && text.contains("tolerance is 300 s") && text.contains("clock"),
        "{text}"
    );

    client.access_token().unwrap();
    verify_new(&verifier, &sandbox.platform()).unwrap();
    client.close();
    verify_new(&client.webhook_verifier().unwrap(), &sandbox.platform()).unwrap();

    let other = WebhookVerifier::new("another-app", ["another-secret"]).unwrap();
    assert!(verify_new(&other, &sandbox.platform()).is_err());
    verify_new(&other.clock(client.platform_clock()), &sandbox.platform()).unwrap();
}

#[test]
fn a_verifier_of_a_client_has_its_app_id_and_takes_more_secrets() {
    let builder = || Client::builder("my-api-key", "my-api-secret-16");
    let headers = |app_id: &str, secret: &str| {
        let platform = WebhookVerifier::new(app_id, [secret]).unwrap();
        platform.sign_for_tests(SystemTime::now(), BODY.as_bytes()).unwrap()
    };
    let client = builder().app_id("my-app-id").build().unwrap();
    let verifier = client.webhook_verifier().unwrap();
    verifier.verify(headers("my-app-id", "my-api-secret-16"), BODY.as_bytes()).unwrap();
    verifier.verify(headers("my-api-key", "my-api-secret-16"), BODY.as_bytes()).unwrap_err();
    let former = headers("my-app-id", "the-former-secret");
    verifier.verify(former.clone(), BODY.as_bytes()).unwrap_err();
    let both = verifier.secrets(["my-api-secret-16", "the-former-secret"]).unwrap();
    assert_eq!(both.verify(former, BODY.as_bytes()).unwrap().secret_index, 1);
    for app_id in ["", "my app\n"] {
        assert_eq!(builder().app_id(app_id).build().unwrap_err().kind(), ErrorKind::Config);
    }
    assert_eq!(both.secrets([""; 0]).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_verifier_of_a_client_declines_what_the_platform_signed_long_ago() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.platform().advance(AHEAD);
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build().unwrap();
    assert!(!client.platform_clock().follows_platform(), "nothing is learned before the first call");
    client.access_token().unwrap();
    assert!(client.platform_clock().follows_platform());

    let (verifier, responder) = (client.webhook_verifier().unwrap(), Responder::new(|_| Decision::Approve));
    let respond = |consume_no: &str, age_ms: i64| {
        let signed_at = UNIX_EPOCH + Duration::from_millis((sandbox.platform().now_ms() - age_ms).unsigned_abs());
        let body = AUTH.replace("c1", consume_no);
        let headers = verifier.sign_for_tests(signed_at, body.as_bytes()).unwrap();
        responder.respond(&verifier.verify(headers, body.as_bytes()).unwrap())
    };
    assert_eq!(respond("c-new", 0), reply_accept());
    // The learned clock is up to two seconds behind.
    assert_eq!(respond("c-signed-before", 4_000), reply_decline("the decision is too late").unwrap());
}

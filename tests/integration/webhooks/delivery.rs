//! The sandbox's webhooks and the client's verifier, which implement one specification independently.

use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use keysecure::{
    Client, Clock, Decimal, Decision, Event, MemoryReplayStore, OnStoreFailure, Rejection, Responder,
    SimulationRequest, Status, SystemClock, WebhookVerifier,
};
use keysecure_sandbox::{Mode, NullFields, Platform, Sandbox, SignStyle, WebhookFault};
use keysecure_tests::free_address;
use oxhttp::Server;
use oxhttp::model::{Body, Request, Response};

/// The clock of the sandbox, which tests can move.
struct SandboxClock(Platform, SystemClock);

impl Clock for SandboxClock {
    fn now(&self) -> std::time::SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.now_ms().unsigned_abs())
    }
    fn monotonic(&self) -> Duration {
        self.1.monotonic()
    }
    fn sleep(&self, duration: Duration) -> Result<(), keysecure::Interrupted> {
        self.1.sleep(duration)
    }
}

type Results = Arc<Mutex<Vec<Result<Event, Rejection>>>>;

struct Setup {
    sandbox: Sandbox,
    client: Client,
    card_no: String,
    results: Results,
}

const OLD: &str = "secret-before-the-rotation-32-ch";

/// Starts a sandbox that sends its webhooks to a receiver with the client's verifier.
fn setup(mode: Mode, decide: fn(&keysecure::AuthEvent) -> Decision) -> Setup {
    let sandbox = Sandbox::builder().mode(mode).start().unwrap();
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build().unwrap();
    let cardholder_no = sandbox.seed_approved_cardholder();
    let card_no = sandbox.seed_virtual_card(&cardholder_no).unwrap();
    if mode == Mode::Credit {
        let transfer = keysecure::Transfer {
            cardholder_no,
            transfer_unique_no: "money".into(),
            r#type: keysecure::TransferType::In,
            amount: Decimal::ONE_THOUSAND,
        };
        client.accounts().transfer(&transfer).unwrap();
    }
    let verifier = WebhookVerifier::new(sandbox.api_key(), [sandbox.api_secret(), OLD])
        .unwrap()
        .clock(Arc::new(SandboxClock(sandbox.platform(), SystemClock::new())))
        .replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
    let results = Results::default();
    let (responder, kept) = (Responder::new(decide), Arc::clone(&results));
    let reply = move |request: &mut Request<Body>| {
        let mut body = Vec::new();
        request.body_mut().read_to_end(&mut body).unwrap();
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let result = verifier.verify(headers, &body).map_err(|error| error.rejection().unwrap());
        let reply = match &result {
            Ok(received) => responder.respond(received),
            Err(rejection) => keysecure::reply_decline(rejection.as_str()).unwrap(),
        };
        kept.lock().unwrap().push(result.map(|received| received.event));
        Response::new(Body::from(reply))
    };
    let address = free_address();
    Server::new(reply).bind(address).spawn().unwrap();
    sandbox.set_webhook_url(Some(&format!("http://{address}/"))).unwrap();
    Setup { sandbox, client, card_no, results }
}

impl Setup {
    fn buy(&self, amount: &str) -> String {
        let purchase = SimulationRequest {
            card_no: Some(self.card_no.clone()),
            amount: Some(amount.parse().unwrap()),
            local_amount: Some("10.50".parse().unwrap()),
            local_currency: Some("EUR".into()),
            merchant_info: keysecure::MerchantInfo::from_json(
                r#"{"merchant_name":"Café \"书店\" & <Söhne>/\\","merchant_mcc":"5942","city":"Köln","country":"DE"}"#,
            )
            .ok(),
            ..SimulationRequest::default()
        };
        self.client.simulation().auth(&purchase).unwrap().consume_no.unwrap()
    }

    fn take(&self) -> Vec<Result<Event, Rejection>> {
        assert!(self.sandbox.settle_webhooks(Duration::from_secs(10)));
        std::mem::take(&mut *self.results.lock().unwrap())
    }
}

fn never(_: &keysecure::AuthEvent) -> Decision {
    Decision::Decline("not asked in credit mode".into())
}

#[test]
fn every_event_is_verified_and_typed_in_every_style() {
    for style in [SignStyle::JavaHashMap, SignStyle::AsSent, SignStyle::JavaSorted] {
        for nulls in [NullFields::Omit, NullFields::Include] {
            let setup = setup(Mode::Credit, never);
            setup.sandbox.set_sign_style(style);
            setup.sandbox.set_null_fields(nulls);
            let bought = setup.buy("42.10");
            let simulation = setup.client.simulation();
            simulation
                .consumption_clear(&SimulationRequest {
                    consume_no: Some(bought.clone()),
                    ..SimulationRequest::default()
                })
                .unwrap();
            let back = SimulationRequest { consume_relate_no: Some(bought.clone()), ..SimulationRequest::default() };
            simulation.refund(&back).unwrap();
            setup.client.cards().freeze(&setup.card_no).unwrap();
            let results = setup.take();
            let texts: Vec<String> = results
                .iter()
                .map(|event| match event {
                    Ok(Event::Consumption { data }) => format!("{} {}", data.amount.unwrap(), data.status),
                    Ok(Event::CardUpdate { data }) => format!("card {}", data.after_status),
                    other => format!("{style:?} {nulls:?}: {other:?}"),
                })
                .collect();
            assert_eq!(texts, ["42.10 Pending", "42.10 Success", "42.10 Success", "card Frozen"]);
            let Ok(Event::Consumption { data }) = &results[0] else { unreachable!() };
            assert_eq!(data.consume_no, bought);
            let shop = data.merchant_info.as_ref().unwrap();
            assert_eq!(shop.merchant_name.as_deref(), Some("Café \"书店\" & <Söhne>/\\"));
        }
    }
}

#[test]
fn spoiled_webhooks_are_rejected_for_the_right_reason() {
    let setup = setup(Mode::Credit, never);
    for (fault, rejection) in [
        (WebhookFault::WrongSignature, Rejection::WrongSignature),
        (WebhookFault::TamperBody, Rejection::WrongSignature),
        (WebhookFault::StaleTimestamp(301_000), Rejection::TooOld),
        (WebhookFault::StaleTimestamp(-301_000), Rejection::TooNew),
    ] {
        setup.sandbox.webhook_fault(fault).unwrap();
        setup.buy("1.00");
        assert_eq!(setup.take(), [Err(rejection)], "{fault:?}");
        // The sandbox tries again, without the fault.
        setup.sandbox.advance(Duration::from_secs(11));
        assert!(matches!(&setup.take()[..], [Ok(Event::Consumption { .. })]));
    }
}

#[test]
fn a_duplicate_is_rejected_and_a_redelivery_is_new() {
    let setup = setup(Mode::Credit, never);
    setup.sandbox.webhook_fault(WebhookFault::Duplicate).unwrap();
    setup.buy("1.00");
    let results = setup.take();
    assert!(matches!(&results[..], [Ok(_), Err(Rejection::Replayed)]), "{results:?}");
    let id = setup.sandbox.deliveries().last().unwrap().id.clone();
    setup.sandbox.advance(Duration::from_secs(60));
    setup.sandbox.redeliver(&id).unwrap();
    assert!(
        matches!(&setup.take()[..], [.., Ok(Event::Consumption { .. })]),
        "its timestamp is new, so it is no replay"
    );
}

#[test]
fn webhooks_out_of_order_and_late_ones_are_verified() {
    let setup = setup(Mode::Credit, never);
    setup.sandbox.webhook_fault(WebhookFault::Reorder).unwrap();
    let first = setup.buy("1.00");
    setup
        .client
        .simulation()
        .consumption_fail(&SimulationRequest { consume_no: Some(first), ..SimulationRequest::default() })
        .unwrap();
    let statuses: Vec<Status> = setup
        .take()
        .into_iter()
        .map(|event| match event {
            Ok(Event::Consumption { data }) => data.status,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(statuses, [Status::Fail, Status::Pending]);
}

#[test]
fn old_and_new_secrets_are_valid_during_a_rotation() {
    let setup = setup(Mode::Credit, never);
    setup.sandbox.set_webhook_secret(OLD);
    setup.buy("1.00");
    assert!(matches!(&setup.take()[..], [Ok(_)]));
    setup.sandbox.rotate_webhook_secret(setup.sandbox.api_secret());
    setup.buy("1.00");
    assert!(matches!(&setup.take()[..], [Ok(_)]));
    setup.sandbox.rotate_webhook_secret("a secret that the merchant does not know");
    setup.buy("1.00");
    assert_eq!(setup.take(), [Err(Rejection::WrongSignature)]);
}

#[test]
fn the_merchants_decision_counts_in_authorization_mode() {
    let setup = setup(Mode::Authorization, |purchase| {
        if purchase.amount > Decimal::ONE_HUNDRED {
            std::thread::sleep(Duration::from_secs(3));
        }
        if purchase.amount < Decimal::TEN { Decision::Approve } else { Decision::Decline("too dear".into()) }
    });
    for (amount, status) in [("9.99", Status::Pending), ("10.00", Status::Fail), ("100.01", Status::Fail)] {
        let consume_no = setup.buy(amount);
        assert_eq!(setup.client.consumptions().get(&consume_no).unwrap().status, Some(status), "{amount}");
    }
    let asked = setup.sandbox.deliveries().into_iter().filter(|delivery| delivery.code.is_some()).count();
    assert!(asked >= 3, "every purchase got a reply in time, the slow one too");
}

#[test]
fn a_redelivered_purchase_is_not_decided_again() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let setup = setup(Mode::Authorization, |_| {
        ASKED.fetch_add(1, Ordering::SeqCst);
        Decision::Approve
    });
    setup.buy("9.99");
    let asked = setup.sandbox.deliveries().into_iter().find(|delivery| delivery.code.is_some()).unwrap();
    let before = setup.take().len();
    setup.sandbox.advance(Duration::from_secs(60));
    setup.sandbox.redeliver(&asked.id).unwrap();
    let again = setup.take();
    assert!(before > 0 && matches!(&again[..], [Ok(Event::Auth { .. })]), "{again:?}");
    let replies: Vec<_> = setup.sandbox.deliveries().into_iter().filter(|delivery| delivery.id == asked.id).collect();
    assert!(replies.len() > 1 && replies.iter().all(|delivery| delivery.code == asked.code), "{replies:?}");
    assert_eq!(ASKED.load(Ordering::SeqCst), 1);
}

//! Requests of an app to a relay, in front of a platform that ignores every filter.
//!
//! Input: a byte that chooses the scope, the operation or a path, header lines, the body.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use keysecure::{Grant, MemoryStore, Relay, RelayRequest, Request, Response, Scope, Store};

use super::SEPARATOR;
use super::json::entries;
use super::platform::{BASE_URL, Platform, START, Sent, response};

/// The cardholder of the session. Cards and purchases that begin with 1 are theirs, those that begin with 2 another's, those that
/// begin with 3 do not say whose they are, and others do not exist.
const OWN: &str = "1001";
/// It is in everything that belongs to another.
const FOREIGN: &str = "F0REIGN";
/// Maximum amount of a transfer.
const MOST: f64 = 50.0;
/// Executions after which the relay is replaced: it remembers taps.
const REPLACED_AFTER: u32 = 2_000;

thread_local! {
    static RELAY: RefCell<Option<(Platform, Relay)>> = const { RefCell::new(None) };
    static RUNS: Cell<u32> = const { Cell::new(0) };
}

pub fn run(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == SEPARATOR);
    let mut part = || parts.next().unwrap_or_default();
    let (target, lines, body) = (part(), part(), part());
    let (Ok(target), Ok(lines)) = (std::str::from_utf8(target), std::str::from_utf8(lines)) else { return };
    let path = if target.starts_with('/') { target.to_owned() } else { format!("/v1/{target}") };
    let scope = ["all", "reads", "nothing", "none"][usize::from(choice % 4)];
    let mut headers = vec![("x-scope", scope)];
    if choice & 4 == 0 {
        headers.push(("content-type", "application/json"));
    }
    headers.extend(lines.lines().filter_map(|line| line.split_once(": ")));
    let request =
        RelayRequest { method: if choice & 8 == 0 { "POST" } else { "GET" }, path: &path, headers: &headers, body };
    RELAY.with_borrow_mut(|kept| {
        let runs = RUNS.get() + 1;
        RUNS.set(if runs < REPLACED_AFTER { runs } else { 0 });
        if runs == REPLACED_AFTER {
            *kept = None;
        }
        let (platform, relay) = kept.get_or_insert_with(start);
        platform.respond_with(|_, request| Ok(platform_responds(request)));
        let served = relay.handle(&request);
        let text = std::str::from_utf8(&served.body).expect("UTF-8");
        let parsed: serde_json::Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(served.status == 200, parsed["code"] == 0, "{text}");
        // Of a tap that exceeds a limit, a store in memory cannot tell what an earlier process sent.
        let is_of_tap = served.status == 403 && parsed["error"]["of_tap"] == true;
        assert!(
            ![401, 403, 404, 405, 413].contains(&served.status) || parsed["error"]["outcome"] != "unknown" || is_of_tap,
            "{text}"
        );
        assert!(served.status != 500 && !text.contains(FOREIGN), "{text}");
        let sent = platform.sent();
        sent.iter().for_each(check_sent);
        // The relay's clock begins at this time, and moves on only.
        let is_over = |at: &str| at.parse::<u64>().map_or(true, |at| at < START);
        if headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("expires-at") && is_over(value)) {
            assert!(!sent.iter().any(is_mutation), "{headers:?}");
        }
        let is_read = |sent: &Sent| !sent.url.ends_with("/private/info");
        match scope {
            "all" => {}
            "reads" => {
                assert!(sent.iter().all(|sent| is_read(sent) && !is_mutation(sent) && !sent.url.contains("/client/")));
            }
            _ => assert!(sent.is_empty() && served.status >= 400),
        }
        if served.status == 200 {
            let fields = entries(std::str::from_utf8(body).expect("UTF-8")).expect("an object");
            let names = fields.iter().enumerate();
            assert!(names.into_iter().all(|(place, (name, _))| fields[..place].iter().all(|(other, _)| other != name)));
            assert!(relay.max_request_bytes() >= body.len() && request.method == "POST");
        }
    });
}

fn start() -> (Platform, Relay) {
    let memory = Arc::new(MemoryStore::new());
    let store = Store::new().attempts(memory.clone()).quota(memory);
    let platform = Platform::try_with(|builder| builder.store(store)).unwrap();
    let relay = Relay::builder(&platform.client, |request| {
        let scope = Scope::cardholder(OWN).max_transfer(50.into()).max_per_day(1_000_000.into());
        match request.header("x-scope")? {
            "all" => Some(scope.grants(Grant::ALL)),
            "reads" => Some(scope.read_only()),
            "nothing" => Some(scope),
            _ => None,
        }
    });
    let relay = relay.requests_per_second(u32::MAX).max_request_bytes(4096).build().unwrap();
    (platform, relay)
}

fn is_mutation(sent: &Sent) -> bool {
    ["/card/apply", "/card/active", "/card/status/update", "/card/pin/set", "/account/transfer"]
        .iter()
        .any(|path| sent.url.ends_with(path))
}

/// What reaches the platform concerns the session's own cardholder.
fn check_sent(sent: &Sent) {
    let path = sent.url.strip_prefix(BASE_URL).and_then(|rest| rest.strip_prefix("/open-api/v1/")).expect("below");
    let segments: Vec<&str> = path.split('/').collect();
    match segments[..] {
        ["card", _, "detail"] | ["card", "consume", _, "info"] => {}
        ["card", number, "private", "info"] | ["merchant", "client", number, "token"] => {
            assert!(number.starts_with('1'), "{path}");
        }
        ["cardholder" | "account", number, "info"] => assert_eq!(number, OWN),
        _ => {
            let body: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
            let text = |name: &str| body.get(name).map(|value| value.as_str().expect("text"));
            assert!(text("cardholder_no").is_none_or(|number| number == OWN), "{body}");
            // An exactly-once call looks its target up by the reference, which begins with the cardholder.
            let is_own =
                ["cardholder_no", "transfer_unique_no", "card_unique_no"].iter().any(|name| text(name).is_some());
            let is_for_all = ["package/list", "support/bins", "status/update"].iter().any(|end| path.ends_with(end));
            assert!(is_own || is_for_all, "{path} {body}");
            assert!(text("card_no").is_none_or(|number| number.starts_with('1')), "{body}");
            // An exactly-once call also lists a random reference, to see whether the platform filters at all.
            for reference in ["transfer_unique_no", "card_unique_no"].into_iter().filter(|_| !path.ends_with("/list")) {
                assert!(text(reference).is_none_or(|reference| reference.starts_with("app.1001.")), "{body}");
            }
            if path == "account/transfer" {
                let amount: f64 = text("balance").expect("an amount").parse().expect("a number");
                assert!(amount > 0.0 && amount <= MOST, "{body}");
            }
        }
    }
}

fn platform_responds(request: &Request<'_>) -> Response {
    let path = request.url.rsplit_once("/open-api/v1/").expect("below").1;
    let segments: Vec<&str> = path.split('/').collect();
    let owner = |number: &str| match number.chars().next() {
        Some('1') => Some(r#""cardholder_no":"1001","#),
        Some('2') => Some(r#""cardholder_no":"F0REIGN","#),
        Some('3') => Some(""),
        _ => None,
    };
    let own_and_foreign = |name: &str| {
        let row = |number: &str, owner: &str| format!(r#"{{"{name}":"{number}","cardholder_no":"{owner}"}}"#);
        Some(format!(r#"{{"list":[{},{}],"total":"F0REIGN"}}"#, row("11", OWN), row("22-F0REIGN", FOREIGN)))
    };
    let data = match segments[..] {
        ["card", number, "detail"] => {
            owner(number).map(|owner| format!(r#"{{"card_no":"{number}",{owner}"status":"Frozen"}}"#))
        }
        ["card", "consume", number, "info"] => owner(number)
            .map(|owner| format!(r#"{{"consume_no":"{number}",{owner}"card_no":"2{number}","remark":"x"}}"#)),
        ["cardholder", number, "info"] => Some(format!(r#"{{"cardholder_no":"{number}","status":"Approved"}}"#)),
        ["account", _, "info"] => {
            Some(r#"{"list":[{"cardholder_no":"1001"},{"cardholder_no":"F0REIGN"},{"symbol":"TUSDT"}]}"#.to_owned())
        }
        // It cannot be decrypted: the app must not learn more than that.
        ["card", _, "private", "info"] => Some(r#""RjBSRUlHTg==""#.to_owned()),
        ["merchant", "client", ..] => Some(r#"{"client_access_token":"t","expires_in":60}"#.to_owned()),
        ["cardholder", "list"] => {
            Some(r#"{"list":[{"cardholder_no":"1001"},{"cardholder_no":"F0REIGN"}],"total":"F0REIGN"}"#.to_owned())
        }
        ["card", "list"] => own_and_foreign("card_no"),
        ["card", "consume", "list"] => own_and_foreign("consume_no"),
        ["account", "transfer", "list"] => own_and_foreign("transfer_no"),
        ["card", "package", "list"] | ["card", "support", "bins"] => Some(r#"{"list":[]}"#.to_owned()),
        ["account", "transfer"] => Some(r#"{"transfer_no":"7"}"#.to_owned()),
        ["card", "apply"] => Some(r#"{"card_no":"17"}"#.to_owned()),
        ["card", "active"] | ["card", "pin", "set"] | ["card", "status", "update"] => {
            Some(r#"{"result":true}"#.to_owned())
        }
        _ => None,
    };
    let body = data.map_or_else(
        || r#"{"code":4001,"msg":"F0REIGN"}"#.to_owned(),
        |data| format!(r#"{{"code":0,"msg":"success","data":{data}}}"#),
    );
    response(200, body.into_bytes())
}

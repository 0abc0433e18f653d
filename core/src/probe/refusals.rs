//! HTTP statuses and codes of requests that are refused before acting, and access tokens.

use serde_json::{Value, json};

use super::inference::Inference;
use super::report::Verdict;
use super::session::{Session, Token};
use crate::engine::BareResponse;
use crate::engine::operation;

/// The start of a number that no object has.
const MISSING: &str = "9000000000";
/// What the examples of the platform's documentation show, in milliseconds.
const DAY: i64 = 86_400_000;

pub(super) fn examine(session: &mut Session<'_>) {
    tokens(session);
    statuses(session);
    missing_objects(session);
}

fn statuses(session: &mut Session<'_>) {
    let page = json!({"page": 0, "size": 1});
    let refused = [
        (
            "a page of no rows",
            session.read(operation::CARDS_PACKAGES, "a page of no rows", &json!({"page": 0, "size": 0})),
        ),
        ("no access token", session.send(operation::CARDS_PACKAGES, "no access token", "", &page, Token::None)),
        (
            "a wrong access token",
            session.send(operation::CARDS_PACKAGES, "a wrong access token", "", &page, Token::Other("of-nobody")),
        ),
    ];
    let seen: Vec<(&str, BareResponse)> =
        refused.into_iter().filter_map(|(case, response)| Some((case, response?))).collect();
    if seen.is_empty() {
        return;
    }
    let described = |response: &BareResponse| match response.code() {
        Some(code) => format!("HTTP {} with code {code}", response.http_status),
        None => format!("HTTP {} without a code", response.http_status),
    };
    let texts: Vec<String> = seen.iter().map(|(case, response)| format!("{case}: {}", described(response))).collect();
    let all_200 = seen.iter().all(|(_, response)| response.http_status == 200);
    let verdict = if all_200 { Verdict::Confirmed } else { Verdict::Refuted };
    session.record(Inference::HttpStatuses, verdict, texts.join("; "), None);
    let bare = seen.iter().filter(|(_, response)| response.code().is_none()).count();
    let verdict = if bare == 0 { Verdict::Confirmed } else { Verdict::Refuted };
    session.record(Inference::Envelope, verdict, format!("{bare} of {} refusals have none", seen.len()), None);
}

fn tokens(session: &mut Session<'_>) {
    let now = session.caller.engine.server_now();
    let Some((former, response)) = session.new_token() else { return };
    if let Some(expires) = response.data().and_then(|data| data.get("expired_time")).and_then(Value::as_i64) {
        let lifetime = expires.saturating_sub(now);
        // Clock and travel time aside.
        let verdict = if (lifetime - DAY).abs() < 120_000 { Verdict::Confirmed } else { Verdict::Refuted };
        let found = format!("about {} minutes", lifetime.saturating_add(30_000).div_euclid(60_000));
        session.record(Inference::TokenLifetime, verdict, found, None);
    }
    let page = json!({"page": 0, "size": 1});
    let used = session.send(operation::CARDS_PACKAGES, "the former token", "", &page, Token::Other(former.expose()));
    match used.map(|response| (response.code(), response.http_status)) {
        Some((Some(1007), _) | (None, 401)) => {
            let store = Some(("store", "one that all workers share".to_owned()));
            session.record(Inference::TokenReplacement, Verdict::Confirmed, "the former token is refused", store);
        }
        // 1012: the token was accepted, the merchant has the other mode.
        Some((Some(0 | 1012), _)) => session.refute(Inference::TokenReplacement, "the former token stays valid"),
        _ => {}
    }
}

fn missing_objects(session: &mut Session<'_>) {
    let number = format!("{MISSING}{:09}", getrandom::u64().unwrap_or_default() % 1_000_000_000);
    let looked_up = [
        ("card", session.get(operation::CARDS_GET, "a card that does not exist", &number)),
        ("consumption", session.get(operation::CONSUMPTIONS_GET, "a consumption that does not exist", &number)),
    ];
    for (what, response) in looked_up {
        let Some(code) = response.and_then(|response| response.code()) else { continue };
        let verdict = if (1002..5000).contains(&code) { Verdict::Confirmed } else { Verdict::Refuted };
        session.record(Inference::MissingObjectCode, verdict, format!("code {code} for a {what}"), None);
    }
}

//! The table of control calls. `README.md` shows the same table, and a test compares the two.

use serde::Serialize;
use serde_json::{Value, json};

use super::bodies::{
    Card, CardPin, CardReason, CardTimes, Cardholder, CardholderReason, CardholderTimes, Fees, Id, ListSettings,
    ManageFee, Millis, Operation, PlannedWebhookFault, Restore, Settings, Times, WebhookSettings, read,
};
use super::error::ControlError;
use super::state::ControlState;
use crate::config::ListRules;
use crate::fault::kinds::Fault;

/// One control call.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// The fields of the body, for the table in `README.md`.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) body: &'static str,
    pub(super) run: fn(&ControlState, &[u8]) -> Result<Value, ControlError>,
}

const fn get(path: &'static str, run: fn(&ControlState, &[u8]) -> Result<Value, ControlError>) -> Route {
    Route { method: "GET", path, body: "", run }
}

const fn post(
    path: &'static str,
    body: &'static str,
    run: fn(&ControlState, &[u8]) -> Result<Value, ControlError>,
) -> Route {
    Route { method: "POST", path, body, run }
}

/// The OpenAPI document of the platform, which `cargo xtask openapi` makes from the client's declarations. No call depends on
/// it.
const OPENAPI: &str = include_str!("openapi.json");

static ROUTES: &[Route] = &[
    get("/info", |control, _| Ok(control.platform.info())),
    get("/openapi.json", |_, _| {
        serde_json::from_str(OPENAPI).map_err(|error| ControlError::new(500, error.to_string()))
    }),
    get("/clock", |control, _| Ok(json!({"now_ms": control.platform.now_ms()}))),
    post("/clock/advance", "ms", |control, body| {
        control.platform.advance(read::<Millis>(body)?.duration());
        DONE
    }),
    post("/clock/rewind", "ms", |control, body| {
        control.platform.rewind(read::<Millis>(body)?.duration());
        DONE
    }),
    post("/clock/freeze", "", |control, _| {
        control.platform.freeze();
        DONE
    }),
    post("/clock/unfreeze", "", |control, _| {
        control.platform.unfreeze();
        DONE
    }),
    post("/cardholders/approve", "cardholder_no", |control, body| {
        control.platform.approve_cardholder(&read::<Cardholder>(body)?.cardholder_no)?;
        DONE
    }),
    post("/cardholders/review", "cardholder_no", |control, body| {
        control.platform.start_review(&read::<Cardholder>(body)?.cardholder_no)?;
        DONE
    }),
    post("/cardholders/reject", "cardholder_no, reason", |control, body| {
        let args: CardholderReason = read(body)?;
        control.platform.reject_cardholder(&args.cardholder_no, &args.reason)?;
        DONE
    }),
    post("/cards/issue", "card_no", |control, body| {
        control.platform.issue_card(&read::<Card>(body)?.card_no)?;
        DONE
    }),
    post("/cards/fail", "card_no, reason", |control, body| {
        let args: CardReason = read(body)?;
        control.platform.fail_card(&args.card_no, &args.reason)?;
        DONE
    }),
    post("/cards/secrets_for_tests", "card_no", |control, body| {
        let card_no = read::<Card>(body)?.card_no;
        let pan = control.platform.pan_for_tests(&card_no)?;
        Ok(json!({"pan": pan, "cvv": control.platform.cvv_for_tests(&card_no)?}))
    }),
    post("/cards/pin_matches", "card_no, pin", |control, body| {
        let args: CardPin = read(body)?;
        Ok(json!({"matches": control.platform.pin_matches(&args.card_no, &args.pin)}))
    }),
    post("/tokens/revoke", "", |control, _| {
        control.platform.revoke_tokens();
        DONE
    }),
    post("/cards/manage_fee", "card_no, amount (optional)", |control, body| {
        let args: ManageFee = read(body)?;
        Ok(json!({"consume_no": control.platform.charge_manage_fee(&args.card_no, args.amount)?}))
    }),
    post(
        "/settings",
        "key_state, merchant_state, pci_enabled, ip_whitelist, http_statuses, tariffs (all optional)",
        set,
    ),
    post("/lists/settings", "reference, left_out, ignore_filters, page_cap, total (all optional)", set_lists),
    post("/faults", "operation, nth, times, kind", |control, body| {
        control.platform.try_fault(read::<Fault>(body)?)?;
        DONE
    }),
    post("/faults/clear", "", |control, _| {
        control.platform.clear_faults();
        DONE
    }),
    get("/faults/fired", |control, _| list("faults", &control.platform.faults_fired())),
    get("/redirect_calls", |control, _| Ok(json!({"calls": control.platform.redirect_calls()}))),
    get("/requests", |control, _| list("requests", &control.platform.requests())),
    post("/requests/count", "operation", |control, body| {
        let operation = read::<Operation>(body)?.operation;
        Ok(json!({"count": control.platform.try_requests_to(&operation)?}))
    }),
    get("/ledger", |control, _| value(&control.platform.ledger())),
    get("/state", |control, _| {
        Ok(json!({
            "cardholders": value(&control.platform.cardholders())?,
            "cards": value(&control.platform.cards())?,
            "consumptions": value(&control.platform.consumptions())?,
            "transfers": value(&control.platform.transfers())?,
        }))
    }),
    post("/seed/approved_cardholder", "", |control, _| {
        Ok(json!({"cardholder_no": control.platform.seed_approved_cardholder()}))
    }),
    post("/seed/virtual_card", "cardholder_no", |control, body| {
        let no = read::<Cardholder>(body)?.cardholder_no;
        Ok(json!({"card_no": control.platform.seed_virtual_card(&no)?}))
    }),
    post("/seed/physical_card", "cardholder_no", |control, body| {
        let no = read::<Cardholder>(body)?.cardholder_no;
        Ok(json!({"card_no": control.platform.seed_physical_card(&no)?}))
    }),
    post("/seed/cardholders", "times_ms", |control, body| {
        list("numbers", &control.platform.seed_cardholders(&read::<Times>(body)?.times_ms))
    }),
    post("/seed/cards", "cardholder_no, times_ms", |control, body| {
        let args: CardholderTimes = read(body)?;
        list("numbers", &control.platform.seed_cards(&args.cardholder_no, &args.times_ms)?)
    }),
    post("/seed/transfers", "cardholder_no, times_ms", |control, body| {
        let args: CardholderTimes = read(body)?;
        list("numbers", &control.platform.seed_transfers(&args.cardholder_no, &args.times_ms)?)
    }),
    post("/seed/consumptions", "card_no, times_ms", |control, body| {
        let args: CardTimes = read(body)?;
        list("numbers", &control.platform.seed_consumptions(&args.card_no, &args.times_ms)?)
    }),
    get("/callbacks", |control, _| value(&control.platform.webhook_info())),
    post("/callbacks/settings", "url, secret, rotated_secret, app_id, sign_style, nulls (all optional)", set_webhooks),
    post("/callbacks/faults", "action, kind", |control, body| {
        let args: PlannedWebhookFault = read(body)?;
        control.platform.plan_webhook_fault(args.action, args.kind)?;
        DONE
    }),
    post("/callbacks/redeliver", "id", |control, body| {
        control.platform.redeliver(&read::<Id>(body)?.id)?;
        DONE
    }),
    post("/callbacks/settle", "ms", |control, body| {
        Ok(json!({"settled": control.platform.settle_webhooks(read::<Millis>(body)?.duration())}))
    }),
    get("/callbacks/deliveries", |control, _| list("deliveries", &control.platform.deliveries())),
    // Accepts any webhook.
    post("/callbacks/sink", "a webhook", |_, _| Ok(json!({"code": 0, "message": ""}))),
    post("/consumptions/complete_fees", "consume_no, fee_detail", |control, body| {
        let args: Fees = read(body)?;
        control.platform.complete_fees(&args.consume_no, args.fee_detail)?;
        DONE
    }),
    post("/snapshot", "", |control, _| {
        let mut snapshots = control.snapshots();
        snapshots.push(control.platform.snapshot());
        Ok(json!({"snapshot": snapshots.len()}))
    }),
    post("/restore", "snapshot", |control, body| {
        let name = read::<Restore>(body)?.snapshot;
        let snapshots = control.snapshots();
        let snapshot = name
            .checked_sub(1)
            .and_then(|at| snapshots.get(at))
            .ok_or_else(|| ControlError::new(404, format!("there is no snapshot {name}")))?;
        control.platform.restore(snapshot);
        DONE
    }),
];

/// Finds the control call of a method and path.
pub(super) fn find(method: &str, path: &str) -> Result<&'static Route, ControlError> {
    let mut error = ControlError::new(404, format!("there is no control call {path}"));
    for route in ROUTES.iter().filter(|route| route.path == path) {
        if route.method == method {
            return Ok(route);
        }
        error = ControlError::new(405, format!("{path} is called with {}", route.method));
    }
    Err(error)
}

/// The result of calls that return nothing.
const DONE: Result<Value, ControlError> = Ok(Value::Null);

fn set(control: &ControlState, body: &[u8]) -> Result<Value, ControlError> {
    let settings: Settings = read(body)?;
    let platform = &control.platform;
    settings.key_state.into_iter().for_each(|to| platform.set_key_state(to));
    settings.merchant_state.into_iter().for_each(|to| platform.set_merchant_state(to));
    settings.pci_enabled.into_iter().for_each(|to| platform.set_pci_enabled(to));
    settings.ip_whitelist.into_iter().for_each(|to| platform.set_ip_whitelist(to));
    settings.http_statuses.into_iter().for_each(|to| platform.set_http_statuses(to));
    settings.tariffs.into_iter().for_each(|to| platform.set_tariffs(to));
    DONE
}

fn set_lists(control: &ControlState, body: &[u8]) -> Result<Value, ControlError> {
    let settings: ListSettings = read(body)?;
    let before = control.platform.list_rules();
    control.platform.set_list_rules(ListRules {
        reference: settings.reference.unwrap_or(before.reference),
        left_out: settings.left_out.unwrap_or(before.left_out),
        ignore_filters: settings.ignore_filters.unwrap_or(before.ignore_filters),
        // Null counts as an absent field, so 0 removes the cap: pages of no rows have no use.
        page_cap: settings.page_cap.or(before.page_cap).filter(|cap| *cap > 0),
        total: settings.total.unwrap_or(before.total),
    })?;
    DONE
}

fn set_webhooks(control: &ControlState, body: &[u8]) -> Result<Value, ControlError> {
    let settings: WebhookSettings = read(body)?;
    let platform = &control.platform;
    if let Some(url) = settings.url {
        platform.set_webhook_url(Some(url.as_str()).filter(|url| !url.is_empty()))?;
    }
    settings.secret.into_iter().for_each(|to| platform.set_webhook_secret(to));
    settings.rotated_secret.into_iter().for_each(|to| platform.rotate_webhook_secret(to));
    settings.app_id.into_iter().for_each(|to| platform.set_webhook_app_id(to));
    settings.sign_style.into_iter().for_each(|to| platform.set_sign_style(to));
    settings.nulls.into_iter().for_each(|to| platform.set_null_fields(to));
    DONE
}

fn value(of: &impl Serialize) -> Result<Value, ControlError> {
    serde_json::to_value(of).map_err(|error| ControlError::new(500, error.to_string()))
}

fn list(name: &str, of: &impl Serialize) -> Result<Value, ControlError> {
    Ok(json!({name: value(of)?}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_exactly_these_calls() {
        let readme = include_str!("../../README.md");
        let shown: Vec<Vec<&str>> = readme
            .lines()
            .filter(|line| line.starts_with("| GET `/") || line.starts_with("| POST `/"))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        let shown: Vec<(&str, &str)> = shown.iter().map(|cells| (cells[1], cells[2])).collect();
        let expected: Vec<_> = ROUTES.iter().map(|route| format!("{} `{}`", route.method, route.path)).collect();
        let expected: Vec<(&str, &str)> =
            expected.iter().map(String::as_str).zip(ROUTES.iter().map(|route| route.body)).collect();
        assert_eq!(expected, shown);
    }
}

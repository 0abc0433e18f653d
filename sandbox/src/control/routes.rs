//! The table of the control calls. `README.md` shows the same table, and a test compares the two.

use std::net::IpAddr;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Parts;
use super::answer::{ControlError, read};
use crate::callback::{CallbackFault, CallbackNulls, SignStyle};
use crate::config::{HttpStatuses, KeyState, ListRules, MerchantState, RowReference};
use crate::fault::Fault;
use crate::state::{CallbackAction, Fee};

/// Where redirect faults lead. Not in the table: nobody is meant to call it.
pub(crate) const TRAP: &str = "/trap";

/// One control call.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// The fields of the body, for the table in `README.md`.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) body: &'static str,
    pub(super) run: fn(&Parts, &[u8]) -> Result<Value, ControlError>,
}

const fn get(path: &'static str, run: fn(&Parts, &[u8]) -> Result<Value, ControlError>) -> Route {
    Route { method: "GET", path, body: "", run }
}

const fn post(path: &'static str, body: &'static str, run: fn(&Parts, &[u8]) -> Result<Value, ControlError>) -> Route {
    Route { method: "POST", path, body, run }
}

static ROUTES: &[Route] = &[
    get("/info", |control, _| Ok(control.platform.info())),
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
        Ok(json!({"count": control.platform.requests_to(&operation)}))
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
    get("/callbacks", |control, _| value(&control.platform.callback_info())),
    post("/callbacks/settings", "url, secret, rotated_secret, app_id, sign_style, nulls (all optional)", set_callbacks),
    post("/callbacks/faults", "action, kind", |control, body| {
        let args: PlannedCallbackFault = read(body)?;
        control.platform.plan_callback_fault(args.action, args.kind)?;
        DONE
    }),
    post("/callbacks/redeliver", "id", |control, body| {
        control.platform.redeliver(&read::<Id>(body)?.id)?;
        DONE
    }),
    post("/callbacks/settle", "ms", |control, body| {
        Ok(json!({"settled": control.platform.settle_callbacks(read::<Millis>(body)?.duration())}))
    }),
    get("/callbacks/deliveries", |control, _| list("deliveries", &control.platform.deliveries())),
    // The merchant's answer, whatever came.
    post("/callbacks/sink", "a callback", |_, _| Ok(json!({"code": 0, "message": ""}))),
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

const DONE: Result<Value, ControlError> = Ok(Value::Null);

fn set(control: &Parts, body: &[u8]) -> Result<Value, ControlError> {
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

fn set_lists(control: &Parts, body: &[u8]) -> Result<Value, ControlError> {
    let settings: ListSettings = read(body)?;
    let before = control.platform.list_rules();
    control.platform.set_list_rules(ListRules {
        reference: settings.reference.unwrap_or(before.reference),
        left_out: settings.left_out.unwrap_or(before.left_out),
        ignore_filters: settings.ignore_filters.unwrap_or(before.ignore_filters),
        // Null reads like an absent field; a page of no rows is of no use.
        page_cap: settings.page_cap.or(before.page_cap).filter(|cap| *cap > 0),
        total: settings.total.unwrap_or(before.total),
    })?;
    DONE
}

fn set_callbacks(control: &Parts, body: &[u8]) -> Result<Value, ControlError> {
    let settings: CallbackSettings = read(body)?;
    let platform = &control.platform;
    if let Some(url) = settings.url {
        platform.set_callback_url(Some(url.as_str()).filter(|url| !url.is_empty()))?;
    }
    settings.secret.into_iter().for_each(|to| platform.set_callback_secret(to));
    settings.rotated_secret.into_iter().for_each(|to| platform.rotate_callback_secret(to));
    settings.app_id.into_iter().for_each(|to| platform.set_callback_app_id(to));
    settings.sign_style.into_iter().for_each(|to| platform.set_sign_style(to));
    settings.nulls.into_iter().for_each(|to| platform.set_callback_nulls(to));
    DONE
}

fn value(of: &impl Serialize) -> Result<Value, ControlError> {
    serde_json::to_value(of).map_err(|error| ControlError::new(500, error.to_string()))
}

fn list(name: &str, of: &impl Serialize) -> Result<Value, ControlError> {
    Ok(json!({name: value(of)?}))
}

/// Declares what the body of a call holds.
macro_rules! bodies {
    ($($name:ident { $($field:ident: $type:ty),+ })+) => {
        $(
            #[derive(Deserialize)]
            #[serde(deny_unknown_fields)]
            struct $name {
                $($field: $type),+
            }
        )+
    };
}

bodies! {
    Millis { ms: u64 }
    Cardholder { cardholder_no: String }
    CardholderReason { cardholder_no: String, reason: String }
    CardholderTimes { cardholder_no: String, times_ms: Vec<i64> }
    Card { card_no: String }
    CardReason { card_no: String, reason: String }
    CardPin { card_no: String, pin: String }
    CardTimes { card_no: String, times_ms: Vec<i64> }
    Times { times_ms: Vec<i64> }
    Operation { operation: String }
    Restore { snapshot: usize }
    Id { id: String }
    PlannedCallbackFault { action: Option<CallbackAction>, kind: CallbackFault }
    Fees { consume_no: String, fee_detail: Vec<Fee> }
    CallbackSettings {
        url: Option<String>,
        secret: Option<String>,
        rotated_secret: Option<String>,
        app_id: Option<String>,
        sign_style: Option<SignStyle>,
        nulls: Option<CallbackNulls>
    }
    Settings {
        key_state: Option<KeyState>,
        merchant_state: Option<MerchantState>,
        pci_enabled: Option<bool>,
        ip_whitelist: Option<Vec<IpAddr>>,
        http_statuses: Option<HttpStatuses>,
        tariffs: Option<bool>
    }
    ListSettings {
        reference: Option<RowReference>,
        left_out: Option<Vec<String>>,
        ignore_filters: Option<bool>,
        page_cap: Option<u32>,
        total: Option<bool>
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManageFee {
    card_no: String,
    #[serde(default, deserialize_with = "crate::money::some_from_json")]
    amount: Option<Decimal>,
}

impl Millis {
    fn duration(&self) -> Duration {
        Duration::from_millis(self.ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_shows_exactly_these_calls() {
        let readme = include_str!("../../README.md");
        let shown: Vec<Vec<&str>> = readme
            .lines()
            .filter(|line| line.starts_with("| GET `/") || line.starts_with("| POST `/"))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        let shown: Vec<(&str, &str)> = shown.iter().map(|cells| (cells[1], cells[2])).collect();
        let real: Vec<_> = ROUTES.iter().map(|route| format!("{} `{}`", route.method, route.path)).collect();
        let real: Vec<(&str, &str)> =
            real.iter().map(String::as_str).zip(ROUTES.iter().map(|route| route.body)).collect();
        assert_eq!(real, shown);
    }
}

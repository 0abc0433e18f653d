//! The content of webhooks: section 6.2 of the platform's documentation.

use rust_decimal::Decimal;

use super::json::{Json, Layout};
use super::types::NullFields;
use crate::money;
use crate::state::enums::{CardStatus, WebhookAction};
use crate::state::rows::{CardRecord, ConsumptionRecord, MerchantInfo};
use crate::state::transaction::Notification;

/// One webhook, regardless of the number of attempts. It is stored as text, because the parsed form takes several times
/// the memory.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: Box<str>,
    pub(super) action: WebhookAction,
    /// The JSON object as it is sent.
    data: Box<str>,
}

impl Event {
    pub(super) fn new(id: String, action: WebhookAction, mut data: Json, nulls: NullFields) -> Self {
        if let (Json::Object(fields), NullFields::Omit) = (&mut data, nulls) {
            fields.retain(|(_, value)| *value != Json::Null);
        }
        Self { id: id.into(), action, data: data.write(Layout::AsIs).into() }
    }

    /// The fields of `data`.
    pub(super) fn fields(&self) -> Vec<(String, Json)> {
        match Json::parse(&self.data) {
            Some(Json::Object(fields)) => fields,
            _ => Vec::new(),
        }
    }

    /// The whole body.
    pub(super) fn body(&self) -> String {
        self.body_with(&self.data)
    }

    /// The body with another amount, or with another card number if there is no amount.
    pub(super) fn tampered_body(&self) -> String {
        let mut data = self.fields();
        let at = ["amount", "card_no"].iter().find_map(|wanted| data.iter().position(|(name, _)| name == wanted));
        if let Some((_, Json::Plain(text) | Json::Text(text))) = at.and_then(|at| data.get_mut(at)) {
            text.insert(0, '9');
        }
        self.body_with(&Json::Object(data).write(Layout::AsIs))
    }

    fn body_with(&self, data: &str) -> String {
        // Neither ids nor actions need escaping.
        format!(r#"{{"id":"{}","action":"{}","data":{data}}}"#, self.id, self.action.as_str())
    }
}

/// The body without the values of secret fields.
pub(super) fn masked(body: &str) -> String {
    let Some(mut json) = Json::parse(body) else { return String::new() };
    json.mask();
    json.write(Layout::AsIs)
}

/// The action and the `data` of a notification.
pub(super) fn from_notification(notification: &Notification, now_ms: i64) -> (WebhookAction, Json) {
    match notification {
        Notification::Card { before, card } => (WebhookAction::CardUpdate, card_update(*before, card, now_ms)),
        Notification::Consumption(row) => (WebhookAction::Consumption, consumption(row)),
    }
}

/// `data` of a `Card_update` webhook.
fn card_update(before: CardStatus, card: &CardRecord, now_ms: i64) -> Json {
    Json::object([
        ("card_no", Json::text(&card.card_no)),
        ("before_status", Json::text(before.as_str())),
        ("after_status", Json::text(card.status.as_str())),
        ("reason", Json::text_or_null(&card.reason)),
        ("time", Json::number(now_ms)),
    ])
}

/// `data` of an `Auth` webhook.
pub(super) fn auth(row: &ConsumptionRecord) -> Json {
    Json::object([
        ("consume_no", Json::text(&row.consume_no)),
        ("card_no", Json::text(&row.card_no)),
        ("cardholder_no", Json::text(&row.cardholder_no)),
        ("type", Json::text(row.kind.as_str())),
        ("amount", amount(row.amount)),
        ("local_amount", amount(row.local_amount)),
        ("local_currency", Json::text(&row.local_currency)),
        ("merchant_info", merchant_info(&row.merchant_info)),
        ("status", Json::text(row.status.as_str())),
        ("time", Json::number(row.time_ms)),
    ])
}

/// `data` of a `Consumption` webhook.
fn consumption(row: &ConsumptionRecord) -> Json {
    let Json::Object(mut fields) = auth(row) else { return Json::Null };
    for (_, value) in fields.iter_mut().filter(|(name, _)| name == "time") {
        *value = Json::number(row.updated_ms);
    }
    let fees = row.fees.iter();
    let more = Json::object([
        ("consume_relate_no", Json::text_or_null(&row.consume_relate_no)),
        ("fee", amount(row.fee())),
        ("remark", Json::text_or_null(&row.remark)),
        ("detail", Json::text(&row.merchant_info.merchant_name)),
        (
            "fee_detail",
            Json::List(
                fees.map(|fee| Json::object([("fee_type", Json::text(&fee.fee_type)), ("amount", amount(fee.amount))]))
                    .collect(),
            ),
        ),
    ]);
    if let Json::Object(more) = more {
        fields.extend(more);
    }
    Json::Object(fields)
}

/// A JSON number with two decimals.
fn amount(amount: Decimal) -> Json {
    Json::Plain(money::text(amount))
}

/// Null for consumptions without a merchant, such as an opening fee.
fn merchant_info(info: &MerchantInfo) -> Json {
    if *info == MerchantInfo::default() {
        return Json::Null;
    }
    Json::object([
        ("merchant_name", Json::text(&info.merchant_name)),
        ("merchant_mcc", Json::text(&info.merchant_mcc)),
        ("city", Json::text(&info.city)),
        ("country", Json::text(&info.country)),
    ])
}

//! Serializes the rows of a list under [`ListRules`].

use serde::Serialize;
use serde_json::Value;

use super::call::CallResult;
use super::codes::Refusal;
use super::output::{data, list_data};
use crate::config::{ListRules, RowReference};

/// The fields that hold merchant references.
const REFERENCES: [&str; 3] = ["cardholder_unique_no", "card_unique_no", "transfer_unique_no"];

/// The names that [`ListRules::left_out`] accepts: the fields of all rows.
pub(crate) const FIELDS: [&str; 35] = [
    "after_balance",
    "amount",
    "balance",
    "balance_limit",
    "before_balance",
    "card_bin",
    "card_bin_no",
    "card_last_no",
    "card_no",
    "card_type",
    "card_unique_no",
    "cardholder_no",
    "cardholder_unique_no",
    "cn_desc",
    "cn_tag_list",
    "consume_no",
    "consumption_limit",
    "currencies",
    "email",
    "en_desc",
    "en_tag_list",
    "fail_reason",
    "fee_detail",
    "organization",
    "package_cn_name",
    "package_en_name",
    "package_no",
    "package_type",
    "status",
    "support_physical",
    "support_virtual",
    "time",
    "transfer_no",
    "transfer_unique_no",
    "type",
];

/// Serializes `data` of a list call with these rows; all pages together have `total` rows.
pub(super) fn write<T: Serialize>(rules: &ListRules, rows: impl Iterator<Item = T>, total: usize) -> CallResult {
    #[derive(Serialize)]
    struct List {
        list: Vec<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<usize>,
    }
    if *rules == (ListRules { page_cap: rules.page_cap, ignore_filters: rules.ignore_filters, ..ListRules::default() })
    {
        return list_data(rows);
    }
    let list = rows.map(|row| row_under(rules, &row)).collect::<Result<_, _>>()?;
    data(&List { list, total: rules.total.then_some(total) })
}

fn row_under(rules: &ListRules, row: &impl Serialize) -> Result<Value, Refusal> {
    let mut row = serde_json::to_value(row).map_err(|_| Refusal::code(1001))?;
    if let Value::Object(fields) = &mut row {
        fields.retain(|name, _| {
            let reference = REFERENCES.contains(&name.as_str());
            !(rules.left_out.contains(name) || reference && rules.reference == RowReference::LeftOut)
        });
        for (_, value) in fields.iter_mut().filter(|(name, _)| REFERENCES.contains(&name.as_str())) {
            if let Value::String(text) = value {
                *text = rewritten(rules.reference, text);
            }
        }
    }
    Ok(row)
}

fn rewritten(reference: RowReference, text: &str) -> String {
    match reference {
        RowReference::Kept | RowReference::LeftOut => text.to_owned(),
        RowReference::Trimmed => text.trim().to_owned(),
        RowReference::LowerCase => text.to_lowercase(),
        RowReference::UpperCase => text.to_uppercase(),
    }
}

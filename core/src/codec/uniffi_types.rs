//! Conversion of values without a built-in UniFFI type for Kotlin and Swift.

use rust_decimal::Decimal;

use crate::codec::json::{Extra, Json};
use crate::error::Error;
use crate::ffi_error::FfiError;
use crate::values::civil::Date as CivilDate;
use crate::values::decimal;

// Unreadable values must map to `FfiError`; any other error type panics.

// Amounts are passed as their exact text; `uniffi.toml` names the decimal types of Kotlin and Swift.
uniffi::custom_type!(Decimal, String, {
    remote,
    lower: |amount| amount.to_string(),
    try_lift: |text| decimal::parse(&text)
        .ok_or_else(|| refused(Error::invalid_input("amount", "must have at most 28 digits"))),
});
// Named `CivilDate`, because Swift calls an instant `Date`.
uniffi::custom_type!(CivilDate, String, {
    lower: |date| date.to_string(),
    try_lift: |text| text.parse::<CivilDate>().map_err(refused),
});
uniffi::custom_type!(Json, String, {
    lower: |json| json.as_str().to_owned(),
    try_lift: |text| Json::new(&text).map_err(refused),
});
// Unknown fields are passed as one JSON object, byte for byte.
uniffi::custom_type!(Extra, String, {
    lower: |extra| extra.to_json(),
    try_lift: |text| Extra::from_json(&text).map_err(refused),
});

fn refused(error: Error) -> uniffi::deps::anyhow::Error {
    FfiError::from(error).into()
}

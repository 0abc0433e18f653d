//! How values that a face has no type for cross into it.

#[cfg(feature = "uniffi")]
mod uniffi_face {
    use rust_decimal::Decimal;

    use crate::values::civil::Date;
    use crate::values::decimal;
    use crate::values::json::{Extra, Json};

    // Money crosses as its exact text; the Kotlin and Swift layers turn it into their own decimal types.
    uniffi::custom_type!(Decimal, String, {
        remote,
        lower: |amount| amount.to_string(),
        try_lift: |text| decimal::parse(&text).ok_or_else(|| uniffi::deps::anyhow::anyhow!("not a decimal")),
    });
    uniffi::custom_type!(Date, String, {
        lower: |date| date.to_string(),
        try_lift: |text| Ok(text.parse::<Date>()?),
    });
    uniffi::custom_type!(Json, String, {
        lower: |json| json.as_str().to_owned(),
        try_lift: |text| Ok(Json::new(&text)?),
    });
    // Unknown fields cross as one JSON object, exact to the letter.
    uniffi::custom_type!(Extra, String, {
        lower: |extra| extra.to_json(),
        try_lift: |text| Ok(Extra::from_json(&text)?),
    });
}

//! The platform's error codes with their meanings (platform documentation, error codes).

/// The codes that the platform documents.
pub const CODES: [(i64, &str); 37] = [
    (1001, "System error; try again later. The request may have been carried out."),
    (1002, "`Api-Key` is missing."),
    (1003, "The IP address is not allowed."),
    (1004, "Invalid parameter; `msg` names the field."),
    (1005, "`Timestamp` is invalid or expired."),
    (1006, "`Access-Token` is missing."),
    (1007, "`Access-Token` is invalid or expired."),
    (1008, "The Api-Key does not exist."),
    (1009, "Too many requests; try again later."),
    (1010, "The Api-Key is not enabled."),
    (1011, "The Api-Key has expired."),
    (1012, "The merchant's mode does not support the call."),
    (1013, "PCI display is not enabled."),
    (1014, "The client token is invalid or was used."),
    (1015, "The origin of the parent page is not on the whitelist."),
    (1016, "The origin does not match the hosted configuration."),
    (1017, "The nonce was used before."),
    (1018, "The check of the `Sec-Fetch-*` headers failed."),
    (1019, "The end of the window is not after its start."),
    (1020, "The window is too long."),
    (1021, "The merchant does not exist."),
    (1022, "The status of the merchant is abnormal."),
    (2001, "The cardholder exists already."),
    (2002, "The cardholder does not exist."),
    (2003, "The cardholder is verified already."),
    (2004, "The verification of the cardholder is pending."),
    (2005, "The verification of the cardholder failed."),
    (2006, "KYC information is not available."),
    (2007, "Characters that are not allowed in an address; `msg` names the field."),
    (2008, "English only; `msg` names the field."),
    (2009, "The country is not supported; `msg` names the field."),
    (2010, "The postal code does not match; `msg` names the field."),
    (2011, "The merchant reference does not match the cardholder."),
    (4005, "The status of the card does not allow the call."),
    (4010, "A parameter error; `msg` names the field."),
    (4016, "The PIN breaks the PIN rule."),
    (4017, "Not for virtual cards."),
];

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use super::CODES;
    use crate::run;

    /// The ranges of codes in a pattern such as `1001..=1022 | 4005`, for the comparison with the core's own list.
    fn ranges(pattern: &str) -> Vec<RangeInclusive<i64>> {
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let range = |part: &str| match part.split_once("..=") {
            Some((first, last)) => Some(number(first)?..=number(last)?),
            None => number(part).map(|code| code..=code),
        };
        pattern.split('|').filter_map(range).collect()
    }

    #[test]
    fn the_codes_are_those_that_the_core_knows_as_documented() {
        let source = std::fs::read_to_string(run::root().join("core/src/engine/outcome.rs")).unwrap();
        let pattern = source.split_once("matches!(code, ").unwrap().1.split_once(')').unwrap().0;
        let known: Vec<i64> = ranges(pattern).into_iter().flatten().collect();
        assert_eq!(known, CODES.map(|(code, _)| code));
    }
}

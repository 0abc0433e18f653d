//! The headers of a webhook.

use crate::error::Rejection;
use crate::values::hex;

/// The checked headers of a webhook.
pub(super) struct Headers {
    /// As received: it is part of the signed text.
    pub timestamp: String,
    pub millis: i64,
    pub signature: [u8; 32],
}

impl Headers {
    pub(super) fn from_pairs<N: AsRef<str>, V: AsRef<[u8]>>(
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Rejection> {
        let (mut timestamp, mut signature, mut version) = (None, None, None);
        for (name, value) in headers {
            let place = match name.as_ref() {
                name if name.eq_ignore_ascii_case("Timestamp") => &mut timestamp,
                name if name.eq_ignore_ascii_case("Signature") => &mut signature,
                name if name.eq_ignore_ascii_case("Sign-Version") => &mut version,
                _ => continue,
            };
            // Of two headers with the same name, another program may read the other one.
            if place.replace(short_text(value.as_ref())?).is_some() {
                return Err(Rejection::DuplicateHeader);
            }
        }
        if version.is_some_and(|version| version != "V1") {
            return Err(Rejection::UnsupportedVersion);
        }
        let timestamp = timestamp.ok_or(Rejection::MissingHeader)?;
        let signature = signature.ok_or(Rejection::MissingHeader)?;
        let plain = timestamp.len() <= 15 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || timestamp.starts_with('0') {
            return Err(Rejection::BadTimestamp);
        }
        let millis = timestamp.parse().map_err(|_| Rejection::BadTimestamp)?;
        Ok(Self { millis, timestamp, signature: signature_of(&signature).ok_or(Rejection::BadSignature)? })
    }

    /// Key of the signed content in a replay store: its signature.
    pub(super) fn content(&self) -> String {
        hex::encode(&self.signature)
    }
}

/// Reads a header value. No valid value is longer than a signature.
fn short_text(value: &[u8]) -> Result<String, Rejection> {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
        _ => Err(Rejection::BadHeader),
    }
}

/// Reads exactly 64 lowercase hexadecimal digits.
fn signature_of(text: &str) -> Option<[u8; 32]> {
    let lowercase = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if lowercase { hex::decode(text.as_bytes())?.try_into().ok() } else { None }
}

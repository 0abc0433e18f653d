//! Digests that name taps and sums in the stores.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::values::hex;

/// Key of digests over what may be a secret of few digits, such as a PIN: without the key nobody can try all of them.
pub(super) struct DigestKey(Zeroizing<Vec<u8>>);

impl DigestKey {
    pub(super) fn new(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.to_vec()))
    }

    /// 64 hexadecimal digits for a list of parts. Each part counts with its length, so that no two lists read alike.
    pub(super) fn digest(&self, purpose: &str, parts: &[&str]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        for part in [purpose].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex::encode(&mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_the_key_and_on_where_each_part_ends() {
        let (one, other) = (DigestKey::new(b"secret-1"), DigestKey::new(b"secret-2"));
        let digests = [
            one.digest("tap", &["1001", "a"]),
            other.digest("tap", &["1001", "a"]),
            one.digest("day", &["1001", "a"]),
            one.digest("tap", &["1001a", ""]),
            one.digest("tap", &["100", "1a"]),
            one.digest("tap", &["1001", "a", ""]),
        ];
        for (place, digest) in digests.iter().enumerate() {
            assert!(digest.len() == 64 && !digests[..place].contains(digest), "{place}");
        }
        assert_eq!(one.digest("tap", &["1001", "a"]), digests[0]);
        assert!(!format!("{one:?}").contains("secret"));
    }
}

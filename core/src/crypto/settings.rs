//! Settings of AES: how card secrets are encrypted.

use crate::named_enum::named_enum;

named_enum! {
    /// Scheme by which the text of the apiSecret becomes the AES key. The default is inferred.
    #[derive(Default)]
    pub enum KeyScheme {
        /// Its UTF-8 bytes, which must be 16, 24 or 32 (default).
        #[default]
        Utf8 = "utf8",
        /// Hexadecimal, decoded to 16, 24 or 32 bytes.
        Hex = "hex",
        /// Base64, decoded to 16, 24 or 32 bytes.
        Base64 = "base64",
        /// MD5 digest, 16 bytes.
        Md5 = "md5",
        /// MD5 digest as 32 lowercase hexadecimal digits, taken as bytes.
        Md5Hex = "md5hex",
        /// SHA-256 digest, 32 bytes.
        Sha256 = "sha256",
        /// Key of 128 bits by Java's `KeyGenerator` with `SecureRandom.getInstance("SHA1PRNG")`, seeded with the text.
        Sha1Prng = "sha1prng",
    }
}

named_enum! {
    /// AES mode of operation.
    #[derive(Default)]
    pub enum CipherMode {
        /// ECB, as the platform documents (default).
        #[default]
        Ecb = "ecb",
        /// CBC, with a random IV before the ciphertext. No documented call uses it.
        Cbc = "cbc",
    }
}

/// AES settings of a client: how card secrets, CVV and PIN are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AesSettings {
    /// Scheme of the key.
    pub scheme: KeyScheme,
    /// Mode of operation.
    pub mode: CipherMode,
}

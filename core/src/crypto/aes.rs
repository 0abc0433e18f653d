//! AES for the private information of cards, CVV and PIN (platform documentation, encryption).
//!
//! The platform documents AES in ECB mode with PKCS#7 padding, but not how the text of the apiSecret becomes the key.
//! So that is a setting with named schemes; the default takes the bytes of the text and refuses other lengths.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::settings::{AesSettings, CipherMode, KeyScheme};
use crate::error::Error;
use crate::secrets::Secret;
use crate::values::hex;

const BLOCK: usize = 16;

impl KeyScheme {
    fn key(self, secret: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = secret.as_bytes();
        let key = match self {
            Self::Utf8 => bytes.to_vec(),
            Self::Hex => hex::decode(bytes)?,
            Self::Base64 => STANDARD.decode(bytes).ok()?,
            Self::Md5 => Md5::digest(bytes).to_vec(),
            Self::Md5Hex => hex::encode(&Md5::digest(bytes)).into_bytes(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            // Seeded once, the generator's state is the seed's SHA-1, and its first output the SHA-1 of that.
            Self::Sha1Prng => Sha1::digest(Sha1::digest(bytes))[..BLOCK].to_vec(),
        };
        Some(Zeroizing::new(key))
    }
}

/// Cipher with its key. `Debug` does not show the key.
pub(crate) struct Cipher {
    mode: CipherMode,
    key: Zeroizing<Vec<u8>>,
}

impl Cipher {
    /// Derives the key. The error of a secret that does not match the scheme names the setting.
    pub(crate) fn new(settings: AesSettings, secret: &str) -> Result<Self, Error> {
        let AesSettings { scheme, mode } = settings;
        match scheme.key(secret) {
            Some(key) if matches!(key.len(), 16 | 24 | 32) => Ok(Self { mode, key }),
            _ => Err(Error::config(format!(
                "aes: the apiSecret does not give a key of 16, 24 or 32 bytes under scheme {}: check first that the secret \
                 is complete and without typing errors; if it is, choose another scheme",
                scheme.as_str()
            ))),
        }
    }

    /// Encrypts to Base64.
    pub(crate) fn encrypt(&self, plain: &str) -> Result<String, Error> {
        let mut iv = [0; BLOCK];
        if self.mode == CipherMode::Cbc {
            getrandom::fill(&mut iv).map_err(|_| Error::config("this machine has no source of random numbers"))?;
        }
        self.encrypt_with_iv(plain, iv)
    }

    fn encrypt_with_iv(&self, plain: &str, iv: [u8; BLOCK]) -> Result<String, Error> {
        match self.key.len() {
            16 => self.encrypt_as::<Aes128>(plain, iv),
            24 => self.encrypt_as::<Aes192>(plain, iv),
            _ => self.encrypt_as::<Aes256>(plain, iv),
        }
    }

    fn encrypt_as<A>(&self, plain: &str, iv: [u8; BLOCK]) -> Result<String, Error>
    where
        A: KeyInit + aes::cipher::BlockCipherEncrypt,
        ecb::Encryptor<A>: KeyInit + BlockModeEncrypt,
        cbc::Encryptor<A>: KeyIvInit + BlockModeEncrypt,
    {
        // The length was checked when the key was derived; this error cannot occur.
        let unfit = |_| Error::config("aes: the key does not fit");
        let bytes = match self.mode {
            CipherMode::Ecb => ecb::Encryptor::<A>::new_from_slice(&self.key)
                .map_err(unfit)?
                .encrypt_padded_vec::<Pkcs7>(plain.as_bytes()),
            CipherMode::Cbc => {
                let cipher = cbc::Encryptor::<A>::new_from_slices(&self.key, &iv).map_err(unfit)?;
                [&iv[..], &cipher.encrypt_padded_vec::<Pkcs7>(plain.as_bytes())].concat()
            }
        };
        Ok(STANDARD.encode(bytes))
    }

    /// Decrypts from Base64. All failures are the same error, to give no padding oracle.
    pub(crate) fn decrypt(&self, text: &str) -> Result<Secret, Error> {
        let bytes = STANDARD.decode(text).map_err(|_| Error::decrypt())?;
        let plain = match self.key.len() {
            16 => self.decrypt_as::<Aes128>(&bytes),
            24 => self.decrypt_as::<Aes192>(&bytes),
            _ => self.decrypt_as::<Aes256>(&bytes),
        };
        let plain = plain.ok_or_else(Error::decrypt)?;
        std::str::from_utf8(&plain).map(Secret::from).map_err(|_| Error::decrypt())
    }

    fn decrypt_as<A>(&self, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>>
    where
        A: KeyInit + aes::cipher::BlockCipherDecrypt,
        ecb::Decryptor<A>: KeyInit + BlockModeDecrypt,
        cbc::Decryptor<A>: KeyIvInit + BlockModeDecrypt,
    {
        let plain = match self.mode {
            CipherMode::Ecb => {
                ecb::Decryptor::<A>::new_from_slice(&self.key).ok()?.decrypt_padded_vec::<Pkcs7>(bytes).ok()?
            }
            CipherMode::Cbc => {
                let (iv, rest) = bytes.split_at_checked(BLOCK)?;
                cbc::Decryptor::<A>::new_from_slices(&self.key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(rest).ok()?
            }
        };
        Some(Zeroizing::new(plain))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Vectors made by Java's `Cipher` and OpenSSL; see `tests/vectors/aes/README.md`.
    fn vectors(file: &str) -> Value {
        let path = format!("{}/../tests/vectors/aes/{file}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
        vector[field].as_str().unwrap()
    }

    fn settings(vector: &Value) -> AesSettings {
        let scheme = KeyScheme::ALL.into_iter().find(|scheme| scheme.as_str() == text(vector, "scheme")).unwrap();
        let mode = if vector["mode"] == "cbc" { CipherMode::Cbc } else { CipherMode::Ecb };
        AesSettings { scheme, mode }
    }

    #[test]
    fn other_programs_vectors_are_met_in_both_directions() {
        let vectors = vectors("vectors.json");
        let vectors = vectors.as_array().unwrap();
        for vector in vectors {
            let cipher = Cipher::new(settings(vector), text(vector, "secret")).unwrap();
            assert_eq!(hex::encode(&cipher.key), text(vector, "key_hex"), "{vector}");
            let iv = vector["iv_hex"]
                .as_str()
                .map_or([0; BLOCK], |iv| hex::decode(iv.as_bytes()).unwrap().try_into().unwrap());
            assert_eq!(
                cipher.encrypt_with_iv(text(vector, "plaintext"), iv).unwrap(),
                text(vector, "ciphertext"),
                "{vector}"
            );
            assert_eq!(
                cipher.decrypt(text(vector, "ciphertext")).unwrap().expose(),
                text(vector, "plaintext"),
                "{vector}"
            );
        }
        assert!(vectors.len() > 400 && vectors.iter().any(|vector| vector["scheme"] == "sha1prng"));
    }

    #[test]
    fn secrets_that_do_not_fit_are_refused_by_the_name_of_the_setting() {
        let refused = vectors("refused.json");
        for case in refused["secrets"].as_array().unwrap() {
            let error = Cipher::new(settings(case), text(case, "secret")).err().unwrap();
            assert!(error.to_string().contains("aes") && error.to_string().contains(text(case, "scheme")), "{error}");
            let secret = text(case, "secret");
            assert!(secret.is_empty() || !error.to_string().contains(secret));
        }
    }

    #[test]
    fn any_decryption_failure_is_the_same_opaque_error() {
        let refused = vectors("refused.json");
        for case in refused["ciphertexts"].as_array().unwrap() {
            let cipher = Cipher::new(settings(case), text(case, "secret")).unwrap();
            assert_eq!(cipher.decrypt(text(case, "ciphertext")).unwrap_err(), Error::decrypt(), "{case}");
        }
    }

    #[test]
    fn cbc_uses_a_fresh_iv_each_time() {
        let settings = AesSettings { mode: CipherMode::Cbc, ..AesSettings::default() };
        let cipher = Cipher::new(settings, "0123456789abcdef").unwrap();
        let (first, second) = (cipher.encrypt("739").unwrap(), cipher.encrypt("739").unwrap());
        assert_ne!(first, second);
        assert_eq!(cipher.decrypt(&first).unwrap(), cipher.decrypt(&second).unwrap());
    }
}

//! The platform's field encryption: AES with PKCS#7 padding and Base64, and the possible derivations of its key.

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Sha256;

const BLOCK: usize = 16;

/// The derivation of the AES key from the apiSecret. The platform does not document which one it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyScheme {
    /// The UTF-8 bytes of the secret, 16, 24 or 32 of them.
    #[default]
    Utf8,
    /// The secret is hexadecimal text of 16, 24 or 32 bytes.
    Hex,
    /// The secret is Base64 text of 16, 24 or 32 bytes.
    Base64,
    /// The MD5 digest, 16 bytes.
    Md5,
    /// The 32 lowercase hexadecimal digits of the MD5 digest, as bytes.
    Md5Hex,
    /// The SHA-256 digest, 32 bytes.
    Sha256,
    /// The key that Java's `KeyGenerator` creates with a `SHA1PRNG` seeded with the secret: 16 bytes.
    Sha1Prng,
}

/// The block cipher mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CipherMode {
    /// ECB: every block is encrypted separately, as the platform documents it.
    #[default]
    Ecb,
    /// CBC, with the initialization vector in front of the ciphertext.
    Cbc,
}

/// Encrypts and decrypts with one key.
pub(crate) struct FieldCipher {
    key: Key,
    mode: CipherMode,
}

// An expanded AES key is hundreds of bytes; there is one per sandbox.
#[allow(clippy::large_enum_variant)]
enum Key {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
}

impl std::fmt::Debug for FieldCipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldCipher").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl FieldCipher {
    /// Creates the cipher; `None` if the scheme derives no AES key from this secret.
    pub(crate) fn new(secret: &str, scheme: KeyScheme, mode: CipherMode) -> Option<Self> {
        let bytes = derive_key(secret, scheme)?;
        let key = match bytes.len() {
            16 => Key::Aes128(Aes128::new_from_slice(&bytes).ok()?),
            24 => Key::Aes192(Aes192::new_from_slice(&bytes).ok()?),
            32 => Key::Aes256(Aes256::new_from_slice(&bytes).ok()?),
            _ => return None,
        };
        Some(Self { key, mode })
    }

    /// Encrypts and encodes in Base64. `iv` is used in CBC mode only.
    pub(crate) fn encrypt(&self, plain: &[u8], iv: [u8; BLOCK]) -> String {
        let padding = BLOCK - plain.len() % BLOCK;
        let mut bytes = plain.to_vec();
        bytes.resize(plain.len() + padding, u8::try_from(padding).unwrap_or(0));
        let mut out = Vec::with_capacity(bytes.len() + BLOCK);
        let mut previous = iv;
        if self.mode == CipherMode::Cbc {
            out.extend_from_slice(&iv);
        }
        for chunk in bytes.chunks_exact(BLOCK) {
            let mut block = [0; BLOCK];
            block.copy_from_slice(chunk);
            if self.mode == CipherMode::Cbc {
                xor(&mut block, previous);
            }
            self.encrypt_block(&mut block);
            out.extend_from_slice(&block);
            previous = block;
        }
        STANDARD.encode(out)
    }

    /// Decrypts; `None` for invalid Base64, incomplete blocks, or wrong padding.
    pub(crate) fn decrypt(&self, text: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(text).ok()?;
        if bytes.is_empty() || bytes.len() % BLOCK != 0 {
            return None;
        }
        let mut previous = [0; BLOCK];
        let mut body = bytes.as_slice();
        if self.mode == CipherMode::Cbc {
            let (iv, rest) = bytes.split_at(BLOCK);
            previous.copy_from_slice(iv);
            body = rest;
        }
        let mut out = Vec::with_capacity(body.len());
        for chunk in body.chunks_exact(BLOCK) {
            let mut block = [0; BLOCK];
            block.copy_from_slice(chunk);
            let cipher_block = block;
            self.decrypt_block(&mut block);
            if self.mode == CipherMode::Cbc {
                xor(&mut block, previous);
            }
            out.extend_from_slice(&block);
            previous = cipher_block;
        }
        let padding = usize::from(*out.last()?);
        let good = (1..=BLOCK).contains(&padding)
            && out[out.len() - padding..].iter().all(|byte| usize::from(*byte) == padding);
        good.then(|| {
            out.truncate(out.len() - padding);
            out
        })
    }

    fn encrypt_block(&self, block: &mut [u8; BLOCK]) {
        let mut array = Array::from(*block);
        match &self.key {
            Key::Aes128(key) => key.encrypt_block(&mut array),
            Key::Aes192(key) => key.encrypt_block(&mut array),
            Key::Aes256(key) => key.encrypt_block(&mut array),
        }
        *block = array.into();
    }

    fn decrypt_block(&self, block: &mut [u8; BLOCK]) {
        let mut array = Array::from(*block);
        match &self.key {
            Key::Aes128(key) => key.decrypt_block(&mut array),
            Key::Aes192(key) => key.decrypt_block(&mut array),
            Key::Aes256(key) => key.decrypt_block(&mut array),
        }
        *block = array.into();
    }
}

fn xor(block: &mut [u8; BLOCK], with: [u8; BLOCK]) {
    for (byte, other) in block.iter_mut().zip(with) {
        *byte ^= other;
    }
}

/// Derives the key; its length is not checked here.
fn derive_key(secret: &str, scheme: KeyScheme) -> Option<Vec<u8>> {
    Some(match scheme {
        KeyScheme::Utf8 => secret.as_bytes().to_vec(),
        KeyScheme::Hex => from_hex(secret)?,
        KeyScheme::Base64 => STANDARD.decode(secret).ok()?,
        KeyScheme::Md5 => Md5::digest(secret).to_vec(),
        KeyScheme::Md5Hex => to_hex(&Md5::digest(secret)).into_bytes(),
        KeyScheme::Sha256 => Sha256::digest(secret).to_vec(),
        // The generator's state is the seed's digest; its first output is the state's digest.
        KeyScheme::Sha1Prng => Sha1::digest(Sha1::digest(secret))[..16].to_vec(),
    })
}

fn to_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|half| char::from(b"0123456789abcdef"[usize::from(half)]))
        .collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|letter| letter.to_digit(16)).collect::<Option<Vec<_>>>()?;
    (digits.len() % 2 == 0).then_some(())?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    /// The vectors were made by the JDK and by OpenSSL; see the README in their folder.
    fn vectors<T: DeserializeOwned>(file: &str) -> T {
        let path = format!("{}/../tests/vectors/aes/{file}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[derive(Deserialize)]
    struct Vector {
        scheme: KeyScheme,
        mode: CipherMode,
        secret: String,
        key_hex: String,
        iv_hex: Option<String>,
        plaintext: String,
        ciphertext: String,
    }

    #[derive(Deserialize)]
    struct Refused {
        secrets: Vec<RefusedSecret>,
        ciphertexts: Vec<RefusedText>,
    }

    #[derive(Deserialize)]
    struct RefusedSecret {
        scheme: KeyScheme,
        secret: String,
        why: String,
    }

    #[derive(Deserialize)]
    struct RefusedText {
        scheme: KeyScheme,
        mode: CipherMode,
        secret: String,
        ciphertext: String,
        why: String,
    }

    #[test]
    fn ciphertexts_equal_those_of_other_programs() {
        let vectors: Vec<Vector> = vectors("vectors.json");
        assert!(vectors.len() > 400);
        for vector in vectors {
            let key = derive_key(&vector.secret, vector.scheme).unwrap();
            assert_eq!(vector.key_hex, to_hex(&key), "{:?}", vector.scheme);
            let cipher = FieldCipher::new(&vector.secret, vector.scheme, vector.mode).unwrap();
            let iv = vector.iv_hex.map_or([0; BLOCK], |hex| from_hex(&hex).unwrap().try_into().unwrap());
            assert_eq!(vector.ciphertext, cipher.encrypt(vector.plaintext.as_bytes(), iv));
            assert_eq!(Some(vector.plaintext.into_bytes()), cipher.decrypt(&vector.ciphertext));
        }
    }

    #[test]
    fn invalid_secrets_and_ciphertexts_are_refused() {
        let refused: Refused = vectors("refused.json");
        for RefusedSecret { scheme, secret, why } in refused.secrets {
            assert!(FieldCipher::new(&secret, scheme, CipherMode::Ecb).is_none(), "{scheme:?}: {why}");
        }
        for RefusedText { scheme, mode, secret, ciphertext, why } in refused.ciphertexts {
            let cipher = FieldCipher::new(&secret, scheme, mode).unwrap();
            assert_eq!(None, cipher.decrypt(&ciphertext), "{scheme:?} {mode:?}: {why}");
        }
    }
}

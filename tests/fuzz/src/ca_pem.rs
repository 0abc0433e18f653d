//! Root certificates in PEM form: read whole or refused, and never repeated in an error.

use keysecure::{Client, ErrorKind};

const END: &str = "-----END CERTIFICATE-----";

pub fn run(input: &[u8]) {
    let Ok(pem) = std::str::from_utf8(input) else { return };
    let build = |pem: &str| Client::builder("ak_fuzz", "0123456789abcdef").ca_pem(pem).build();
    match build(pem) {
        Ok(_) => {
            assert!(pem.contains("-----BEGIN CERTIFICATE-----"), "accepted without a certificate");
            // What is cut off is refused, not skipped.
            let cut = pem.rfind(END).expect("a closed block");
            assert!(build(&pem[..cut]).is_err(), "a certificate without its end is skipped");
            // None is lost among others: each is accepted alone.
            for block in pem.split_inclusive(END).filter(|block| block.contains("-----BEGIN ")) {
                assert!(build(block).is_ok(), "a certificate is skipped: {block}");
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Config);
            let text = format!("{error} {error:?}");
            let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "+/=".contains(letter)));
            for word in words.filter(|word| word.len() >= 20) {
                assert!(!pem.contains(word), "the error repeats {word}");
            }
        }
    }
}

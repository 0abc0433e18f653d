//! Root certificates in PEM form: read whole or refused, and never repeated in an error.

use keysecure::{Client, ErrorKind};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

fn holds_begin(block: &str) -> bool {
    block.lines().any(|line| line.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}') == BEGIN)
}

pub fn run(input: &[u8]) {
    let Ok(pem) = std::str::from_utf8(input) else { return };
    let build = |pem: &str| Client::builder("ak_fuzz", "0123456789abcdef").ca_pem(pem).build();
    match build(pem) {
        Ok(_) => {
            let blocks = || pem.split_inclusive(END).filter(|block| holds_begin(block) && block.ends_with(END));
            // None is lost among others: each is accepted alone, or no library can read it, which is logged.
            for block in blocks() {
                let unreadable = build(block).is_err_and(|error| error.to_string().contains("that can be read"));
                assert!(unreadable || build(block).is_ok(), "a certificate is skipped: {block}");
            }
            // A truncated certificate is refused, not skipped.
            if let Some(last) = blocks().last() {
                let end = last.as_ptr().addr() - pem.as_ptr().addr() + last.len();
                assert!(build(&pem[..end - END.len()]).is_err(), "a certificate without its end is skipped");
            } else {
                assert!(pem.contains("-----BEGIN X509 CERTIFICATE-----"), "accepted without a certificate");
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

//! A line of a token store: read whole or not at all.

use keysecure::StoredToken;

pub fn run(input: &[u8]) {
    let Ok(line) = std::str::from_utf8(input) else { return };
    let Some(token) = StoredToken::from_line(line) else { return };
    let secret = token.secret().expose();
    assert!(line.ends_with('\n') && !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(line.contains(secret));
    let written = token.expose_as_line();
    assert_eq!(StoredToken::from_line(&written).as_ref(), Some(&token), "what is written is read again");
    assert_eq!(StoredToken::from_line(&written[..written.len() - 1]), None, "a line that is cut off");
    // Digits alone may be those of a time.
    let is_telling = secret.len() >= 16 && secret.bytes().any(|byte| byte.is_ascii_alphabetic());
    assert!(!is_telling || !format!("{token:?}").contains(secret));
}

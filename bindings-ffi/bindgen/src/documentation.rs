//! Rust's documentation in the words of the other languages.

use heck::ToLowerCamelCase as _;

/// The lines of a documentation text without the links of rustdoc, and with the names of fields and arguments in the case
/// of Kotlin and Swift.
pub fn lines(text: &str) -> Vec<String> {
    unlinked(text).lines().map(|line| camel_cased(line.trim())).collect()
}

/// The code of a generated file with the same changes in its comments.
pub fn in_comments(code: &str) -> String {
    let mut changed = String::with_capacity(code.len());
    let mut is_comment = false;
    for line in code.split_inclusive('\n') {
        is_comment |= line.trim_start().starts_with("/**");
        if !is_comment {
            changed.push_str(line);
            continue;
        }
        // Code may follow the end of a comment on the same line.
        let end = line.find("*/").map_or(line.len(), |place| place + 2);
        changed.push_str(&camel_cased(&unlinked(&line[..end])));
        changed.push_str(&line[end..]);
        is_comment = !line[..end].ends_with("*/");
    }
    changed
}

/// `` [`Cards::list`](crate::Cards) `` becomes `` `Cards.list` ``.
fn unlinked(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("`]").unwrap_or((part, ""));
        let rest = match rest.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, rest)) => rest,
            None => rest,
        };
        plain.extend(["`", &name.replace("::", "."), "`", rest]);
    }
    plain
}

/// Names in snake case between backticks are those of Rust.
fn camel_cased(line: &str) -> String {
    let is_snake =
        |name: &str| name.contains('_') && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let parts = line.split('`').enumerate();
    let parts: Vec<_> = parts
        .map(|(place, part)| if place % 2 == 1 && is_snake(part) { part.to_lower_camel_case() } else { part.into() })
        .collect();
    parts.join("`")
}

#[cfg(test)]
mod tests {
    use super::{in_comments, lines};

    #[test]
    fn links_and_names_of_rust_are_replaced() {
        let cases = [
            ("See [`EnsureOptions`](crate::EnsureOptions).", "See `EnsureOptions`."),
            ("  See [`Cards::list`], or `card_no`.", "See `Cards.list`, or `cardNo`."),
            ("`Atm_fee` and snake_case stay.", "`Atm_fee` and snake_case stay."),
        ];
        for (rust, expected) in cases {
            assert_eq!(lines(rust), [expected]);
        }
        assert_eq!(lines("one\n two"), ["one", "two"]);
    }
    #[test]
    fn only_comments_of_code_are_changed() {
        let code = "/** See [`Cards::get`], `card_no`. */\nval `card_no`: String\n/**\n * Or `card_no`.\n */sent: Bool // `card_no`\n";
        let expected = "/** See `Cards.get`, `cardNo`. */\nval `card_no`: String\n/**\n * Or `cardNo`.\n */sent: Bool // `card_no`\n";
        assert_eq!(in_comments(code), expected);
    }
}

//! The table of calls in the README.

use keysecure::OPERATIONS;
use keysecure_tests::{TABLE_BEGIN, calls_table, with_calls_table};

#[test]
fn the_table_of_calls_matches_the_code() {
    let table = calls_table();
    assert_eq!(table.lines().count(), OPERATIONS.len() + 2);
    assert!(table.contains("| 15 | `accounts().transfer` | `POST /open-api/v1/account/transfer` | credit | never |\n"));
    assert!(table.contains("| 1 | `access_token` | `GET /open-api/v1/merchant/token` | both | yes |\n"));
    let text = "a\n<!-- calls:begin -->\nold\n<!-- calls:end -->\nb\n";
    let written = with_calls_table(text).unwrap();
    assert_eq!(written, format!("a\n<!-- calls:begin -->\n{table}<!-- calls:end -->\nb\n"));
    assert_eq!(with_calls_table(&written), Some(written));
    assert_eq!(with_calls_table("no marks"), None);
}

/// `KEYSECURE_UPDATE_DOCS=1 cargo test -p keysecure-tests the_readme` writes the table instead of comparing it.
#[test]
fn the_readme_holds_the_table_of_calls() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(path).expect("README.md is in the root folder");
    let wanted = with_calls_table(&readme).unwrap_or_else(|| panic!("README.md holds no line {TABLE_BEGIN}"));
    if std::env::var("KEYSECURE_UPDATE_DOCS").is_ok_and(|value| value == "1") {
        std::fs::write(path, wanted).unwrap();
    } else {
        assert!(readme == wanted, "the table of calls in README.md is old: run this test with KEYSECURE_UPDATE_DOCS=1");
    }
}

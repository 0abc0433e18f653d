//! The test suites of `cargo xtask test`. To add a language, add a function and a line in `ALL`.

use super::{rust, vectors};
use crate::report::failures::Failures;
use crate::report::outcome::Outcome;
use crate::{kotlin, openapi, python, swift};

/// A group of tests with its own line in the summary.
pub struct TestSuite {
    pub name: &'static str,
    pub run: fn(&mut Failures) -> Outcome,
}

pub const ALL: &[TestSuite] = &[
    TestSuite { name: "rust", run: rust::test },
    TestSuite { name: "vectors", run: vectors::test },
    TestSuite { name: "openapi", run: openapi::test },
    TestSuite { name: "python", run: python::test },
    TestSuite { name: "frameworks", run: python::test_frameworks },
    TestSuite { name: "kotlin", run: kotlin::test },
    TestSuite { name: "kotlin-newer-jdk", run: kotlin::test_newer_jdk },
    TestSuite { name: "swift", run: swift::test },
];

pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|suite| suite.name)
}

//! Results of tests: counts, failures, and the formats in which test runners report them.

pub mod counts;
pub mod failures;
pub mod junit;
pub mod libtest;
pub mod outcome;

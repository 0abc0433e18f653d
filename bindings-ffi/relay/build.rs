//! How the dynamic library is linked, whoever builds it.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A process may load this library twice: two class loaders of one JVM do. By the rules of ELF the second copy would call
    // the exported functions of the first, and so run the merchant's code of another application. Other formats have no such rule.
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();
    if env::var_os("CARGO_CFG_UNIX").is_some() && vendor != "apple" {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-Bsymbolic");
    }
}

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keysecure_fuzz::model::run(input));

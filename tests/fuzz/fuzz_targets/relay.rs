#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keysecure_fuzz::relay::run(input));

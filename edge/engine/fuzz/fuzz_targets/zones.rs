//! See `dnsfleet_engine_fuzz::zones`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dnsfleet_engine_fuzz::zones::check(input));

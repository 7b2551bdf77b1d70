//! See `dnsfleet_engine_fuzz::master_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dnsfleet_engine_fuzz::master_files::check(input));

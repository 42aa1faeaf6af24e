#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ocpp_testkit::fuzz::payload(data));

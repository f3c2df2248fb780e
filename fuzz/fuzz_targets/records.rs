//! Bytes to records. What must hold is `invariants::records`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::records(input));

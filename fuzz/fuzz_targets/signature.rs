//! The same problem in two places. What must hold is `invariants::signature`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::signature(input));

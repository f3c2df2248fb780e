//! One request to a desk. What must hold is `invariants::desk`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::desk(input));

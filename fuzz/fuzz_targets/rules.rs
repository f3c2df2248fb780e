//! A studio's rules on whatever record. What must hold is `invariants::rules`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::rules(input));

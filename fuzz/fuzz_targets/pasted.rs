//! Text without headers to incidents. What must hold is `invariants::pasted`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::pasted(input));

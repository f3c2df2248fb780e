//! Text to an incident. What must hold is `invariants::tracebacks`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::tracebacks(input));

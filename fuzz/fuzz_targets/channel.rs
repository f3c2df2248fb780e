//! One line of a client of the control channel. What must hold is `invariants::channel`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::channel(input));

//! Every input the fuzz targets of this crate keep, through the same checks. See `docs/fuzzing.md`.

#[test]
fn records() {
    invariants::replay("records", invariants::records);
}

#[test]
fn pasted() {
    invariants::replay("pasted", invariants::pasted);
}

#[test]
fn tracebacks() {
    invariants::replay("tracebacks", invariants::tracebacks);
}

#[test]
fn signature() {
    invariants::replay("signature", invariants::signature);
}

#[test]
fn rules() {
    invariants::replay("rules", invariants::rules);
}

//! Every input the fuzz target of this crate keeps, through the same checks. See `docs/fuzzing.md`.

#[test]
fn desk() {
    invariants::replay("desk", invariants::desk);
}

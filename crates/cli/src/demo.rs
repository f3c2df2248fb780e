//! (under construction)
use crate::arguments::DemoCommand;
use crate::exit::Outcome;
use crate::output::Output;
pub(crate) fn demo(_c: &DemoCommand, _o: &Output) -> Outcome { Ok(1) }

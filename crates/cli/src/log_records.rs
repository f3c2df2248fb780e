//! From the bytes of one log to its records, in constant memory: what `scan` and `explain` share.
//!
//! The end of a log is where its bytes end, or break off; what was read until then is handed out all the same.
//! People hand in what they copied from a console too: tracebacks in text before the first header are records.

use crate::log_file::{LogBytes, looks_binary};
use sgtk_log::{Boundary, RawRecord, ReadCounts, ReadGate, RecordLimits, RecordReader};
use std::io::{self, Read};
use std::ops::ControlFlow;

/// Fits the second level cache: with 256 KiB, the kernel's copying took four times as long.
const BLOCK_BYTES: usize = 64 * 1024;
/// The first bytes that are looked at to tell text from other things.
const LOOK_BYTES: usize = 8 * 1024;

/// Reads one log after the other with the same buffer.
#[derive(Default)]
pub(crate) struct LogReading {
    buffer: Vec<u8>,
}

/// How far one log was read.
pub(crate) struct ReadLog {
    pub(crate) counts: ReadCounts,
    /// Why it was not read to its end.
    pub(crate) broken: Option<io::Error>,
    /// It begins like no text.
    pub(crate) looks_binary: bool,
}

impl LogReading {
    /// Hands out the records that pass the gate, until the sink has enough.
    ///
    /// # Errors
    /// Nothing of the source could be read as a log.
    pub(crate) fn records(
        &mut self,
        source: impl Read,
        gate: ReadGate,
        sink: &mut dyn FnMut(&RawRecord<'_>) -> ControlFlow<()>,
    ) -> io::Result<ReadLog> {
        let mut bytes = LogBytes::new(source)?;
        self.buffer.resize(BLOCK_BYTES, 0);
        let begin = Boundary { offset: 0, line: 1 };
        let mut reader = RecordReader::resume(RecordLimits::default(), gate, begin).with_pasted();
        let mut flow = ControlFlow::Continue(());
        let mut take = |record: RawRecord<'_>| {
            if flow.is_continue() {
                flow = sink(&record);
            }
            flow
        };
        let mut enough = false;
        let (mut broken, mut binary, mut looked_bytes) = (None, false, 0);
        while !enough {
            match bytes.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(count) => {
                    let block = &self.buffer[..count];
                    if looked_bytes < LOOK_BYTES {
                        binary |= looks_binary(&block[..count.min(LOOK_BYTES - looked_bytes)]);
                        looked_bytes += count;
                    }
                    reader.feed(block, &mut |record| enough |= take(record).is_break());
                }
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        if !enough {
            reader.flush(&mut |record| enough |= take(record).is_break());
        }
        Ok(ReadLog { counts: reader.counts(), broken, looks_binary: binary })
    }
}

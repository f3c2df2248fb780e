//! Ctrl-C and a request to terminate, as something a command can wait for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Takes the signal over for this process; the receiver gets a word each time it comes. A second signal ends
/// the process at once: someone is in a hurry.
pub(crate) fn listen() -> Receiver<()> {
    let (told, heard) = channel();
    listen_with(told);
    heard
}

/// As [`listen`], for a command that waits for other things too.
pub(crate) fn listen_with(told: Sender<()>) {
    let taken = ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        let _ = told.send(());
    });
    if let Err(error) = taken {
        // The system's own handling stays: the process ends, which loses nothing.
        tracing_free_note(&error);
    }
}

/// Whether the signal has come.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

fn tracing_free_note(error: &ctrlc::Error) {
    let _ = std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!("note: Ctrl-C ends the program at once: {error}\n"),
    );
}

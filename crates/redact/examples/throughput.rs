//! Measures redaction of a log held in memory: `cargo run --release -p redact --example throughput`.

#![expect(clippy::print_stdout, reason = "a measurement is for people to read")]

use std::time::Instant;

use redact::{IdentityPolicy, Redactor};

const LOG_BYTES: usize = 5 << 20;

fn main() {
    let redactor = Redactor::new(vec!["a-known-secret-value".into()], IdentityPolicy::default());
    for (name, every) in [("ordinary log", 200), ("a secret in every record", 1)] {
        let log = log(every);
        let mut best = f64::MAX;
        let mut counts = String::new();
        for _ in 0..7 {
            let start = Instant::now();
            let redacted = redactor.redact_named(&log);
            best = best.min(start.elapsed().as_secs_f64());
            counts = format!("{:?}", redacted.counts);
        }
        println!(
            "{name}: {:.1} MiB in {:.1} ms, {:.0} MB/s; {counts}",
            log.len() as f64 / 1048576.0,
            best * 1e3,
            log.len() as f64 / best / 1e6
        );
    }
}

fn log(secret_every: usize) -> String {
    let mut log = String::with_capacity(LOG_BYTES + 4096);
    let mut record = 0;
    while log.len() < LOG_BYTES {
        record += 1;
        let second = record % 60;
        log.push_str(&format!(
            "2026-01-14 19:49:{second:02},961 [2764 INFO sgtk.env.project.tk-maya.tk-multi-publish2] Publishing item {record} of the scene, version v{second:03}\n"
        ));
        if record % 20 == 0 {
            log.push_str(&format!(
                "2026-01-14 19:49:{second:02},990 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Could not publish {record}\nTraceback (most recent call last):\n"
            ));
            for frame in 0..8 {
                log.push_str(&format!(
                    "  File \"/home/joe/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/api/item{frame}.py\", line {record}, in publish\n    self._publish(item, settings)\n"
                ));
            }
            log.push_str("ValueError: no such thing\n");
        }
        if record % secret_every == 0 {
            log.push_str("2026-01-14 19:49:11,999 [2764 DEBUG sgtk.core.authentication] Session token: 0a1b2c3d4e5f60718293a4b5c6d7e8f9 for https://studio.example/api?token=abc\n");
        }
    }
    log
}

//! `demo`: a complete trial in a temporary folder, with the real programs.
//!
//! Owns the story: what is written, what must come of it, and the verdict. The processes are `stage.rs`'s, the
//! log files `engine.rs`'s. Nothing is taken on trust: what the desk holds at the end is read back through its
//! own API and compared with what was written.

mod engine;
mod stage;
mod verdict;

use crate::arguments::DemoCommand;
use crate::exit::{FOUND_WRONG, Outcome};
use crate::output::{FAINT, GOOD, Output, STRONG};
use crate::stop_signal;
use anyhow::{Context, Result, ensure};
use engine::{Engine, Failure};
use stage::Stage;
use std::io::Write;
use std::time::{Duration, Instant};
use verdict::{Expected, verdict};

/// From the write to the ticket on the desk.
const SOON: Duration = Duration::from_secs(2);
/// For everything that has to wait for something else first.
const PATIENCE: Duration = Duration::from_secs(20);
/// Repeats after the first time.
const REPEATS: u64 = 50;

pub(crate) fn demo(command: &DemoCommand, output: &Output) -> Outcome {
    let signal = stop_signal::listen();
    let mut stage = Stage::set()?;
    let mut story =
        Story { stage: &mut stage, output, without: command.without.as_deref(), expected: Vec::new() };
    let told = story.tell();
    let expected = std::mem::take(&mut story.expected);
    let good = match told {
        Ok(()) => verdict(&stage, &expected, &mut output.data())?,
        Err(error) => {
            output.error(&agent::delivery::chain(error.as_ref()));
            stage.explain(output);
            false
        }
    };
    if good && !command.once {
        let mut out = output.data();
        writeln!(out, "\nlook at the tickets: {STRONG}{}{STRONG:#}   (Ctrl-C ends the demo)", stage.page())?;
        out.flush()?;
        // Ends with the signal; a lost sender cannot happen while the handler lives.
        let _ = signal.recv();
    }
    stage.strike();
    Ok(if good { 0 } else { FOUND_WRONG })
}

struct Story<'a> {
    stage: &'a mut Stage,
    output: &'a Output,
    /// A part that is left out on purpose, to see that it is missed.
    without: Option<&'a str>,
    expected: Vec<Expected>,
}

impl Story<'_> {
    fn tell(&mut self) -> Result<()> {
        self.say(&format!(
            "a desk at {}, an agent, and three engines in {}",
            self.stage.url(),
            self.stage.folder().display()
        ))?;
        let mut desktop = Engine::start(self.stage, "tk-desktop", 4101)?;
        let mut maya = Engine::start(self.stage, "tk-maya", 4102)?;
        let mut nuke = Engine::start(self.stage, "tk-nuke", 4103)?;
        self.three_engines_fail(&mut desktop, &mut maya, &mut nuke)?;
        self.one_error_many_times(&mut maya)?;
        self.a_log_rolls_over(&mut maya)?;
        self.a_log_is_emptied(&mut nuke)?;
        self.the_desk_is_away(&mut desktop)?;
        self.counts_arrive()
    }

    fn three_engines_fail(
        &mut self,
        desktop: &mut Engine,
        maya: &mut Engine,
        nuke: &mut Engine,
    ) -> Result<()> {
        for engine in [&mut *desktop, &mut *maya, &mut *nuke] {
            engine.chat(20)?;
        }
        self.fails(desktop, Failure::Connection)?;
        self.fails(maya, Failure::Publish)?;
        self.fails(nuke, Failure::Chained)
    }

    /// One error, and its ticket in time.
    fn fails(&mut self, engine: &mut Engine, failure: Failure) -> Result<()> {
        let began = Instant::now();
        if self.without != Some("error") {
            engine.fail(failure)?;
        }
        self.ticket_comes(failure, SOON)?;
        let took = began.elapsed();
        ensure!(took <= SOON, "the ticket took {:.1} s; it must stand within 2 s", took.as_secs_f32());
        self.good(&format!("an error of {} became a ticket in {:.2} s", engine.name(), took.as_secs_f32()))?;
        self.expected.push(Expected { failure, count: 1 });
        Ok(())
    }

    fn ticket_comes(&mut self, failure: Failure, within: Duration) -> Result<()> {
        self.stage
            .wait_for(within, |event| {
                event["type"] == "ticket"
                    && event["title"].as_str().is_some_and(|title| title.contains(failure.mark()))
            })
            .with_context(|| format!("no ticket came of “{}”", failure.mark()))
    }

    fn one_error_many_times(&mut self, maya: &mut Engine) -> Result<()> {
        let times = if self.without == Some("repeat") { REPEATS - 1 } else { REPEATS };
        for _ in 0..times {
            maya.fail(Failure::Publish)?;
            maya.chat(1)?;
        }
        self.expect(Failure::Publish, REPEATS);
        self.good(&format!("the same error {REPEATS} times more"))
    }

    fn a_log_rolls_over(&mut self, maya: &mut Engine) -> Result<()> {
        maya.fail(Failure::BeforeRollover)?;
        maya.roll_over()?;
        maya.fail(Failure::AfterRollover)?;
        for failure in [Failure::BeforeRollover, Failure::AfterRollover] {
            self.ticket_comes(failure, PATIENCE)?;
            self.expected.push(Expected { failure, count: 1 });
        }
        self.good("tk-maya.log rolled over between two errors, and both were found")
    }

    fn a_log_is_emptied(&mut self, nuke: &mut Engine) -> Result<()> {
        nuke.empty_log()?;
        nuke.fail(Failure::AfterTruncation)?;
        self.ticket_comes(Failure::AfterTruncation, PATIENCE)?;
        self.expected.push(Expected { failure: Failure::AfterTruncation, count: 1 });
        self.good("tk-nuke.log was emptied in place, and the next error was found")
    }

    fn the_desk_is_away(&mut self, desktop: &mut Engine) -> Result<()> {
        self.stage.kill_desk();
        desktop.fail(Failure::DuringOutage)?;
        self.stage
            .wait_for(PATIENCE, |event| event["type"] == "warning" && event["what"] == "site")
            .context("the agent did not notice that the desk was away")?;
        self.say("the desk was killed; the agent waits with one more incident")?;
        if self.without != Some("desk") {
            self.stage.start_desk()?;
        }
        self.ticket_comes(Failure::DuringOutage, PATIENCE)?;
        self.expected.push(Expected { failure: Failure::DuringOutage, count: 1 });
        self.good("the desk came back, and so did the ticket")
    }

    /// Counts are brought up to date in turn; the last one is what is compared.
    fn counts_arrive(&mut self) -> Result<()> {
        let total: u64 = self.expected.iter().map(|expected| expected.count).sum();
        let began = Instant::now();
        loop {
            let status = self.stage.status()?;
            let settled = status["waiting_count"] == 0 && status["seen"].as_u64() >= Some(total);
            if settled || began.elapsed() > PATIENCE {
                return Ok(());
            }
            ensure!(!stop_signal::asked(), "interrupted");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn expect(&mut self, failure: Failure, more: u64) {
        if let Some(expected) = self.expected.iter_mut().find(|expected| expected.failure == failure) {
            expected.count += more;
        }
    }

    fn good(&self, text: &str) -> Result<()> {
        let mut out = self.output.data();
        writeln!(out, "{GOOD}✓{GOOD:#} {text}")?;
        Ok(out.flush()?)
    }

    fn say(&self, text: &str) -> Result<()> {
        let mut out = self.output.data();
        writeln!(out, "{FAINT}· {text}{FAINT:#}")?;
        Ok(out.flush()?)
    }
}

//! `run`: the agent in the foreground, with a desk of its own when no site is configured.

use crate::arguments::{Global, RunCommand};
use crate::exit::{Failure, Outcome};
use crate::hand_over::enter_with;
use crate::options::{log_folders, settings, state_folder};
use crate::output::{BAD, FAINT, GOOD, Output, STRONG, counted, harmless};
use crate::stop_signal;
use agent::agent::AgentOptions;
use agent::attach::Attach;
use agent::delivery::{Destination, chain};
use agent::event::Event;
use agent::own_log;
use agent::paths::StateFolder;
use agent::settings::Settings;
#[cfg(feature = "desk")]
use std::io::IsTerminal;
use std::io::Write;

pub(crate) fn run(command: &RunCommand, global: &Global, output: &Output) -> Outcome {
    if command.at_login {
        return crate::at_login::run(global, output);
    }
    let told = if command.attach_stdin { Some(crate::attach::read_object()?) } else { None };
    run_attached(told.as_deref(), global, output)
}

/// Runs the agent, attached with an object where there is one. Then another agent that runs already gets it.
pub(crate) fn run_attached(told: Option<&str>, global: &Global, output: &Output) -> Outcome {
    let attach = told.map(crate::attach::parse).transpose()?;
    let settings = settings(global, &[], attach.as_ref().map(|attach| &attach.settings))?;
    let site = site_url(&settings, attach.as_ref());
    let folder = state_folder(&settings, site.as_deref())?;
    // Before a desk is started: it belongs to the agent that runs.
    let instance = match told {
        None => agent::agent::enter(&folder)?,
        Some(told) => match enter_with(&folder, told) {
            Ok(Some(instance)) => instance,
            Ok(None) => return Ok(0),
            Err(failure) => {
                // Nobody hears an agent that `attach` has started.
                own_log::tell(&folder.own_log(), &chain(failure.error.as_ref()));
                return Err(failure);
            }
        },
    };
    if told.is_some() {
        keep_autostart();
    }
    let place = place(&folder, site, output)?;
    let sink = *output;
    let options = AgentOptions {
        log_folders: log_folders(&settings),
        settings,
        destination: place.destination,
        page: place.page,
        folder,
        instance,
        attach,
        events: Box::new(move |event| print(event, &sink)),
        list_all: output.json,
    };
    agent::agent::run(options, |stopper| {
        let signal = stop_signal::listen();
        std::thread::spawn(move || {
            if signal.recv().is_ok() {
                stopper.stop("interrupted");
            }
        });
    })?;
    place.desk.stop();
    Ok(0)
}

/// An entry for the login starts whoever runs now: the copy that it starts goes one day.
fn keep_autostart() {
    if let Ok(program) = crate::autostart::this_program() {
        // What goes wrong here shows in `doctor`, where somebody can mend it.
        let _ = agent::autostart::follow(&program, &crate::autostart::environment);
    }
}

/// Settings name the site, else the Toolkit session does.
pub(crate) fn site_url(settings: &Settings, attach: Option<&Attach>) -> Option<String> {
    let configured = Some(settings.site.url.clone()).filter(|url| !url.is_empty());
    configured.or_else(|| attach?.site.url.clone().filter(|url| !url.is_empty()))
}

/// Where tickets go, and the desk that runs for as long as the agent does.
struct Destined {
    destination: Destination,
    page: Option<String>,
    desk: OwnDesk,
}

#[cfg(feature = "desk")]
struct OwnDesk(Option<desk::Desk>);
#[cfg(not(feature = "desk"))]
struct OwnDesk;

impl OwnDesk {
    #[cfg(feature = "desk")]
    fn stop(self) {
        if let Some(desk) = self.0 {
            desk.stop();
        }
    }

    #[cfg(not(feature = "desk"))]
    fn stop(self) {}
}

#[cfg(feature = "desk")]
fn place(folder: &StateFolder, site: Option<String>, output: &Output) -> Result<Destined, Failure> {
    if let Some(url) = site {
        let destination = Destination { url, project_id: 0, own: None };
        return Ok(Destined { destination, page: None, desk: OwnDesk(None) });
    }
    let options = desk::DeskOptions { data: folder.path().join("desk"), ..desk::DeskOptions::default() };
    let desk = desk::Desk::start(options).map_err(|error| Failure::usage(anyhow::Error::from(error)))?;
    let ready = desk.ready();
    // The link opens the pages without a sign-in. It is for eyes: not for the agent, its log or whatever keeps our output.
    let page = format!("{}/tickets", ready.url);
    let shown = if std::io::stderr().is_terminal() { &ready.page } else { &page };
    output.note(&format!("no site is configured: tickets go to a desk of our own, {shown}"));
    Ok(Destined {
        destination: Destination {
            url: ready.url.clone(),
            project_id: ready.project_id.unsigned_abs(),
            own: Some(flow::Credentials::Script {
                name: ready.script_name.clone(),
                key: ready.script_key.clone().into(),
            }),
        },
        page: Some(page),
        desk: OwnDesk(Some(desk)),
    })
}

#[cfg(not(feature = "desk"))]
fn place(_folder: &StateFolder, site: Option<String>, _output: &Output) -> Result<Destined, Failure> {
    let url = site.ok_or_else(|| {
        Failure::usage(anyhow::anyhow!(
            "no site is configured and this program has no desk of its own: set site.url, or let the Toolkit app start it"
        ))
    })?;
    let destination = Destination { url, project_id: 0, own: None };
    Ok(Destined { destination, page: None, desk: OwnDesk })
}

/// An event as a JSON line, or as a line for people. A reader that went away does not stop the agent.
fn print(event: &Event, output: &Output) {
    if output.json {
        let _ = output.object(event);
        return;
    }
    if output.quiet {
        return;
    }
    if let Event::Warning { what, message } = event {
        output.warning(&format!("{what}: {message}"));
        return;
    }
    let line = match event {
        Event::Ready { site, folders, .. } => {
            format!("{STRONG}following{STRONG:#} {}, filing on {site}", folders.join(", "))
        }
        Event::Incident { incident, outcome, count } => {
            let place = incident.lines.map_or(String::new(), |(first, _)| format!(":{first}"));
            let times =
                if *count > 1 { format!(", {} so far", counted(*count, "time")) } else { String::new() };
            format!(
                "{BAD}incident{BAD:#} {} {FAINT}({}{place}, {outcome}{times}){FAINT:#}",
                incident.title, incident.file
            )
        }
        Event::Continued { incident } => {
            format!("{FAINT}more lines of{FAINT:#} {} {FAINT}({}){FAINT:#}", incident.title, incident.file)
        }
        Event::Report { title, .. } => format!("{STRONG}report{STRONG:#} {title}"),
        Event::Ticket { ticket_id, title, created, .. } => {
            let verb = if *created { "filed" } else { "found" };
            format!("{GOOD}ticket{GOOD:#} {ticket_id} {verb}: {title}")
        }
        Event::Attached { ticket_id, name, .. } => format!("attached {name} to ticket {ticket_id}"),
        Event::Counted { ticket_id, count } => {
            format!("ticket {ticket_id} counts {}", counted(*count, "time"))
        }
        Event::Storm { began: true, held } => {
            format!("{BAD}storm{BAD:#} {} wait until more tickets may be opened", counted(*held, "problem"))
        }
        Event::Storm { began: false, .. } => "the storm is over".to_owned(),
        Event::Session { pid, engine } => {
            format!("session of {} (process {pid})", engine.as_deref().unwrap_or("an engine"))
        }
        Event::Gap { file, bytes, reason } => {
            let size = bytes.map_or("an unknown number of bytes".to_owned(), |bytes| counted(bytes, "byte"));
            format!("{BAD}gap{BAD:#} {size} of {file} can no longer be read ({reason})")
        }
        Event::Recovered { what } => format!("{what}: works again"),
        Event::Stopped { seen, reason } => {
            format!("stopped ({reason}), {} seen in all", counted(*seen, "record"))
        }
        Event::Warning { .. } => return,
    };
    let _ = writeln!(output.data(), "{}", safe(&line));
}

/// Other people's words without their control characters; our own colours stay.
fn safe(line: &str) -> String {
    line.split('\u{1b}').map(harmless).collect::<Vec<_>>().join("\u{1b}")
}

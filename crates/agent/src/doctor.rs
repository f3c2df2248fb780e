//! What `doctor` looks at: one check a question, each with its answer and with what to do.
//!
//! A file per subject. Nothing is written, started or changed by a check, an agent may run meanwhile or not, and a check that
//! cannot be made says why. Whom to ask (the running agent, the site) is given; what is printed is the CLI's.

pub mod autostart;
mod check;
pub mod log_folders;
pub mod program;
pub mod running;
pub mod session_cache;
pub mod setup;
pub mod site;
pub mod state_folder;
pub mod ticket;

pub use check::{Check, Verdict};

/// The names of all checks, in the order in which they are made. `docs/doctor.md` explains each.
pub const NAMES: [&str; 20] = [
    "settings",
    "evidence",
    "program",
    "state folder",
    "ticket.template",
    "log folder",
    "agent",
    "autostart",
    "site",
    "proxy",
    "certificates",
    "clock",
    "toolkit session",
    "login",
    "project",
    "ticket entity",
    "creating",
    "our fields",
    "attachments",
    "ticket.fields",
];

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn every_check_has_its_row_in_the_guide() {
        let guide = include_str!("../../../docs/doctor.md");
        let rows: Vec<&str> = guide
            .lines()
            .skip_while(|line| *line != "## Every check")
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        assert_eq!(rows, NAMES);
    }
}

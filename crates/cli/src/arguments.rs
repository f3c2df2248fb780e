//! The command line. Commands that do not work yet are not here, so that help never promises too much.

use crate::explain::place::PlaceInLog;
use crate::mute::{Lasting, OftenIn};
use crate::options::Flag;
use crate::scan::since::Since;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use sgtk_log::Level;
#[cfg(feature = "desk")]
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Follows Toolkit logs, recognises incidents and files one ticket per problem on a Flow Production Tracking site
#[derive(Debug, Parser)]
#[command(name = "tk-incident", bin_name = "tk-incident", version = agent::version::this(), propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that mean the same everywhere.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Settings file (TOML); `tk-incident config default` prints one with every setting explained
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON, one object per line, for other programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but data and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more about what is done and why
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Colours in what people read
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the agent: follow this user's logs and file tickets
    Run(RunCommand),
    /// Try everything in a temporary folder: three engines, their failures, and the tickets that come of them
    #[cfg(feature = "desk")]
    Demo(DemoCommand),
    /// Read logs and report incidents, without filing
    Scan(ScanCommand),
    /// Show why a record has its signature and title, or why it is no incident
    Explain(ExplainCommand),
    /// Print incident records as they happen, without filing
    Follow(FollowCommand),
    /// Show how the running agent stands
    Status,
    /// File a ticket by hand, with a comment and the newest log
    Report(ReportCommand),
    /// Try everything that waits for the site now
    Flush(FlushCommand),
    /// Count a problem, but open no ticket of it for a while, and tell none that stands
    Mute(MuteCommand),
    /// End a mute
    Unmute(UnmuteCommand),
    /// Check folders, the running agent and the way to the site, and say what to do
    Doctor(DoctorCommand),
    /// Remove what takes up too much of this machine's disk, or waits there for too long, by the settings in [evidence]
    Prune(PruneCommand),
    /// End the running agent
    Stop,
    /// Called by the Toolkit app: tell the agent of a session (JSON on stdin), starting it if none runs
    Attach,
    /// Called by the Toolkit app: a session has ended (JSON on stdin)
    Detach,
    /// Run a Flow Production Tracking compatible server with a ticket page
    #[cfg(feature = "desk")]
    Desk(DeskCommand),
    /// Start an agent at login, or not, or say which
    Autostart(AutostartCommand),
    /// Show settings
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completions(CompletionsCommand),
}

/// `run`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunCommand {
    /// First read one attach object from stdin, and leave everything to an agent that runs already
    #[arg(long, hide = true)]
    pub(crate) attach_stdin: bool,
    /// What the entry for the login calls: one agent for each site that was worked with in the last 30 days
    #[arg(long, hide = true, conflicts_with = "attach_stdin")]
    pub(crate) at_login: bool,
}

/// `demo`
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoCommand {
    /// End by itself; exit code 0 only if every expected ticket, count and attachment is there
    #[arg(long)]
    pub(crate) once: bool,
    /// Leave out one part of the session, to see that the demo notices
    #[arg(long, hide = true, value_name = "PART")]
    pub(crate) without: Option<String>,
}

/// `scan`
#[derive(Clone, Debug, Args)]
pub(crate) struct ScanCommand {
    /// Log files, folders (their logs, and those one folder down), or `-` for standard input; packed logs
    /// (gzip, zip) are unpacked, and backups such as `tk-maya.log.1` are read before their log. In a folder without
    /// a tk-*.log, all that is named *.log, *.txt, *.gz or *.zip is read
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only what was logged since then: a date (2026-01-14), a time (2026-01-14T19:00), both in the logs'
    /// local time, or a span back from now (30m, 2h, 3d, 1w); records without a time are kept
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    pub(crate) since: Option<Since>,
    /// The levels that make a record an incident, instead of those in the settings: a list of every one that
    /// counts, so WARNING,ERROR,CRITICAL means WARNING and all above it, and WARNING means nothing else
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', value_parser = Level::from_str)]
    pub(crate) level: Vec<Level>,
    /// The login that titles begin with; this user by default
    #[arg(long, value_name = "LOGIN")]
    pub(crate) user: Option<String>,
    /// Exit with 1 when there are incidents
    #[arg(long)]
    pub(crate) fail_on_incidents: bool,
}

impl ScanCommand {
    /// The settings that flags stand for.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let names: Vec<&str> = self.level.iter().map(|level| level.as_str()).collect();
        if names.is_empty() { Vec::new() } else { vec![("detect.levels", names.into(), "--level")] }
    }
}

/// `explain`
#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainCommand {
    /// A log and any line of the record: tk-maya.log:120. Packed logs and `-` for standard input work too;
    /// without a line, the log's only incident is explained
    #[arg(value_name = "FILE:LINE", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(|text| PlaceInLog::parse(&text)))]
    pub(crate) place: PlaceInLog,
    /// The login that titles begin with; this user by default
    #[arg(long, value_name = "LOGIN")]
    pub(crate) user: Option<String>,
}

/// `follow`
#[derive(Clone, Debug, Args)]
pub(crate) struct FollowCommand {
    /// Log files or folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Where to begin with files that are there already
    #[arg(long, value_name = "WHERE", default_value = "end")]
    pub(crate) from: From,
    /// Remember positions in this folder, and go on from them
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// With --json: the text of each record too, redacted
    #[arg(long)]
    pub(crate) text: bool,
    /// The login that titles begin with; this user by default
    #[arg(long, value_name = "LOGIN")]
    pub(crate) user: Option<String>,
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    Start,
    End,
}

/// `doctor`
#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorCommand {
    /// Show which of our fields the site's tickets lack, and create them when you type yes
    #[arg(long)]
    pub(crate) setup_site: bool,
    /// With --setup-site: create them without asking
    #[arg(long, requires = "setup_site")]
    pub(crate) yes: bool,
}

/// `mute`
#[derive(Clone, Debug, Args)]
pub(crate) struct MuteCommand {
    /// A ticket's number, or what stands behind `tk-incident: v1` in its text: a signature (g1:…), alone or with the login
    #[arg(value_name = "KEY|TICKET", required_unless_present = "list", requires = "reason")]
    pub(crate) what: Option<String>,
    /// Why; others read it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// How long (12h, 30d, 2w); 30 days by default, unless something else ends it
    #[arg(long = "for", value_name = "SPAN")]
    pub(crate) lasting: Option<Lasting>,
    /// Until it has happened so often in so many hours: 50/24h
    #[arg(long, value_name = "COUNT/HOURS")]
    pub(crate) until_count: Option<OftenIn>,
    /// Until it happens much more often than in the week before
    #[arg(long)]
    pub(crate) until_worse: bool,
    /// Until somebody ends it
    #[arg(long, conflicts_with_all = ["lasting", "until_count", "until_worse"])]
    pub(crate) forever: bool,
    /// Who wants it; this user by default
    #[arg(long, value_name = "LOGIN")]
    pub(crate) author: Option<String>,
    /// Show what is muted and what each mute has hidden
    #[arg(long, conflicts_with_all = ["what", "reason", "lasting", "until_count", "until_worse", "forever", "author"])]
    pub(crate) list: bool,
}

/// `unmute`
#[derive(Clone, Debug, Args)]
pub(crate) struct UnmuteCommand {
    /// As it was muted, or a ticket's number
    #[arg(value_name = "KEY|TICKET")]
    pub(crate) what: String,
}

/// `report`
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportCommand {
    /// What went wrong; `-` reads it from standard input. Without it your editor asks
    #[arg(short, long, value_name = "COMMENT", allow_hyphen_values = true)]
    pub(crate) message: Option<String>,
    /// Logs to send along, redacted; by default the followed log that was written to last, in the last hour
    #[arg(value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    /// The host process it is about, as `status` lists it; by default the only one there is
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
    /// Wait at most this long for the ticket, and show it
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
}

/// `autostart`
#[derive(Clone, Debug, Args)]
pub(crate) struct AutostartCommand {
    /// What to do
    #[arg(value_enum)]
    pub(crate) verb: AutostartVerb,
}

/// What to do about the entry for the login.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AutostartVerb {
    /// Make the entry, for this user and this program
    On,
    /// Remove it
    Off,
    /// Say whether there is one, and whether it works (exit code 1 if not)
    Status,
}

/// `flush`
#[derive(Clone, Debug, Args)]
pub(crate) struct FlushCommand {
    /// Wait at most this long until nothing waits any more, and say what is left and why
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
}

/// `prune`
#[derive(Clone, Debug, Args)]
pub(crate) struct PruneCommand {
    /// Only show what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `desk`
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct DeskCommand {
    /// Something else than serving
    #[command(subcommand)]
    pub(crate) task: Option<DeskTask>,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = listen_address)]
    pub(crate) listen: SocketAddr,
    /// Speak TLS with this certificate (PEM, with those it was signed with)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) key: Option<PathBuf>,
    /// Listen on the network without TLS: keys and passwords travel in clear
    #[arg(long, conflicts_with = "certificate")]
    pub(crate) insecure_network: bool,
    /// A host name the pages answer to, besides localhost; may be repeated. The first is shown in addresses
    #[arg(long = "name", value_name = "HOST")]
    pub(crate) names: Vec<String>,
    /// Where rows and files are kept; made if missing
    #[arg(long, value_name = "DIR", required = true)]
    pub(crate) data: Option<PathBuf>,
    /// The form of upload that is advertised to clients; both always work
    #[arg(long, value_name = "FORM", default_value = "classic")]
    pub(crate) uploads: Uploads,
    /// Make trouble on demand, for tests of clients: CALLS=TROUBLE[,OPTION=VALUE...], such as
    /// create:Ticket=lost,times=1 or any=503,rate=0.2,seed=7; may be repeated. docs/faults.md lists the words
    #[arg(long = "fault", value_name = "RULE")]
    pub(crate) faults: Vec<desk::FaultRule>,
}

/// What can be done to a desk's data.
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DeskTask {
    /// Copy rows, files and key to a new folder, also while the desk runs
    Backup(DeskBackup),
    /// People who may sign in
    Person(DeskPerson),
    /// Scripts that may call
    Script(DeskScript),
}

/// `desk person`
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskPerson {
    #[command(subcommand)]
    pub(crate) command: DeskPersonTask,
}

/// What can be done to people.
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DeskPersonTask {
    /// Add a person, or give one who is there another password (on stdin), also while the desk runs
    Add(DeskPersonAdd),
}

/// `desk person add`
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskPersonAdd {
    /// What they sign in with
    pub(crate) login: String,
    /// What they are called
    #[arg(long = "name", value_name = "NAME")]
    pub(crate) full_name: Option<String>,
    /// Their permission group: admin, manager, artist, client, or one of your own
    #[arg(long, value_name = "CODE")]
    pub(crate) group: Option<String>,
    /// The folder of the desk
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// `desk script`
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskScript {
    #[command(subcommand)]
    pub(crate) command: DeskScriptTask,
}

/// What can be done to scripts.
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DeskScriptTask {
    /// Add a script, or give one that is there another key, and print it as a key file; also while the desk runs
    Add(DeskScriptAdd),
}

/// `desk script add`
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskScriptAdd {
    /// The script's name
    #[arg(value_name = "NAME")]
    pub(crate) script_name: String,
    /// Its permission group: api_admin, api_agent, or one of your own
    #[arg(long, value_name = "CODE")]
    pub(crate) group: Option<String>,
    /// The folder of the desk
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// `desk backup`
#[cfg(feature = "desk")]
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskBackup {
    /// The folder of the desk
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The folder of the copy; it must be new or empty. A desk can be started on it
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

/// How files travel to the desk.
#[cfg(feature = "desk")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Uploads {
    /// As form data
    Classic,
    /// As a PUT to a signed address
    Storage,
}

#[cfg(feature = "desk")]
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let with_port =
        if text.parse::<std::net::IpAddr>().is_ok() { format!("{text}:0") } else { text.to_owned() };
    with_port.parse().map_err(|_| "expected an address such as 127.0.0.1 or 127.0.0.1:8080".to_owned())
}

/// `config`
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    pub(crate) command: ConfigSubcommand,
}

/// What to show of the settings.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigSubcommand {
    /// Print the default settings, every one explained
    Default,
    /// Check the settings that hold here, and show where each comes from
    Check,
    /// Print the template of a ticket's text, to start one of your own from (ticket.template)
    Template,
}

/// `completions`
#[derive(Clone, Debug, Args)]
pub(crate) struct CompletionsCommand {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

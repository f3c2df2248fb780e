//! Settings: the commented default that is compiled in, and the layers over it.
//!
//! Layers are merged key by key (`settings/layers.rs`), so that each effective value knows where it came from. Every
//! problem of a layer is found before anything is opened: an unknown key, a wrong type, a value out of its list. What
//! a setting means is told in `default.toml`, which is also what `config default` prints; nothing is said twice. One
//! file per table of the settings, but for those that are numbers only.

mod code_page;
mod detect;
mod error;
mod evidence;
mod layers;
mod list_fault;
mod mutes;
mod noise_list;
mod origin;
mod problems;
mod redact;
mod reopen;
mod rule_list;
mod site;
mod ticket;
mod watch;

pub use code_page::CodePageSetting;
pub use detect::DetectSettings;
pub use error::SettingsError;
pub use evidence::{EvidenceSettings, RAW_WORDS};
pub use layers::Layers;
pub use mutes::{MuteEnd, MuteSetting};
pub use origin::Origin;
pub use redact::RedactSettings;
pub use reopen::ReopenRule;
pub use site::{CredentialSource, SiteSettings};
pub use ticket::{Scope, TicketSettings, TitleStyle};
pub use watch::{StartAt, WatchSettings};

use serde::Deserialize;
use std::path::PathBuf;

/// The commented default settings, as `config default` prints them.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

/// Any one table of the settings, to find out which one is at fault.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "deserialised for its errors only")]
pub(super) struct Partial {
    pub(super) site: Option<SiteSettings>,
    pub(super) watch: Option<WatchSettings>,
    pub(super) detect: Option<DetectSettings>,
    pub(super) ticket: Option<TicketSettings>,
    pub(super) limits: Option<LimitSettings>,
    pub(super) evidence: Option<EvidenceSettings>,
    pub(super) redact: Option<RedactSettings>,
    pub(super) agent: Option<AgentSettings>,
}

/// The effective settings. Field by field as in `default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct Settings {
    pub site: SiteSettings,
    pub watch: WatchSettings,
    pub detect: DetectSettings,
    pub ticket: TicketSettings,
    pub limits: LimitSettings,
    pub evidence: EvidenceSettings,
    pub redact: RedactSettings,
    pub agent: AgentSettings,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct LimitSettings {
    pub gather_s: u64,
    pub gather_max_s: u64,
    pub count_flush_s: u64,
    pub retry_min_s: u64,
    pub retry_max_s: u64,
    pub tickets_burst: u64,
    pub tickets_per_hour: u64,
    pub tickets_per_day: u64,
    pub outage_problems: u64,
    pub writes_per_minute: u32,
}

/// `[agent]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct AgentSettings {
    pub state_dir: PathBuf,
    pub metrics_file: PathBuf,
    pub quiet_ms: u64,
}

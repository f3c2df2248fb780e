//! From the command line and its surroundings to effective settings, and to the place of the agent's state.

use crate::arguments::Global;
use crate::exit::Failure;
use agent::local_disk::remote_kind;
use agent::paths::{StateFolder, default_state_dir, machine_state_dir, site_folder};
use agent::settings::{Layers, Origin, Settings, SettingsError};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The folder of the desk that `run` starts itself, beside those of sites.
pub(crate) const OWN_DESK: &str = "own-desk";

/// A setting that a flag of the command line stands for: its key, its value, the flag's name.
pub(crate) type Flag = (&'static str, toml::Value, &'static str);

/// Settings from all layers: default, file, Toolkit app, environment, flags.
pub(crate) fn settings(
    global: &Global,
    flags: &[Flag],
    app: Option<&Map<String, Value>>,
) -> Result<Settings, SettingsError> {
    let (layers, problems) = layers(global, flags, app);
    match problems.into_iter().next() {
        Some(problem) => Err(problem),
        None => layers.resolve(),
    }
}

/// The layers, and everything that is wrong with each of them; what is right has its place in them.
pub(crate) fn layers(
    global: &Global,
    flags: &[Flag],
    app: Option<&Map<String, Value>>,
) -> (Layers, Vec<SettingsError>) {
    let mut layers = Layers::new();
    let mut problems = global.config.as_ref().map(|path| layers.file_all(path)).unwrap_or_default();
    for (key, value) in app.into_iter().flatten() {
        let set = toml::Value::try_from(value)
            .map_err(|error| SettingsError::Value {
                key: key.clone(),
                origin: Origin::App,
                message: error.to_string(),
            })
            .and_then(|value| layers.set(key, value, Origin::App));
        problems.extend(set.err());
    }
    problems.extend(layers.environment_all(&|name| std::env::var_os(name)));
    for (key, value, flag) in flags {
        problems.extend(layers.set(key, value.clone(), Origin::Flag(flag)).err());
    }
    (layers, problems)
}

/// The login of the machine, where none is given.
pub(crate) fn this_login() -> String {
    whoami::username().unwrap_or_else(|_| "unknown".to_owned())
}

/// The folder that holds one folder per site.
pub(crate) fn state_dir(settings: &Settings) -> Result<PathBuf, Failure> {
    let configured = &settings.agent.state_dir;
    if !configured.as_os_str().is_empty() {
        let absolute = std::path::absolute(configured).unwrap_or_else(|_| configured.clone());
        return on_local_disk(absolute);
    }
    let usual = default_state_dir().ok_or_else(|| {
        Failure::usage(anyhow::anyhow!(
            "this user has no home folder: set agent.state_dir to a folder on a local disk"
        ))
    })?;
    // A home that several machines share: each keeps its own state.
    if remote_kind(&usual).is_some() { on_local_disk(machine_state_dir(&this_login())) } else { Ok(usual) }
}

/// Refuses a folder on a network disk.
pub(crate) fn on_local_disk(folder: PathBuf) -> Result<PathBuf, Failure> {
    match remote_kind(&folder) {
        None => Ok(folder),
        Some(kind) => Err(Failure::usage(anyhow::anyhow!(
            "`{}` is on a network disk ({kind}), where a state cannot be kept: set agent.state_dir to a folder on a \
             local disk",
            folder.display()
        ))),
    }
}

/// The state folder for a site, or for our own desk.
pub(crate) fn state_folder(settings: &Settings, site: Option<&str>) -> Result<StateFolder, Failure> {
    let name = site.map_or_else(|| OWN_DESK.to_owned(), site_folder);
    Ok(StateFolder::new(&state_dir(settings)?, &name))
}

/// State folders an agent may be running in: that of the site in the settings, else every one there is.
pub(crate) fn candidates(settings: &Settings) -> Result<Vec<StateFolder>, Failure> {
    if !settings.site.url.is_empty() {
        return Ok(vec![state_folder(settings, Some(&settings.site.url))?]);
    }
    let state_dir = state_dir(settings)?;
    let mut names: Vec<PathBuf> = std::fs::read_dir(&state_dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("lock").exists())
        .collect();
    names.sort();
    if names.is_empty() {
        names.push(state_dir.join(OWN_DESK));
    }
    Ok(names.into_iter().map(StateFolder::at).collect())
}

/// The log folders of the settings, else Toolkit's own for this user.
pub(crate) fn log_folders(settings: &Settings) -> Vec<PathBuf> {
    if !settings.watch.folders.is_empty() {
        return settings.watch.folders.clone();
    }
    let own = log_follow::log_folder(log_follow::System::current(), &|name| std::env::var_os(name));
    own.into_iter().collect()
}

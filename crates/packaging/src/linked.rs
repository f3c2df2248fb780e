//! Which crates are in the programs: cargo's own answer, for each platform, without what only builds need.

use crate::program::Program;
use crate::source::{Checkout, output};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// Name and version.
pub(crate) type Id = (String, String);

/// A crate of others that is part of at least one of the programs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crate {
    /// SPDX expression.
    pub(crate) licence: String,
    pub(crate) authors: Vec<String>,
    pub(crate) repository: Option<String>,
    /// Where its source lies.
    pub(crate) folder: PathBuf,
    /// SHA-256 of the package in the registry, of `Cargo.lock`.
    pub(crate) checksum: Option<String>,
    /// Names of the platforms whose program it is part of.
    pub(crate) platforms: BTreeSet<&'static str>,
    pub(crate) depends_on: BTreeSet<Id>,
}

/// All of them, and ours.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    pub(crate) others: BTreeMap<Id, Crate>,
    /// What our own crates use of others.
    pub(crate) direct: BTreeSet<Id>,
}

impl Linked {
    /// Those of the program for one platform.
    pub(crate) fn on(&self, platform: &str) -> Linked {
        let others: BTreeMap<Id, Crate> = self
            .others
            .iter()
            .filter(|(_, part)| part.platforms.contains(platform))
            .map(|(id, part)| (id.clone(), part.clone()))
            .collect();
        let direct = self.direct.iter().filter(|id| others.contains_key(*id)).cloned().collect();
        let mut linked = Linked { others, direct };
        let ids: BTreeSet<Id> = linked.others.keys().cloned().collect();
        for part in linked.others.values_mut() {
            part.platforms.retain(|name| *name == platform);
            part.depends_on.retain(|id| ids.contains(id));
        }
        linked
    }
}

/// The crates in `programs`.
///
/// # Errors
/// When cargo fails or says what is not understood.
pub(crate) fn of(checkout: &Checkout, programs: &[Program]) -> Result<Linked> {
    let mut linked = Linked::default();
    for program in programs {
        let mut packages = vec!["cli"];
        packages.extend(program.starter.as_ref().map(|_| "windowless"));
        for package in packages {
            let tree = output(
                cargo(checkout, "tree")
                    .args(["--package", package, "--no-default-features", "--edges", "normal,no-proc-macro"])
                    .args(["--target", program.platform.target, "--prefix", "depth", "--format", " {p}"]),
            )?;
            read_tree(&tree, program.platform.name, &mut linked)?;
        }
        let metadata = output(cargo(checkout, "metadata").args([
            "--format-version",
            "1",
            "--filter-platform",
            program.platform.target,
        ]))?;
        add_details(&serde_json::from_str(&metadata).context("cargo metadata")?, &mut linked)?;
    }
    let lock = std::fs::read_to_string(checkout.root.join("Cargo.lock")).context("Cargo.lock")?;
    add_checksums(&toml::from_str(&lock).context("Cargo.lock")?, &mut linked);
    Ok(linked)
}

fn cargo(checkout: &Checkout, word: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&checkout.root).args([word, "--locked"]);
    cargo
}

/// Reads lines such as `2 memchr v2.8.3` and `1 agent v0.1.0 (/path)`; the number is the depth, and a package with a
/// path is ours. What stands below a package that was printed before is left out by cargo: its edges are known.
fn read_tree(tree: &str, platform: &'static str, linked: &mut Linked) -> Result<()> {
    let mut above: Vec<Option<Id>> = Vec::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let understood = (|| {
            let depth: usize = words.next()?.parse().ok()?;
            let name = words.next()?.to_owned();
            let version = words.next()?.strip_prefix('v')?.to_owned();
            Some((depth, (name, version), words.next().is_some_and(|word| word != "(*)")))
        })();
        let (depth, id, is_ours) = understood.with_context(|| format!("cargo tree said `{line}`"))?;
        above.truncate(depth);
        if !is_ours {
            linked.others.entry(id.clone()).or_default().platforms.insert(platform);
            match above.last() {
                Some(Some(parent)) => {
                    linked.others.entry(parent.clone()).or_default().depends_on.insert(id.clone());
                }
                _ => {
                    linked.direct.insert(id.clone());
                }
            }
        }
        above.push((!is_ours).then_some(id));
    }
    Ok(())
}

fn add_details(metadata: &Value, linked: &mut Linked) -> Result<()> {
    for package in metadata["packages"].as_array().context("cargo metadata has no packages")? {
        let text = |key: &str| package[key].as_str().map(str::to_owned);
        let (Some(name), Some(version)) = (text("name"), text("version")) else { continue };
        let Some(found) = linked.others.get_mut(&(name, version)) else { continue };
        // Before SPDX expressions a slash was the word for OR.
        found.licence = text("license").unwrap_or_default().replace('/', " OR ");
        found.repository = text("repository");
        found.authors = package["authors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let manifest = PathBuf::from(text("manifest_path").context("a package without a manifest")?);
        found.folder = manifest.parent().context("a manifest without a folder")?.to_owned();
    }
    Ok(())
}

fn add_checksums(lock: &toml::Table, linked: &mut Linked) {
    let packages = lock.get("package").and_then(toml::Value::as_array);
    for package in packages.into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let (Some(name), Some(version)) = (text("name"), text("version")) else { continue };
        if let Some(found) = linked.others.get_mut(&(name, version)) {
            found.checksum = text("checksum");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Linked, read_tree};

    #[test]
    fn edges_are_read_from_depths_and_ours_are_left_out() {
        let tree = "0 cli v0.1.0 (/my studio 한/crates/cli)\n1 agent v0.1.0 (/my studio 한/crates/agent)\n2 regex v1.13.2\n\
                    3 memchr v2.8.3\n1 memchr v2.8.3\n1 zip v9.8.1\n2 regex v1.13.2 (*)\n";
        let mut linked = Linked::default();
        read_tree(tree, "linux-x86_64", &mut linked).unwrap();
        let names: Vec<_> = linked.others.keys().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["memchr", "regex", "zip"]);
        let direct: Vec<_> = linked.direct.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(direct, ["memchr", "regex", "zip"]);
        let of =
            |name: &str, version: &str| &linked.others[&(name.to_owned(), version.to_owned())].depends_on;
        assert_eq!(of("regex", "1.13.2").iter().next().unwrap().0, "memchr");
        assert_eq!(of("zip", "9.8.1").iter().next().unwrap().0, "regex");
    }
}

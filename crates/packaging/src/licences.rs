//! The licences of everything that is in the programs, with their full texts, as one text file.
//!
//! The texts are those that the packages bring. A package without one stops the packing.

use crate::linked::{Crate, Id, Linked};
use crate::program::Program;
use crate::source::Checkout;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// File name of the text, in a bundle and in a wheel.
pub(crate) const FILE: &str = "THIRD-PARTY-LICENSES.txt";

/// How files with terms begin, in capitals.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// One project that publishes its crates, under MIT, without the text. They are for macOS only.
const WITHOUT_TEXT: [&str; 6] =
    ["block2", "dispatch2", "objc2", "objc2-core-foundation", "objc2-encode", "objc2-system-configuration"];

/// What programs hold besides crates.
const NOT_CRATES: &str = "\
Rust standard library  MIT OR Apache-2.0, Copyright (c) The Rust Project Developers
    Part of every program. The texts of both licences are below.
SQLite  public domain
    Its source comes with libsqlite3-sys. The author disclaims copyright to it.
";
const MINGW: &str = "\
MinGW-w64 runtime, libgcc  see the notices below; GPL-3.0-or-later WITH GCC-exception-3.1
    Part of the program for Windows.
";
/// Where Debian's package of the runtime has the notices that its licence wants in binary form.
const MINGW_NOTICES: &str = "/usr/share/doc/mingw-w64-common/copyright";

/// The text for `programs`.
///
/// # Errors
/// When a crate names no licence, or has no text of one.
pub(crate) fn text(checkout: &Checkout, programs: &[Program], linked: &Linked) -> Result<String> {
    // By text: most packages bring the same few, letter by letter.
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for (id @ (name, version), part) in &linked.others {
        if part.licence.is_empty() {
            bail!("{name} {version} names no licence; look into its package");
        }
        let _ = writeln!(list, "{name} {version}  {}", part.licence);
        for text in texts(checkout, id, part)? {
            users.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    list.push_str(NOT_CRATES);
    if programs.iter().any(|program| program.platform.name.starts_with("windows")) {
        list.push_str(MINGW);
        if let Ok(notices) = std::fs::read_to_string(MINGW_NOTICES) {
            users.entry(tidy(&notices)).or_default().push("MinGW-w64 runtime".to_owned());
        }
    }

    let mut text = format!(
        "What the programs in this package are made of, and its licences\n\n{list}\n\
         The texts follow, each with the names of the parts that bring it.\n"
    );
    let mut sorted: Vec<_> = users.into_iter().collect();
    sorted.sort_by(|(_, some), (_, others)| some.cmp(others));
    for (terms, parts) in sorted {
        let _ = write!(text, "\n{}\n{}\n\n{terms}\n", "-".repeat(78), parts.join(", "));
    }
    Ok(text)
}

/// The texts of one crate's licences.
fn texts(checkout: &Checkout, (name, version): &Id, part: &Crate) -> Result<Vec<String>> {
    let mut found = Vec::new();
    collect(&part.folder, &mut found)?;
    // Code of others that a package has taken in keeps its terms beside it.
    let inner = part.folder.join("third_party");
    if inner.is_dir() {
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(&inner).with_context(|| inner.display().to_string())? {
            folders.push(entry?.path());
        }
        folders.sort();
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            collect(folder, &mut found)?;
        }
    }
    if found.is_empty() && WITHOUT_TEXT.contains(&name.as_str()) {
        let ours = std::fs::read_to_string(checkout.root.join("LICENSE-MIT")).context("LICENSE-MIT")?;
        let (_, terms) = ours.split_once("Permission").context("LICENSE-MIT is not the MIT licence")?;
        let holders = if part.authors.is_empty() { name.clone() } else { part.authors.join(", ") };
        found.push(tidy(&format!("Copyright (c) {holders}\n\nPermission{terms}")));
    }
    if found.is_empty() {
        bail!("{name} {version} ({}) has no text of its licence in its package", part.licence);
    }
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<String>) -> Result<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|known| name.starts_with(known)) {
            files.push(path);
        }
    }
    files.sort();
    for path in files {
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        found.push(tidy(&String::from_utf8_lossy(&bytes)));
    }
    Ok(())
}

/// The same letters for the same terms, whatever the ends of lines.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Crate, texts, tidy};
    use crate::source::Checkout;

    fn checkout(root: &std::path::Path) -> Checkout {
        Checkout { root: root.to_owned(), time: jiff::Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_package_without_a_text_stops_the_packing() {
        let folder = tempfile::tempdir().unwrap();
        let part = Crate { licence: "MIT".into(), folder: folder.path().into(), ..Crate::default() };
        let id = ("lonely".to_owned(), "1.0.0".to_owned());
        let refused = texts(&checkout(folder.path()), &id, &part).unwrap_err().to_string();
        assert!(refused.contains("lonely 1.0.0"), "{refused}");

        std::fs::create_dir_all(folder.path().join("third_party/inner")).unwrap();
        std::fs::write(folder.path().join("license-mit"), "terms\r\n").unwrap();
        std::fs::write(folder.path().join("third_party/inner/LICENSE"), "inner terms").unwrap();
        assert_eq!(texts(&checkout(folder.path()), &id, &part).unwrap(), ["terms", "inner terms"]);
    }

    #[test]
    fn a_project_known_to_bring_none_gets_its_own_name_in_the_terms() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("LICENSE-MIT"), "MIT\n\nCopyright (c) us\n\nPermission is\n")
            .unwrap();
        let empty = folder.path().join("package");
        std::fs::create_dir(&empty).unwrap();
        let part = Crate {
            licence: "MIT".into(),
            folder: empty,
            authors: vec!["A. Maker".into()],
            ..Crate::default()
        };
        let id = ("objc2".to_owned(), "0.6.5".to_owned());
        let terms = texts(&checkout(folder.path()), &id, &part).unwrap();
        assert_eq!(terms, ["Copyright (c) A. Maker\n\nPermission is"]);
    }

    #[test]
    fn ends_of_lines_make_no_difference() {
        assert_eq!(tidy("\r\na \r\nb\r\n"), tidy("a\nb"));
    }
}

//! The list of components (SBOM) of the programs: CycloneDX 1.6, as JSON.

use crate::digest;
use crate::linked::{Crate, Id, Linked};
use crate::program::{File, Program};
use crate::source::Checkout;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::fs;

/// File name of the list, in a bundle and in a wheel.
pub(crate) const FILE: &str = "sbom.cdx.json";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const US: &str = "tk-incident";

/// The list about `programs`.
///
/// # Errors
/// When the version of SQLite is not found in its source.
pub(crate) fn text(checkout: &Checkout, programs: &[Program], linked: &Linked) -> Result<String> {
    let mut components: Vec<Value> = linked.others.iter().map(|(id, part)| component(id, part)).collect();
    let mut dependencies = vec![json!({
        "ref": US,
        "dependsOn": linked.direct.iter().map(purl).collect::<Vec<_>>(),
    })];
    for (id, part) in &linked.others {
        let mut depends_on: Vec<String> = part.depends_on.iter().map(purl).collect();
        if id.0 == "libsqlite3-sys" {
            let sqlite = sqlite(part)?;
            depends_on.extend(sqlite["bom-ref"].as_str().map(str::to_owned));
            components.push(sqlite);
        }
        dependencies.push(json!({ "ref": purl(id), "dependsOn": depends_on }));
    }
    let files: Vec<Value> =
        programs.iter().flat_map(|program| program.files().map(|it| file(program, it))).collect();
    let mut list = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": checkout.time.to_string(),
            "tools": { "components": [
                { "type": "application", "name": "tk-incidentreporter packaging", "version": VERSION },
            ] },
            "component": {
                "type": "application",
                "bom-ref": US,
                "name": US,
                "version": VERSION,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
                "components": files,
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    list["serialNumber"] = serial_number(&digest::sha256(list.to_string().as_bytes())).into();
    Ok(format!("{list:#}\n"))
}

fn component(id @ (name, version): &Id, part: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": purl(id),
        "name": name,
        "version": version,
        "purl": purl(id),
        "licenses": [{ "expression": part.licence }],
        "properties": [{
            "name": "tk-incidentreporter:platforms",
            "value": part.platforms.iter().copied().collect::<Vec<_>>().join(" "),
        }],
    });
    if let Some(checksum) = &part.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(address) = &part.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": address }]);
    }
    component
}

fn file(program: &Program, file: &File) -> Value {
    let name = format!("bin/{}/{}", program.platform.name, file.name);
    json!({
        "type": "file",
        "bom-ref": name,
        "name": name,
        "hashes": [{ "alg": "SHA-256", "content": file.sha256 }],
    })
}

/// The C library whose source a crate brings: what is told of its faults is told by its own name.
fn sqlite(part: &Crate) -> Result<Value> {
    let header = part.folder.join("sqlite3/sqlite3.h");
    let source = fs::read_to_string(&header).with_context(|| header.display().to_string())?;
    let version = source
        .lines()
        .find_map(|line| {
            line.strip_prefix("#define SQLITE_VERSION ")?.trim().strip_prefix('"')?.strip_suffix('"')
        })
        .with_context(|| format!("{} does not say its version", header.display()))?;
    Ok(json!({
        "type": "library",
        "bom-ref": format!("pkg:generic/sqlite@{version}"),
        "name": "sqlite",
        "version": version,
        "purl": format!("pkg:generic/sqlite@{version}"),
        "cpe": format!("cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*"),
        "licenses": [{ "license": { "name": "public domain" } }],
    }))
}

fn purl((name, version): &Id) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// A UUID of the form for "made from what it names", so that the same list has the same number.
fn serial_number(digest: &[u8]) -> String {
    let mut bytes = digest.get(..16).unwrap_or_default().to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

//! Folders that host programs are installed in.

use super::looks_like_version;

/// Beginnings of the folder a host is installed in, and the host's name.
const HOSTS: [(&str, &str); 21] = [
    ("maya20", "maya"),
    ("maya.app", "maya"),
    ("hfs", "houdini"),
    ("houdini", "houdini"),
    ("houdin~", "houdini"),
    ("nukestudio", "nuke"),
    ("nuke", "nuke"),
    ("hiero", "hiero"),
    ("3ds max", "3dsmax"),
    ("3dsmax", "3dsmax"),
    ("motionbuilder", "motionbuilder"),
    ("blender", "blender"),
    ("ue_", "unreal"),
    ("unrealengine", "unreal"),
    ("unreal engine", "unreal"),
    ("adobe photoshop", "photoshop"),
    ("adobe after effects", "aftereffects"),
    ("mari", "mari"),
    ("vredpro", "vred"),
    ("flame_", "flame"),
    ("rv-", "rv"),
];

/// Folders that only programs are installed in.
const VENDORS: [&str; 9] = [
    "Program Files",
    "PROGRA~1",
    "Applications",
    "Autodesk",
    "autodesk",
    "opt",
    "Side Effects Software",
    "SIDEEF~1",
    "Epic Games",
];

/// The innermost folder of a host, and the host's name.
pub(super) fn find(parts: &[&str]) -> Option<(&'static str, usize)> {
    let folders = parts.len().saturating_sub(1);
    parts[..folders].iter().enumerate().rev().find_map(|(at, part)| {
        HOSTS.iter().find_map(|(prefix, name)| {
            let head = part.get(..prefix.len())?;
            if !head.eq_ignore_ascii_case(prefix) {
                return None;
            }
            let rest = &part[prefix.len()..];
            // A version follows, or the name stands alone: `Nuke12.1v5`, `Maya2022`, `houdini`; not `nuke_tools`, nor
            // `nuke13_tools`.
            let versioned = rest.trim_start_matches([' ', '-']).starts_with(|c: char| c.is_ascii_digit())
                && !rest.contains('_');
            let vendored = || at > 0 && VENDORS.contains(&parts[at - 1]);
            let app = rest.eq_ignore_ascii_case(".app") || prefix.ends_with(".app") && rest.is_empty();
            (versioned || app || rest.is_empty() && vendored()).then_some((*name, at))
        })
    })
}

/// Folders below a host that differ by system or version.
pub(super) fn varies(part: &str) -> bool {
    matches!(part, "Contents" | "MacOS" | "Resources" | "Frameworks" | "Versions" | "Current")
        || looks_like_version(part)
        || part.starts_with("python") && part.ends_with("libs")
}

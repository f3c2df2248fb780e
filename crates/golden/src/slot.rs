//! What stands for `$name` in a template: names, paths, numbers, secrets of a world.

use crate::names::{KEY, PASSWORD, SECRET, SIGNATURE};
use crate::paths::SITE;
use crate::random::Random;
use crate::world::World;

/// Replaces every `$name` and `$name(argument)`; `$$` is a dollar sign.
///
/// # Errors
/// Says which slot is unknown.
pub(crate) fn fill(text: &str, world: &World) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, mut after) = rest.split_at(end);
        let mut argument = "";
        if let Some(open) = after.strip_prefix('(') {
            let (inside, behind) = open.split_once(')').ok_or_else(|| format!("`${name}(` is not closed"))?;
            (argument, after) = (inside, behind);
        }
        out.push_str(&slot(name, argument, world).ok_or_else(|| format!("no slot is called `${name}`"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A text as Python shows it: quoted, backslashes doubled, Unicode marked in Python 2.
pub(crate) fn python_repr(text: &str, world: &World) -> String {
    let marked = world.python.0 == 2 && world.of("unicode").once_in(2);
    format!("{}'{}'", if marked { "u" } else { "" }, text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn slot(name: &str, argument: &str, world: &World) -> Option<String> {
    let names = world.names;
    let number = |from: u64, to: u64| world.of(&format!("{name}{argument}")).between(from, to).to_string();
    let shot_file = |extension: &str| format!("{}_{}_{}.{extension}", names.shot, names.task, version(world));
    let scene = match world.engine.name {
        "tk-nuke" | "tk-nukestudio" => "nk",
        "tk-houdini" => "hip",
        "tk-3dsmax" => "max",
        "tk-photoshopcc" => "psd",
        "tk-alias" => "wire",
        "tk-vred" => "vpb",
        "tk-hiero" => "hrox",
        "tk-motionbuilder" => "fbx",
        _ => "ma",
    };
    Some(match name {
        "E" => format!("sgtk.env.{}.{}", environment(world), world.engine.name),
        "engine" => world.engine.name.to_owned(),
        "env" => environment(world).to_owned(),
        "tkimp" => format!("tkimp{}", Random::of(world.pid ^ world.time, argument).hex(32)),
        "user" => world.user.login.to_owned(),
        "email" => world.user.email.to_owned(),
        "host" => world.host.to_owned(),
        "project" => names.project.to_owned(),
        "sequence" => names.sequence.to_owned(),
        "shot" => names.shot.to_owned(),
        "asset" => names.asset.to_owned(),
        // A shot that is not the session's: the digits at its end are others.
        "othershot" => {
            let kept =
                names.shot.trim_end_matches(|c: char| c.is_ascii_alphanumeric() && !c.is_ascii_lowercase());
            let kept = kept.len().max(names.shot.find(|c: char| c.is_ascii_digit()).unwrap_or(0));
            let digits = names.shot.len() - kept;
            format!("{}{:0digits$}", &names.shot[..kept], world.of("othershot").between(10, 890))
        }
        "step" => names.step.to_owned(),
        "task" => names.task.to_owned(),
        "version" => version(world),
        "file" => shot_file(scene),
        "work" => world.join(&[&world.work_folder(), "work", &shot_file(scene)]),
        "published" => world.join(&[
            &world.work_folder(),
            "publish",
            &shot_file(if argument.is_empty() { scene } else { argument }),
        ]),
        "folder" => world.join(&[&world.work_folder(), argument]),
        "render" => world.join(&[
            &world.work_folder(),
            "images",
            &version(world),
            &format!("{}.%04d.exr", names.shot),
        ]),
        "frame" => {
            let file = format!("{}.{}.exr", names.shot, number(1001, 1900));
            world.join(&[&world.work_folder(), "images", &version(world), &file])
        }
        "storage" => world.storage(),
        "home" => world.join(&[&world.home(), argument]),
        "config" => world.join(&[&world.config(), argument]),
        "core" => world.join(&[&world.core(), argument]),
        "bundle" => world.bundle(argument),
        "studio" => world.file("studio", argument)?,
        "python" => world.file("py", argument)?,
        "tmp" => {
            let file = format!("tmp{}{argument}", world.of("tmp").hex(8));
            if world.system.is_windows() {
                world.join(&[&world.home(), "AppData/Local/Temp", &file])
            } else {
                format!("/tmp/{file}")
            }
        }
        // The path of another slot as Python shows it: `$repr(work)`.
        "repr" => python_repr(&slot_of(argument, world)?, world),
        // The same with doubled backslashes, without quotes.
        "esc" => slot_of(argument, world)?.replace('\\', "\\\\"),
        "id" => number(120, 98_000),
        "n" => number(2, 400),
        "few" => number(2, 9),
        "float" => format!("{}.{}", number(0, 90), world.of("fraction").between(10, 99)),
        "size" => number(20_000, 900_000_000),
        "port" => number(1024, 65_000),
        "range" => {
            let first = world.of("first").between(990, 1001);
            format!("{first}-{}", first + world.of("length").between(20, 400))
        }
        "first" => world.of("first").between(990, 1001).to_string(),
        "date" => format!(
            "2026-{:02}-{:02}",
            Random::of(world.time, "m").between(1, 12),
            Random::of(world.time, "d").between(1, 28)
        ),
        "clock" => format!(
            "{:02}:{:02}:{:02}",
            Random::of(world.time, "H").between(0, 23),
            Random::of(world.time, "M").between(0, 59),
            Random::of(world.time, "S").between(0, 59)
        ),
        "uuid" => {
            let mut random = world.of(&format!("uuid{argument}"));
            format!(
                "{}-{}-4{}-a{}-{}",
                random.hex(8),
                random.hex(4),
                random.hex(3),
                random.hex(3),
                random.hex(12)
            )
        }
        "hex" => world.of(&format!("hex{argument}")).hex(argument.parse().ok()?),
        "addr" => format!("0x{}", Random::of(world.pid, argument).hex(12)),
        "ip" => format!(
            "10.{}.{}.{}",
            number(0, 40),
            world.of("ip3").between(0, 255),
            world.of("ip4").between(1, 254)
        ),
        "site" => format!("https://{SITE}.shotgunstudio.com"),
        "sitehost" => format!("{SITE}.shotgunstudio.com"),
        "token" => SECRET.to_owned(),
        "password" => PASSWORD.to_owned(),
        "key" => KEY.to_owned(),
        "signed" => format!(
            "https://sg-media-staging.s3.amazonaws.com/{}/{}/upload.mov?X-Amz-Expires={}&X-Amz-Signature={SIGNATURE}",
            world.of("bucket").hex(40),
            world.of("object").hex(24),
            number(300, 900)
        ),
        // Qt's binding goes with the host's Python.
        "qt" => qt(world).to_owned(),
        "bundleversion" => world.bundle_version(argument),
        // The name of a method's class: Python 3.10 and later print it.
        "class" if world.python >= (3, 10) => format!("{argument}."),
        "class" => String::new(),
        // A Unicode text of Python 2 is marked.
        "u" => if world.python.0 == 2 { "u" } else { "" }.to_owned(),
        _ => return None,
    })
}

fn slot_of(argument: &str, world: &World) -> Option<String> {
    let (name, inner) = argument.split_once(':').unwrap_or((argument, ""));
    slot(name, inner, world)
}

fn version(world: &World) -> String {
    format!("v{:03}", world.of("scene").between(1, 180))
}

fn environment(world: &World) -> &'static str {
    match world.engine.name {
        "tk-desktop" | "tk-shotgun" | "tk-shell" | "tk-flame" => "project",
        _ => ["shot_step", "asset_step", "shot", "project"][usize::try_from(
            Random::of(world.names.shot.len() as u64, "env").between(0, 3),
        )
        .expect("at most three")],
    }
}

pub(crate) fn qt(world: &World) -> &'static str {
    // Hosts with Python 2.7 that are still in use have PySide2, too.
    if world.python < (3, 11) { "PySide2" } else { "PySide6" }
}

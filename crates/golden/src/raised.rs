//! The line of an exception, worded as this Python on this system words it.
//!
//! Templates hold the words of Python 3.9. `!os.open ENOENT path` and its like (`os_error.rs`) are failures of the system.

use crate::os_error;
use crate::random::Random;
use crate::slot;
use crate::world::World;

/// `exception` is what follows `!`.
pub(crate) fn line(exception: &str, world: &World) -> Result<String, String> {
    let filled = slot::fill(exception, world)?;
    if let Some(failure) =
        ["os.", "net.", "http."].iter().find_map(|lead| filled.starts_with(lead).then_some(&filled))
    {
        return os_error::line(failure, world);
    }
    let (full, text) = filled.split_once(": ").unwrap_or((&filled, ""));
    let name = printed_name(full, world);
    let said = worded(full.rsplit('.').next().unwrap_or(full), text, world);
    let name = match (name.as_str(), world.python) {
        ("ModuleNotFoundError", (2, _)) => "ImportError",
        ("RecursionError", (2, _)) => "RuntimeError",
        (name, _) => name,
    };
    Ok(if said.is_empty() { name.to_owned() } else { format!("{name}: {said}") })
}

/// Python 2 prints names without their modules. The API's module depends on how core brings it.
pub(crate) fn printed_name(full: &str, world: &World) -> String {
    let short = full.rsplit('.').next().unwrap_or(full);
    if world.python.0 == 2 {
        return short.to_owned();
    }
    if full.starts_with("shotgun_api3.") && world.has_vendor_folder() {
        return format!("tank_vendor.{full}");
    }
    full.to_owned()
}

fn worded(short: &str, text: &str, world: &World) -> String {
    let two = world.python.0 == 2;
    let mut random = Random::of(world.versions, text);
    let hinted = |text: &str, random: &mut Random| {
        if world.python >= (3, 10) && random.once_in(2) {
            format!(
                "{text}. Did you mean: '{}'?",
                random.one(&["items", "_name", "project", "update", "path"])
            )
        } else {
            text.to_owned()
        }
    };
    match short {
        "AttributeError" if two && text.starts_with("module '") => {
            let attribute = text.split("has no attribute").nth(1).unwrap_or_default();
            format!("'module' object has no attribute{attribute}")
        }
        "AttributeError" if text.contains("has no attribute") => hinted(text, &mut random),
        "NameError" if two => format!("global {text}"),
        "NameError" => hinted(text, &mut random),
        "UnboundLocalError" if world.python >= (3, 11) => match text.split('\'').nth(1) {
            Some(name) => {
                format!("cannot access local variable '{name}' where it is not associated with a value")
            }
            None => text.to_owned(),
        },
        "ModuleNotFoundError" if two => text.replace('\'', ""),
        "ImportError" if text.starts_with("cannot import name") && world.python < (3, 7) => {
            let name = text.split('\'').nth(1).unwrap_or_default();
            format!("cannot import name {name}")
        }
        "KeyError" if two && random.once_in(2) && text.starts_with('\'') => format!("u{text}"),
        "TypeError" if two && text.contains("required positional argument") => {
            let call = text.split(" missing").next().unwrap_or_default();
            format!("{call} takes exactly 3 arguments (2 given)")
        }
        "TypeError" if two && text.contains(" positional argument") && text.contains(" but ") => {
            let (call, counts) = text.split_once(" takes ").unwrap_or((text, ""));
            let mut numbers = counts.split_whitespace().filter(|word| word.parse::<u8>().is_ok());
            let (takes, given) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("2"));
            let call = call.rsplit('.').next().unwrap_or(call);
            format!("{call} takes exactly {takes} argument ({given} given)")
        }
        "TypeError" if text.contains("unexpected keyword argument") && world.python >= (3, 13) => {
            hinted(text, &mut random)
        }
        "CalledProcessError" if two => text.trim_end_matches('.').to_owned(),
        "RecursionError" if random.once_in(2) => {
            "maximum recursion depth exceeded while calling a Python object".to_owned()
        }
        _ => text.to_owned(),
    }
}

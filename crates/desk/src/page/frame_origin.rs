//! Whose code a frame of a traceback is, by its path: the studio's own, or somebody's that support cannot change.
//!
//! A guess for the eye, never part of a signature. Knows where Toolkit keeps what it downloads, where Python and its packages
//! lie, and where hosts are installed; all the rest is the studio's.

/// Whose code it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Hooks, configurations, scripts and apps of the studio.
    Studio,
    /// A bundle from Autodesk's app store, by its name.
    Bundle(String),
    /// Toolkit's core.
    Toolkit,
    /// Packages that pip installs.
    Library,
    /// Python and its standard library.
    Python,
    /// The program of the artist.
    Host,
}

/// Whose code lies at `path`.
pub(crate) fn of(path: &str) -> Origin {
    let path = path.replace('\\', "/");
    let low = path.to_ascii_lowercase();
    let after =
        |mark: &str| low.find(mark).map(|at| path[at + mark.len()..].split('/').next().unwrap_or_default());
    if let Some(name) = after("/app_store/").filter(|name| !name.is_empty()) {
        return if name.eq_ignore_ascii_case("tk-core") {
            Origin::Toolkit
        } else {
            Origin::Bundle(name.to_owned())
        };
    }
    let has = |marks: &[&str]| marks.iter().any(|mark| low.contains(mark));
    if has(&[
        "/tk-core/",
        "/install/core/",
        "/python/tank/",
        "/tank_vendor/",
        "/tank/platform/",
        "/python/sgtk/",
    ]) {
        return Origin::Toolkit;
    }
    if has(&["/site-packages/", "/dist-packages/"]) {
        return Origin::Library;
    }
    if low.starts_with("<frozen") || is_standard_library(&low) {
        return Origin::Python;
    }
    if has(&[
        "/usr/autodesk/",
        "/program files/autodesk/",
        "/applications/",
        "/program files/",
        "/opt/hfs",
        "/opt/nuke",
    ]) {
        return Origin::Host;
    }
    Origin::Studio
}

/// `…/lib/python3.11/…`, `…/Python311/Lib/…`, `…/python27.zip/…`, `…/Frameworks/Python.framework/…`.
fn is_standard_library(low: &str) -> bool {
    let is_version = |name: &str| {
        name.strip_prefix("python").is_some_and(|rest| {
            let rest = rest.strip_suffix(".zip").unwrap_or(rest);
            rest.starts_with(|letter: char| letter.is_ascii_digit())
                && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
    };
    let parts: Vec<&str> = low.split('/').collect();
    parts.windows(2).any(|pair| {
        ((pair[0] == "lib" || pair[0] == "lib64") && is_version(pair[1]))
            || ((is_version(pair[0]) || pair[0] == "python") && pair[1] == "lib")
            || (is_version(pair[0]) && pair[0].ends_with(".zip"))
    }) || low.contains("/python.framework/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_code_lies_where() {
        let bundle = |name: &str| Origin::Bundle(name.to_owned());
        for (path, origin) in [
            (
                "/studio/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api.py",
                bundle("tk-multi-publish2"),
            ),
            (
                r"C:\Users\a\AppData\Roaming\Shotgun\bundle_cache\app_store\tk-core\v0.22\python\tank\errors.py",
                Origin::Toolkit,
            ),
            ("/studio/install/core/python/tank/platform/engine.py", Origin::Toolkit),
            ("/studio/configs/bunny/config/hooks/publish_frames.py", Origin::Studio),
            ("/studio/bundle_cache/git/tk-studio-tools.git/v1.0/app.py", Origin::Studio),
            ("/usr/autodesk/maya2026/lib/python3.11/shutil.py", Origin::Python),
            ("/usr/autodesk/maya2026/scripts/others/open.py", Origin::Host),
            (r"C:\Program Files\Autodesk\Maya2026\Python\Lib\json\decoder.py", Origin::Python),
            (r"C:\Python311\Lib\os.py", Origin::Python),
            ("/opt/Nuke14.0v5/python311.zip/os.py", Origin::Python),
            ("/home/a/.venv/lib/python3.11/site-packages/requests/api.py", Origin::Library),
            ("<frozen importlib._bootstrap>", Origin::Python),
            ("<maya console>", Origin::Studio),
            ("", Origin::Studio),
            ("/studio/python3d/lib/x.py", Origin::Studio),
        ] {
            assert_eq!(of(path), origin, "{path}");
        }
    }
}

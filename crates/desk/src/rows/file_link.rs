//! Links of url fields: what a client may write into one, and what a file below a local storage reads as.
//!
//! A web link is kept as it is. A local file is kept as a storage and a path below its root, so that it moves with the storage; which
//! storage that is, follows from the path. Uploaded files get their links from `files::attachment`.

use serde_json::{Map, Value, json};

/// A LocalStorage row: one root a platform.
#[derive(Debug, Clone, Default)]
pub(crate) struct Storage {
    pub(crate) id: i64,
    pub(crate) code: Option<String>,
    pub(crate) linux_path: Option<String>,
    pub(crate) mac_path: Option<String>,
    pub(crate) windows_path: Option<String>,
}

/// A local file as a client names it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LocalFile {
    place: Place,
    name: Option<String>,
    content_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// A whole path, of any platform.
    Path(String),
    /// A path below the root of a storage.
    Below { storage_id: i64, relative_path: String },
}

/// What a client wrote.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FileLink {
    Web(Value),
    Local(LocalFile),
}

/// Schemes that a browser would run as a script of the page with the link.
const SCRIPTS: [&str; 3] = ["javascript", "vbscript", "data"];

/// Reads the hash of a link; the error says what is wrong with it.
pub(crate) fn parse(hash: &Map<String, Value>) -> Result<FileLink, String> {
    let text = |name: &str| {
        hash.get(name)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let (name, content_type) = (text("name"), text("content_type"));
    let local = |place| {
        Ok(FileLink::Local(LocalFile { place, name: name.clone(), content_type: content_type.clone() }))
    };
    if let (Some(storage), Some(relative_path)) = (hash.get("local_storage"), text("relative_path")) {
        return match (storage["type"].as_str(), storage["id"].as_i64()) {
            (Some("LocalStorage"), Some(storage_id)) => local(Place::Below { storage_id, relative_path }),
            _ => Err("needs the hash of a LocalStorage as 'local_storage'".to_owned()),
        };
    }
    if let Some(path) = text("local_path") {
        return local(Place::Path(path));
    }
    let Some(url) = text("url") else {
        return Err(
            "expected a link {\"url\", \"name\"} or a file {\"local_path\"}; other files are linked by \
                    uploading them"
                .to_owned(),
        );
    };
    // Browsers skip blanks and control characters in a scheme.
    let scheme: String =
        url.split(':').next().unwrap_or_default().chars().filter(|c| c.is_ascii_alphabetic()).collect();
    if url.contains(':') && SCRIPTS.contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(format!("cannot link to a script: {}", crate::fault::clip(&url)));
    }
    let name = name.unwrap_or_else(|| url.clone());
    Ok(FileLink::Web(json!({"url": url, "name": name, "content_type": content_type, "link_type": "web"})))
}

/// The form a local file is kept in, or why no storage has it.
pub(crate) fn place(file: &LocalFile, storages: &[Storage]) -> Result<Value, String> {
    let (storage_id, relative_path) = match &file.place {
        Place::Below { storage_id, relative_path } => {
            if !storages.iter().any(|storage| storage.id == *storage_id) {
                return Err(format!("Entity of type [LocalStorage] with id={storage_id} does not exist."));
            }
            (*storage_id, relative_path.trim_matches(['/', '\\']).replace('\\', "/"))
        }
        Place::Path(path) => storages
            .iter()
            .flat_map(|storage| storage.below(path).map(|rest| (storage.id, rest)))
            // The innermost of nested roots leaves the shortest rest.
            .min_by_key(|(_, rest)| rest.len())
            .ok_or_else(|| {
                format!(
                    "is in no local storage: {}; create a LocalStorage whose path it begins with",
                    crate::fault::clip(path)
                )
            })?,
    };
    let base = relative_path.rsplit('/').next().unwrap_or_default();
    Ok(json!({
        "link_type": "local",
        "name": file.name.clone().unwrap_or_else(|| base.to_owned()),
        "content_type": file.content_type,
        "local_storage": {"type": "LocalStorage", "id": storage_id},
        "relative_path": relative_path,
    }))
}

/// Adds to a kept link to a local file where it is today on each platform. Clients choose theirs.
pub(crate) fn complete(link: &mut Value, storages: &[Storage]) {
    if link["link_type"] != "local" {
        return;
    }
    let id = link["local_storage"]["id"].as_i64();
    let relative = link["relative_path"].as_str().unwrap_or_default().to_owned();
    let storage = storages.iter().find(|storage| Some(storage.id) == id).cloned().unwrap_or_default();
    let whole = |root: &Option<String>, separator: &str| {
        let root = root.as_deref()?.trim_end_matches(['/', '\\']);
        Some(format!("{root}{separator}{}", relative.replace('/', separator)))
    };
    let linux = whole(&storage.linux_path, "/");
    let mac = whole(&storage.mac_path, "/");
    let windows = whole(&storage.windows_path, "\\");
    let any = [&linux, &mac, &windows].into_iter().flatten().next().cloned();
    link["local_storage"]["name"] = storage.code.into();
    link["local_path_linux"] = linux.into();
    link["local_path_mac"] = mac.into();
    link["local_path_windows"] = windows.into();
    link["url"] = any.as_ref().map(|path| format!("file://{path}")).into();
    link["local_path"] = any.into();
}

impl Storage {
    /// The rests of a path below this storage's roots, with `/` between the parts.
    fn below<'s>(&'s self, path: &'s str) -> impl Iterator<Item = String> + 's {
        let roots = [(&self.linux_path, false), (&self.mac_path, false), (&self.windows_path, true)];
        roots.into_iter().filter_map(|(root, windows)| {
            let root = root.as_deref()?.trim_end_matches(['/', '\\']);
            let (root, path) = if windows {
                (root.replace('\\', "/"), path.replace('\\', "/"))
            } else {
                (root.to_owned(), path.to_owned())
            };
            let start = path.get(..root.len())?;
            let same = if windows { start.eq_ignore_ascii_case(&root) } else { start == root };
            let rest = path[root.len()..].strip_prefix('/').filter(|_| same)?;
            let rest = rest.trim_end_matches('/');
            (!rest.is_empty()).then(|| rest.to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storages() -> Vec<Storage> {
        let text = |text: &str| Some(text.to_owned());
        vec![
            Storage {
                id: 1,
                code: text("primary"),
                linux_path: text("/mnt/work/"),
                mac_path: None,
                windows_path: text(r"W:\"),
            },
            Storage { id: 2, code: text("cache"), linux_path: text("/mnt/work/cache"), ..Storage::default() },
        ]
    }

    fn placed(hash: Value) -> Result<Value, String> {
        match parse(hash.as_object().unwrap())? {
            FileLink::Web(link) => Ok(link),
            FileLink::Local(file) => place(&file, &storages()),
        }
    }

    #[test]
    fn a_path_is_found_in_the_innermost_storage_of_its_platform() {
        for (path, storage, rest) in [
            ("/mnt/work/shot/a.ma", 1, "shot/a.ma"),
            ("/mnt/work/cache/a.abc", 2, "a.abc"),
            (r"w:\shot\b.nk", 1, "shot/b.nk"),
            ("W:/shot/b.nk", 1, "shot/b.nk"),
        ] {
            let link = placed(json!({"local_path": path})).unwrap();
            assert_eq!(
                (&link["local_storage"]["id"], &link["relative_path"]),
                (&json!(storage), &json!(rest))
            );
        }
        for outside in ["/mnt/workshop/a.ma", "/mnt/work", "/MNT/work/a", "", "é/mnt", "/mnt/é"] {
            assert!(placed(json!({"local_path": outside})).is_err(), "{outside}");
        }
        let below = json!({"relative_path": r"\x\y.exr", "local_storage": {"type": "LocalStorage", "id": 2}});
        assert_eq!(placed(below).unwrap()["relative_path"], "x/y.exr");
        let unknown = json!({"relative_path": "x", "local_storage": {"type": "LocalStorage", "id": 3}});
        assert!(placed(unknown).is_err());
    }

    #[test]
    fn a_local_file_reads_with_a_path_for_each_platform_of_its_storage() {
        let mut link = placed(json!({"local_path": "/mnt/work/shot/a.ma"})).unwrap();
        complete(&mut link, &storages());
        assert_eq!(link["name"], "a.ma");
        assert_eq!(link["local_path_linux"], "/mnt/work/shot/a.ma");
        assert_eq!(link["local_path_windows"], r"W:\shot\a.ma");
        assert_eq!(link["local_path_mac"], Value::Null);
        assert_eq!(link["url"], "file:///mnt/work/shot/a.ma");
        assert_eq!(link["local_storage"], json!({"type": "LocalStorage", "id": 1, "name": "primary"}));
        complete(&mut link, &[]);
        assert_eq!(link["url"], Value::Null, "its storage is gone");
    }

    #[test]
    fn a_link_that_a_browser_would_run_is_refused() {
        for url in ["javascript:alert(1)", " JaVa\tScript:alert(1)", "data:text/html,x", "vbscript:x"] {
            assert!(placed(json!({"url": url})).is_err(), "{url}");
        }
        for url in
            ["https://a.example/javascript:", "rv://x", "file:///tmp/x", "www.example.com", "mailto:a@b"]
        {
            assert_eq!(placed(json!({"url": url, "name": "n"})).unwrap()["url"], url);
        }
    }
}

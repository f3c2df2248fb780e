//! One file has one place, whatever system and way of installing: the rows of the path table, each in all its spellings.

use sgtk_log::place;

fn keys(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| place(path).key()).collect()
}

#[test]
fn every_spelling_of_a_file_has_its_place() {
    let table: [(&str, &[&str]); 18] = [
        (
            "vendor:shotgun_api3/shotgun.py",
            &[
                "/mnt/cfg/p1/install/core/python/tank_vendor/shotgun_api3/shotgun.py",
                r"C:\Users\joe\AppData\Roaming\Shotgun\bundle_cache\app_store\tk-core\v0.20.1\python\tank_vendor\shotgun_api3\shotgun.py",
                "/home/joe/.shotgun/bundle_cache/app_store/tk-core/v0.22.4/requirements/3.11/pkgs.zip/shotgun_api3/shotgun.py",
                "/x/install/core/python/tank_vendor/shotgun_api3/shotgun.pyc",
            ],
        ),
        (
            "core:platform/engine.py",
            &[
                "/home/joe/.shotgun/bundle_cache/app_store/tk-core/v0.21.7/python/tank/platform/engine.py",
                "/x/bundle_cache/manual/tk-core/v0.21.7/python/tank/platform/engine.py",
                r"P:\cfg\p1\install\core\python\tank\platform\engine.py",
                "/x/bundle_cache/git/tk-core.git/v0.21.7/python/tank/platform/engine.py",
                "/home/joe/dev/tk-core/python/tank/platform/engine.py",
            ],
        ),
        (
            "core:hooks/pick_environment.py",
            &[
                "/mnt/cfg/p1/install/core/hooks/pick_environment.py",
                "/x/bundle_cache/app_store/tk-core/v0.21.7/hooks/pick_environment.py",
                "/home/joe/dev/tk-core/hooks/pick_environment.py",
            ],
        ),
        (
            "bundle:tk-multi-publish2/tk_multi_publish2/api/item.py",
            &[
                "/home/joe/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py",
                "/Users/joe/Library/Caches/Shotgun/bundle_cache/app_store/tk-multi-publish2/v2.11.0/python/tk_multi_publish2/api/item.py",
                r"C:\Users\Joe Doe\AppData\Roaming\Shotgun\bundle_cache\app_store\tk-multi-publish2\v2.10.8\python\tk_multi_publish2\api\item.py",
                r"\\srv\profiles$\joe\AppData\Roaming\Shotgun\bundle_cache\app_store\tk-multi-publish2\v2.10.8\python\tk_multi_publish2\api\item.py",
                "~/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py",
                "/mnt/cfg/p1/install/apps/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py",
                "/x/bundle_cache/git/tk-multi-publish2.git/v2.10.8/python/tk_multi_publish2/api/item.py",
                "/x/bundle_cache/gitbranch/tk-multi-publish2.git/3f78685/python/tk_multi_publish2/api/item.py",
                "/x/bundle_cache/github/studio/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py",
                "/x/bundle_cache/manual/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py",
                "/home/joe/dev/tk-multi-publish2/python/tk_multi_publish2/api/item.py",
                "/home/joe/git/tk-multi-publish2/python/tk_multi_publish2/api/item.py",
                "/home/joe/dev/tk-multi-publish2-master/python/tk_multi_publish2/api/item.py",
                "/home/joe/dev/tk-multi-publish2-2.10.8/python/tk_multi_publish2/api/item.py",
                "/mnt/c/Users/joe/dev/tk-multi-publish2/python/tk_multi_publish2/api/item.py",
                r"\\wsl$\Ubuntu\home\joe\dev\tk-multi-publish2\python\tk_multi_publish2\api\item.py",
                "/studio/rez/tk-multi-publish2/2.10.8/python/tk_multi_publish2/api/item.pyc",
            ],
        ),
        (
            "bundle:kestrel-ingest/app.py",
            &[
                "/x/bundle_cache/git/kestrel-ingest.git/v1.0.0/app.py",
                "/x/bundle_cache/github/studio/kestrel-ingest/v1.0.0/app.py",
                "/x/bundle_cache/manual/kestrel-ingest/v9/app.py",
            ],
        ),
        ("sgbundle:ingest/app.py", &["/x/bundle_cache/sg/kestrelfx/v123/python/ingest/app.py"]),
        (
            "config:hooks/tk-multi-publish2/publish_session.py",
            &[
                "/mnt/cfg/p1/config/hooks/tk-multi-publish2/publish_session.py",
                r"P:\cfg\p1\config\hooks\tk-multi-publish2\publish_session.py",
                "/home/joe/.shotgun/site/p12c3.basic.maya/cfg/config/hooks/tk-multi-publish2/publish_session.py",
                "/x/bundle_cache/app_store/tk-config-default2/v1.4.4/hooks/tk-multi-publish2/publish_session.py",
                "/x/bundle_cache/git/tk-config-studio.git/v3/hooks/tk-multi-publish2/publish_session.py",
                "/home/joe/dev/tk-config-default2/hooks/tk-multi-publish2/publish_session.py",
                "/studio/configs/main/hooks/tk-multi-publish2/publish_session.py",
                "/x/bundle_cache/sg/kestrelfx/v123/hooks/tk-multi-publish2/publish_session.py",
            ],
        ),
        (
            "config:core/hooks/pick_environment.py",
            &[
                "/mnt/cfg/p1/config/core/hooks/pick_environment.py",
                "/x/bundle_cache/sg/kestrelfx/v123/core/hooks/pick_environment.py",
            ],
        ),
        (
            "site:yaml/scanner.py",
            &[
                "/usr/lib/python3.9/site-packages/yaml/scanner.py",
                r"C:\Program Files\Autodesk\Maya2022\Python37\lib\site-packages\yaml\scanner.py",
                "/usr/lib/python3/dist-packages/yaml/scanner.py",
            ],
        ),
        (
            "py:json/decoder.py",
            &[
                "/usr/lib/python3.11/json/decoder.py",
                "/opt/Shotgun/Python/lib/python3.7/json/decoder.py",
                "/Applications/Autodesk/maya2022/Maya.app/Contents/Frameworks/Python.framework/Versions/3.7/lib/python3.7/json/decoder.py",
                r"C:\Program Files\Shotgun\Python\Lib\json\decoder.py",
                r"C:\Program Files\Autodesk\Maya2022\bin\python37.zip\json\decoder.py",
                r"C:\Python27\lib\json\decoder.py",
                "C:/PROGRA~1/SIDEEF~1/HOUDIN~1.532/python39/lib/json/decoder.py",
            ],
        ),
        (
            "dcc:maya/scripts/userSetup.py",
            &[
                "/usr/autodesk/maya2022/scripts/userSetup.py",
                r"C:\Program Files\Autodesk\Maya2025\scripts\userSetup.py",
                "/Applications/Autodesk/maya2024/Maya.app/Contents/scripts/userSetup.py",
            ],
        ),
        (
            "dcc:houdini/houdini/hou.py",
            &[
                "/opt/hfs19.5.303/houdini/python3.9libs/hou.py",
                r"C:\Program Files\Side Effects Software\Houdini 19.5.303\houdini\python3.7libs\hou.py",
                "C:/PROGRA~1/SIDEEF~1/HOUDIN~1.303/houdini/python3.7libs/hou.py",
            ],
        ),
        (
            "dcc:nuke/plugins/nuke/callbacks.py",
            &[
                "/usr/local/Nuke13.2v4/plugins/nuke/callbacks.py",
                r"C:\Program Files\Nuke12.1v5\plugins\nuke\callbacks.py",
                "/Applications/Nuke13.2v4/Nuke13.2v4.app/Contents/MacOS/plugins/nuke/callbacks.py",
            ],
        ),
        // A person's folder for one version of a host is no installed host.
        ("studio:depth/utils.py", &["C:/Users/x/.nuke/Nuke13_later/depth/utils.py"]),
        (
            "eval:",
            &["<string>", "<stdin>", "<maya console>", "<frozen importlib._bootstrap>", "hou.session", ""],
        ),
        (
            // Where it is mounted is nobody's name: a third part may be the mount point on another system.
            "studio:tools/x.py",
            &[
                "/mnt/studio/tools/x.py",
                r"Z:\tools\x.py",
                r"Z:\studio\tools\x.py",
                "/Volumes/studio/tools/x.py",
                r"\\nas01\studio\tools\x.py",
                "//nas01/studio/tools/x.py",
                "/net/nas01/studio/tools/x.py",
                "/studio/tools/v1.2.3/x.py",
                "/mnt/z/studio/tools/2022/x.py",
                "/mnt/studio/./tools//x.pyc",
            ],
        ),
        (
            "studio:x.py",
            &[
                "/mnt/tools/x.py",
                r"T:\x.py",
                "/home/joe/x.py",
                r"C:\Users\joe\x.py",
                "~/x.py",
                "/Users/joe/x.py",
            ],
        ),
        (
            "studio:pipe/tkimp",
            &["/mnt/pipe/0123456789abcdef0123456789abcdef", "/pipe/tkimp0123456789abcdef0123456789abcdef"],
        ),
    ];
    for (wanted, paths) in table {
        let wanted = wanted.to_lowercase();
        for (key, path) in keys(paths).iter().zip(paths) {
            let mount_is_folder = *path == "/mnt/pipe/0123456789abcdef0123456789abcdef";
            assert!(
                *key == wanted || mount_is_folder && key == "studio:tkimp",
                "{path}: {key}, wanted {wanted}"
            );
        }
    }
}

#[test]
fn different_files_have_different_places() {
    let paths = [
        "/mnt/studio/tools/x.py",
        "/mnt/studio/tools/y.py",
        "/mnt/studio/other/x.py",
        "/x/bundle_cache/app_store/tk-multi-publish2/v2/hooks/x.py",
        "/x/bundle_cache/app_store/tk-multi-loader2/v2/hooks/x.py",
        "/mnt/cfg/p1/config/hooks/x.py",
        "/mnt/cfg/p1/install/core/hooks/x.py",
        "/usr/lib/python3.9/site-packages/x.py",
        "/usr/lib/python3.9/x.py",
        "/mnt/cfg/p1/install/core/python/tank_vendor/x.py",
        "/usr/autodesk/maya2022/scripts/x.py",
        "/opt/hfs19.5.303/scripts/x.py",
    ];
    let mut all = keys(&paths);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), paths.len(), "{all:?}");
}

#[test]
fn any_text_has_a_place() {
    for path in [
        "/",
        "\\",
        "//",
        "C:",
        "C:\\",
        "..",
        "./.",
        "tk-",
        "tk-x",
        "python",
        "/python/tank",
        "requirements/x",
        "git",
        "/app_store/tk-x",
        "sg/x/v1",
        "bundle_cache/sg/x/v1",
        "\u{0}",
        "é/ü.py",
        "config/hooks",
        "x.pyc",
    ] {
        let found = place(path);
        assert!(found.key().contains(':'), "{path}: {found:?}");
    }
}

//! `scan`: what it reads in which order, what it prints for people and programs, and how it ends.

use crate::world::{World, error, info, json_lines, packed, words};
use serde_json::{Value, json};

/// A record of this time, level and logger.
fn record(time: &str, level: &str, logger: &str, message: &str) -> String {
    format!("{time} [2764 {level} sgtk.env.project.{logger}] {message}\n")
}

/// Three problems in two logs, one of them in a backup.
fn three_problems() -> World {
    let world = World::new();
    for _ in 0..3 {
        world.append("tk-maya.log", &error("execute"));
    }
    let nuke = |time, message| record(time, "ERROR", "tk-nuke.tk-multi-loader2", message);
    world
        .append("tk-nuke.log.1", &nuke("2026-01-13 23:59:59,999", "Could not read the template of the shot"));
    world.append("tk-nuke.log", &nuke("2026-01-15 08:00:00,000", "Could not read the template of the shot"));
    world.append("tk-nuke.log", &info("fine, no ERROR here"));
    world.append("tk-nuke.log", &nuke("2026-01-14 12:00:00,500", "도구를 찾을 수 없습니다"));
    world
}

fn table(world: &World, columns: Option<&str>) -> String {
    let mut program = world.program();
    program.args(["scan", "--user", "alice", "home/logs"]).env_remove("COLUMNS");
    if let Some(columns) = columns {
        program.env("COLUMNS", columns);
    }
    let scan = program.output().unwrap();
    assert!(scan.status.success(), "{}", words(&scan));
    assert_eq!(
        String::from_utf8_lossy(&scan.stderr).trim(),
        "19 lines in 3 files: 6 incidents of 3 kinds, 2 KiB"
    );
    String::from_utf8(scan.stdout).unwrap()
}

#[test]
fn json_is_one_object_per_incident_and_a_summary() {
    let world = World::new();
    world.append("tk-maya.log", &info("fine, no ERROR here"));
    world.append("tk-maya.log", &error("execute"));
    world.append(
        "tk-maya.log",
        "2026-01-14 19:49:12,000 [7 CRITICAL sgtk.core.descriptor] file open failed\n",
    );
    let scan = world.run(&["--json", "scan", "--user", "alice", "home/logs/tk-maya.log"]);
    assert!(scan.status.success(), "{}", words(&scan));
    assert!(scan.stderr.is_empty(), "{}", words(&scan));
    insta::assert_snapshot!(String::from_utf8(scan.stdout).unwrap());
}

#[test]
fn people_get_a_row_per_problem_the_most_frequent_first() {
    insta::assert_snapshot!(table(&three_problems(), None));
}

#[test]
fn the_table_fits_a_wide_and_a_narrow_terminal() {
    let world = three_problems();
    assert_eq!(table(&world, Some("200")), table(&world, None));
    let narrow = table(&world, Some("80"));
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    insta::assert_snapshot!(narrow);
}

#[test]
fn the_seeds_own_titles_hold() {
    let world = World::new();
    world.append("tk-maya.log", &error("execute"));
    world.append(
        "tk-desktop.log",
        "2026-01-14 19:49:12,000 [7 ERROR sgtk.env.site.tk-desktop] file open failed\n",
    );
    let title = |user: &str, file: &str| {
        let scan = world
            .program()
            .args(["--json", "scan", "--user", user, file])
            .env("TK_INCIDENT_TICKET_TITLE_STYLE", "seed")
            .output()
            .unwrap();
        json_lines(&scan)[0]["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title("alice", "home/logs/tk-maya.log"), "alice - ValueError");
    assert_eq!(title("bob", "home/logs/tk-desktop.log"), "bob - Unknown error: file open failed");
}

#[test]
fn packed_text_is_seen_by_its_beginning_wherever_it_comes_from() {
    let world = World::new();
    let text = format!("{}{}", info("fine"), error("execute"));
    std::fs::write(world.log("tk-maya.log.1.gz"), packed(text.as_bytes())).unwrap();
    std::fs::write(world.log("tk-nuke.log"), packed(text.as_bytes())).unwrap();
    std::fs::write(world.log("tk-houdini.log.gz"), &text).unwrap();
    let of = |output: std::process::Output| {
        assert!(output.status.success(), "{}", words(&output));
        let lines = json_lines(&output);
        assert_eq!(lines.len(), 2, "{}", words(&output));
        (lines[0]["signature"].clone(), lines[0]["engine"].clone(), lines[1]["bytes"].clone())
    };
    let plain = of(world.run_with_stdin(&["--json", "scan", "-"], &text));
    assert_eq!(plain.1, "tk-maya", "from the logger");
    assert_eq!(of(world.run_with_stdin(&["--json", "scan", "-"], &packed(text.as_bytes()))), plain);
    for name in ["tk-maya.log.1.gz", "tk-nuke.log", "tk-houdini.log.gz"] {
        assert_eq!(of(world.run(&["--json", "scan", &format!("home/logs/{name}")])), plain, "{name}");
    }
}

#[test]
fn backups_come_before_their_log_and_everything_once() {
    let world = World::new();
    let at = |day: &str| record(&format!("2026-01-{day} 10:00:00,000"), "ERROR", "tk-maya", "no");
    world.append("tk-maya.log", &at("14"));
    world.append("tk-maya.log.1", &at("13"));
    std::fs::write(world.log("tk-maya.log.2.gz"), packed(at("12").as_bytes())).unwrap();
    std::fs::create_dir_all(world.log("alice/deeper")).unwrap();
    world.append("alice/tk-maya.log", &at("11"));
    world.append("alice/deeper/tk-maya.log", &at("10"));
    world.append("notes.txt", &at("09"));
    let days = |arguments: &[&str]| {
        let scan = world.run(&[&["--json", "scan"], arguments].concat());
        assert!(scan.status.success(), "{}", words(&scan));
        let lines = json_lines(&scan);
        let days = lines.iter().filter_map(|line| line["time"].as_str()).map(|time| time[8..10].to_owned());
        days.collect::<Vec<_>>()
    };
    assert_eq!(days(&["home/logs"]), ["12", "13", "14", "11"]);
    // As a shell expands `tk-maya.log*`.
    let named = ["home/logs/tk-maya.log", "home/logs/tk-maya.log.1", "home/logs/tk-maya.log.2.gz"];
    assert_eq!(days(&named), ["12", "13", "14"]);
    assert_eq!(
        days(&["home/logs/notes.txt", "home/logs/tk-maya.log", "home/logs"]),
        ["09", "12", "13", "14", "11"]
    );
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_reported() {
    let world = World::new();
    let many: String = (0..2_000).map(|number| error(&format!("f{number}"))).collect();
    let cut = packed(many.as_bytes());
    std::fs::write(world.log("tk-cut.log.gz"), &cut[..cut.len() / 2]).unwrap();
    std::fs::write(world.log("tk-junk.log"), b"SQLite format 3\0\x10\0\x01\x01\0@  \0\0").unwrap();
    let wide: Vec<u8> =
        format!("\u{feff}{}", error("execute")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(world.log("tk-wide.log"), wide).unwrap();
    std::fs::write(world.log("tk-hole.log"), [vec![0; 4096], error("execute").into_bytes()].concat())
        .unwrap();
    world.append("tk-maya.log", &error("execute"));
    let scan = world.run(&["--json", "scan", "home/logs", "nowhere.log"]);
    assert_eq!(scan.status.code(), Some(2), "{}", words(&scan));
    let mut lines = json_lines(&scan);
    let summary = lines.pop().unwrap();
    let from =
        |name: &str| lines.iter().filter(|line| line["file"].as_str().unwrap().ends_with(name)).count();
    assert!((500..2_000).contains(&from("tk-cut.log.gz")), "{summary}");
    assert_eq!((from("tk-maya.log"), from("tk-hole.log"), from("tk-wide.log")), (1, 1, 1));
    assert_eq!(from("tk-junk.log"), 0);
    let skipped: Vec<(&str, &str)> = summary["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["file"].as_str().unwrap().rsplit(['/', '\\']).next().unwrap(),
                one["reason"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(skipped[0], ("tk-cut.log.gz", "the packed data ends in the middle"));
    assert_eq!(skipped[1], ("tk-junk.log", "binary data without a record"));
    assert_eq!((skipped[2].0, skipped.len()), ("nowhere.log", 3));
    assert!(summary["skipped"][0]["read_bytes"].as_u64().unwrap() > 100_000, "{summary}");
    let stderr = String::from_utf8_lossy(&scan.stderr);
    for (name, _) in skipped {
        assert!(stderr.contains(name), "{stderr}");
    }
}

/// By the permissions of Unix.
#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_skipped_and_told() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let world = World::new();
    world.append("tk-maya.log", &error("execute"));
    std::fs::create_dir(world.log("closed")).unwrap();
    set_permissions(world.log("closed"), Permissions::from_mode(0o000)).unwrap();
    let mut program = world.program();
    if std::fs::read_dir(world.log("closed")).is_ok() {
        // Nothing is closed to the superuser, so somebody else asks, with a program that is in reach.
        set_permissions(world.path(""), Permissions::from_mode(0o755)).unwrap();
        // Copied by another process: one that another test starts at this moment would hold it open for writing.
        let (from, to) = (env!("CARGO_BIN_EXE_tk-incident"), world.path("program"));
        assert!(std::process::Command::new("cp").arg(from).arg(to).status().unwrap().success());
        program = std::process::Command::new(world.path("program"));
        program.current_dir(world.path("")).uid(65_534);
    }
    let scan = program.args(["--json", "scan", "home/logs"]).output().unwrap();
    set_permissions(world.log("closed"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(scan.status.code(), Some(2), "{}", words(&scan));
    let summary = json_lines(&scan).pop().unwrap();
    assert_eq!((&summary["incidents"], &summary["files"]), (&json!(1), &json!(1)));
    assert_eq!(summary["skipped"][0]["file"], "home/logs/closed");
    assert_eq!(summary["skipped"].as_array().unwrap().len(), 1);
}

#[test]
fn since_leaves_out_what_is_older_and_counts_it() {
    let world = World::new();
    let log = [
        record("2026-01-13 10:00:00,000", "ERROR", "tk-maya", "one"),
        record("2026-01-14 10:00:00,000", "ERROR", "tk-maya", "two"),
        record("2026-01-15 10:00:00,000", "ERROR", "tk-maya", "three"),
        "[ERROR publish_creation] without a time\n".to_owned(),
    ];
    world.append("tk-maya.log", &log[..3].concat());
    world.append("console.txt", &log[3]);
    let found = |since: &str| {
        let scan = world.run(&[
            "--json",
            "scan",
            "--since",
            since,
            "home/logs/tk-maya.log",
            "home/logs/console.txt",
        ]);
        assert!(scan.status.success(), "{}", words(&scan));
        let mut lines = json_lines(&scan);
        let summary = lines.pop().unwrap();
        assert_eq!(summary["incidents"], lines.len());
        assert_eq!(summary["before_since"], 4 - lines.len());
        lines.iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("2026-01-14"), ["two", "three", "without a time"]);
    assert_eq!(found("2026-01-14T10:00:00.001"), ["three", "without a time"]);
    assert_eq!(found("5000w").len(), 4);
    let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,000").to_string();
    world.append("tk-maya.log", &record(&now, "ERROR", "tk-maya", "now"));
    let scan = world.run(&["--json", "scan", "--since", "2h", "home/logs/tk-maya.log"]);
    assert_eq!(json_lines(&scan)[0]["message"], "now");
    for wrong in ["yesterday", "2x", "2026-13-01", ""] {
        let scan = world.run(&["scan", "--since", wrong, "home/logs"]);
        assert_eq!(scan.status.code(), Some(2), "{}", words(&scan));
        let said = String::from_utf8_lossy(&scan.stderr);
        for example in ["--since", "2026-01-14T19:00", "3d"] {
            assert!(said.contains(example), "{said}");
        }
    }
}

#[test]
fn levels_on_the_command_line_hold_over_those_of_the_settings() {
    let world = World::new();
    for level in ["DEBUG", "WARNING", "ERROR", "CRITICAL"] {
        world.append("tk-maya.log", &record("2026-01-14 10:00:00,000", level, "tk-maya", "no"));
    }
    let levels = |arguments: &[&str]| {
        let scan = world.run(&[&["--json", "scan", "home/logs"], arguments].concat());
        assert!(scan.status.success(), "{}", words(&scan));
        let lines = json_lines(&scan);
        lines.iter().filter_map(|line| line["level"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(levels(&[]), ["ERROR", "CRITICAL"]);
    assert_eq!(levels(&["--level", "warning,CRITICAL"]), ["WARNING", "CRITICAL"]);
    assert_eq!(levels(&["--level", "debug", "--level", "error"]), ["DEBUG", "ERROR"]);
    let wrong = world.run(&["scan", "--level", "LOUD", "home/logs"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(words(&wrong).contains("LOUD") && words(&wrong).contains("CRITICAL"), "{}", words(&wrong));
}

#[test]
fn quiet_leaves_only_the_table_and_secrets_are_counted_by_rule() {
    let world = World::new();
    world.append(
        "tk-maya.log",
        &record(
            "2026-01-14 10:00:00,000",
            "ERROR",
            "tk-maya",
            "Could not save session_token=deadbeefcafe0123",
        ),
    );
    let scan = world.run(&["--quiet", "scan", "home/logs"]);
    assert!(scan.status.success() && scan.stderr.is_empty(), "{}", words(&scan));
    let colored = world.run(&["--color", "always", "scan", "home/logs"]);
    assert!(String::from_utf8_lossy(&colored.stdout).contains("\x1B["), "{}", words(&colored));
    assert!(!String::from_utf8_lossy(&scan.stdout).contains("\x1B["), "{}", words(&scan));
    let summary = json_lines(&world.run(&["--json", "scan", "home/logs"])).pop().unwrap();
    let rules = summary["redactions"].as_object().unwrap();
    assert_eq!(rules.values().filter_map(Value::as_u64).sum::<u64>(), 1, "{summary}");
}

/// Two tracebacks with prose between them, as someone pastes them into a mail.
const PASTED: &str = "Hi, it broke twice today:\n\
    \n\
    Traceback (most recent call last):\n\
    \x20 File \"/studio/tools/publish.py\", line 3, in run\n\
    \x20   check(item)\n\
    ValueError: bad range\n\
    \n\
    and later this one, please help!\n\
    \n\
    Traceback (most recent call last):\n\
    \x20 File \"/studio/tools/load.py\", line 7, in read\n\
    \x20   open(path)\n\
    KeyError: 'shot'\n";

#[test]
fn tracebacks_without_any_header_are_incidents() {
    let world = World::new();
    std::fs::write(world.path("mail.txt"), PASTED).unwrap();
    let scan = world.run(&["--json", "scan", "--user", "alice", "mail.txt"]);
    assert!(scan.status.success(), "{}", words(&scan));
    let lines = json_lines(&scan);
    let of = |field: &str| lines.iter().map(|line| line[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("error_name")[..2], [json!("ValueError"), json!("KeyError")]);
    assert_eq!(of("lines")[..2], [json!([3, 7]), json!([10, 13])]);
    assert_eq!(
        (&of("level")[0], &of("time")[0], &of("logger")[0]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(lines[2]["incidents"], json!(2));
    let logged = format!("2026-01-14 19:49:12,000 [7 ERROR tools] {}", PASTED.split_once("\n\n").unwrap().1);
    let logged =
        json_lines(&world.run_with_stdin(&["--json", "scan", "-"], logged.split("\n\n").next().unwrap()));
    assert_eq!(logged[0]["signature"], lines[0]["signature"], "the same error has the same signature");
}

#[test]
fn a_copy_of_the_script_editor_is_read() {
    let world = World::new();
    let text = "// Error: Shotgun tk-maya: Could not save the scene //\nfile -save;\n";
    let lines = json_lines(&world.run_with_stdin(&["--json", "scan", "-"], text));
    assert_eq!((&lines[0]["level"], &lines[0]["time"]), (&json!("ERROR"), &Value::Null));
    assert_eq!(lines[0]["message"], "Could not save the scene");
}

#[test]
fn a_folder_of_logs_by_other_names_is_read_and_said() {
    let world = World::new();
    world.append("problem.log", &error("execute"));
    std::fs::create_dir_all(world.log("alice")).unwrap();
    world.append("alice/maya.txt", &error("execute"));
    world.append("scene.ma", "//Maya ASCII 2025 scene\n");
    let scan = world.run(&["--json", "scan", "home/logs"]);
    assert!(scan.status.success(), "{}", words(&scan));
    let mut lines = json_lines(&scan);
    let summary = lines.pop().unwrap();
    let files: Vec<&str> = lines.iter().filter_map(|line| line["file"].as_str()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files[0].ends_with("problem.log") && files[1].ends_with("maya.txt"), "{files:?}");
    assert_eq!((&summary["files"], &summary["passed_over"]), (&json!(2), &json!(1)));
    let stderr = String::from_utf8_lossy(&scan.stderr);
    assert!(stderr.contains("no tk-*.log in `home/logs`: 2 files of other names"), "{stderr}");

    // One log by the settings, and the others are left alone.
    world.append("tk-maya.log", &error("publish"));
    let scan = world.run(&["scan", "home/logs"]);
    let stderr = String::from_utf8_lossy(&scan.stderr);
    assert!(stderr.contains("in 1 file:") && stderr.contains("; 3 other files passed over"), "{stderr}");
}

#[test]
fn a_folder_with_nothing_to_read_is_no_success() {
    let world = World::new();
    world.append("scene.ma", "//Maya ASCII 2025 scene\n");
    let scan = world.run(&["--quiet", "scan", "home/logs"]);
    assert_eq!(scan.status.code(), Some(2), "{}", words(&scan));
    let stderr = String::from_utf8_lossy(&scan.stderr);
    assert!(stderr.contains("none of its 1 file is named like a log"), "{stderr}");
}

/// A zip archive of these entries, packed and not in turn.
fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    use zip::CompressionMethod::{Deflated, Stored};
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (index, (name, text)) in entries.iter().enumerate() {
        let method = if index % 2 == 0 { Deflated } else { Stored };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        archive.start_file(*name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn the_logs_in_a_zip_archive_are_read_and_its_other_files_passed_over() {
    let world = World::new();
    let text = error("execute");
    let of_a_ticket = [
        ("incident.json", "{}"),
        ("traceback.txt", text.as_str()),
        ("logs/tk-maya.log", text.as_str()),
        ("logs/tk-nuke.log", text.as_str()),
    ];
    let archive = zipped(&of_a_ticket);
    std::fs::write(world.path("evidence.zip"), &archive).unwrap();
    let scan = world.run(&["--json", "scan", "evidence.zip"]);
    assert!(scan.status.success(), "{}", words(&scan));
    let mut lines = json_lines(&scan);
    let summary = lines.pop().unwrap();
    let files: Vec<&str> = lines.iter().filter_map(|line| line["file"].as_str()).collect();
    assert_eq!(files, ["evidence.zip/logs/tk-maya.log", "evidence.zip/logs/tk-nuke.log"]);
    assert_eq!((&summary["files"], &summary["passed_over"]), (&json!(2), &json!(2)));
    assert_eq!(lines[0]["lines"], json!([1, text.lines().count()]));

    // What cannot be read of one, or as one, is named.
    let mut damaged = archive.clone();
    let entry = damaged.windows(16).position(|bytes| bytes == b"logs/tk-maya.log").unwrap();
    damaged[entry + 20..entry + 40].fill(0xFF);
    std::fs::write(world.path("damaged.zip"), damaged).unwrap();
    std::fs::write(world.path("cut.zip"), &archive[..archive.len() / 2]).unwrap();
    std::fs::write(world.path("scenes.zip"), zipped(&[("a.ma", "//Maya ASCII 2025 scene\n")])).unwrap();
    let scan = world.run(&["--json", "scan", "damaged.zip", "cut.zip", "scenes.zip"]);
    assert_eq!(scan.status.code(), Some(2), "{}", words(&scan));
    let lines = json_lines(&scan);
    assert!(lines.iter().any(|line| line["file"] == "damaged.zip/logs/tk-nuke.log"), "{lines:?}");
    let skipped = lines.last().unwrap()["skipped"].as_array().unwrap();
    let files: Vec<&str> = skipped.iter().filter_map(|one| one["file"].as_str()).collect();
    assert_eq!(files, ["damaged.zip/logs/tk-maya.log", "cut.zip", "scenes.zip"]);
    let streamed = world.run_with_stdin(&["scan", "-"], &archive);
    assert_eq!(streamed.status.code(), Some(2));
    assert!(words(&streamed).contains("zip archive"), "{}", words(&streamed));
}

/// Elsewhere pipes are no files.
#[cfg(unix)]
#[test]
fn a_pipe_without_a_writer_is_waited_for_and_said() {
    use std::io::{BufRead, BufReader, Read};
    let world = World::new();
    let pipe = world.path("pipe.log");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut program = world.program();
    program.args(["--json", "scan", "pipe.log"]);
    program.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut scan = program.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(scan.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("nobody writes to the pipe `pipe.log` yet"), "{said}");
    std::fs::write(&pipe, error("execute")).unwrap();
    let mut found = String::new();
    scan.stdout.take().unwrap().read_to_string(&mut found).unwrap();
    assert!(scan.wait().unwrap().success());
    assert!(found.lines().count() == 2 && found.contains(r#""incidents":1"#), "{found}");

    // In a folder nobody asked for it by name: it is passed over, and named.
    std::fs::rename(&pipe, world.log("tk-pipe.log")).unwrap();
    world.append("tk-maya.log", &error("execute"));
    let scan = world.run(&["--json", "scan", "home/logs"]);
    assert_eq!(scan.status.code(), Some(2), "{}", words(&scan));
    let summary = json_lines(&scan).pop().unwrap();
    assert_eq!((&summary["files"], &summary["incidents"]), (&json!(1), &json!(1)));
    assert_eq!(summary["skipped"][0]["file"], "home/logs/tk-pipe.log");
}

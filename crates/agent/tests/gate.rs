//! The gate through its settings: which records are incidents, by whose word, and under which signature and title.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use agent::gate::{Admission, Verdict};
use agent::recognise::{Recognised, Recogniser, Surroundings};
use agent::settings::{Layers, Origin};
use sgtk_log::{Boundary, Level, ReadGate, RecordLimits, RecordReader};

const FLOWAM: &str = "tk-desktop: There was an error importing the 'flowam' module.\nIt can be ignored.";

fn recogniser(toml: &str) -> Recogniser {
    let mut layers = Layers::new();
    layers.text(toml, &Origin::File("tk.toml".into())).unwrap();
    Recogniser::new(&layers.resolve().unwrap(), Surroundings::default())
}

/// The judgement on the one record of a text; `None` when it is not even looked at.
fn judged(recogniser: &Recogniser, text: &str) -> Option<Recognised> {
    let mut reader = RecordReader::resume(
        RecordLimits::default(),
        recogniser.read_gate(),
        Boundary { offset: 0, line: 1 },
    );
    let mut found = Vec::new();
    let mut take = |record: sgtk_log::RawRecord<'_>| {
        if recogniser.wants(&record) {
            found.push(recogniser.recognise(&record, "tk-maya.log"));
        }
    };
    reader.feed(text.as_bytes(), &mut take);
    reader.flush(&mut take);
    assert!(found.len() <= 1);
    found.pop()
}

fn verdict(toml: &str, text: &str) -> String {
    match judged(&recogniser(toml), text).map(|recognised| recognised.verdict) {
        None => "unseen".to_owned(),
        Some(Verdict::Below) => "below".to_owned(),
        Some(Verdict::Ignored { by }) => format!("ignored by {by}"),
        Some(Verdict::Muted { by }) => format!("muted by {by}"),
        Some(Verdict::Admitted(Admission::Level)) => "level".to_owned(),
        Some(Verdict::Admitted(Admission::Pasted)) => "pasted".to_owned(),
        Some(Verdict::Admitted(Admission::Keyword { word })) => format!("keyword {word}"),
        Some(Verdict::Admitted(Admission::Promoted { by })) => format!("promoted by {by}"),
    }
}

fn record(level: &str, logger: &str, said: &str) -> String {
    format!("2026-01-14 19:49:11,961 [2764 {level} {logger}] {said}\n")
}

fn publish(level: &str) -> String {
    record(
        level,
        "sgtk.env.project.tk-maya.tk-multi-publish2",
        "Publish failed\nTraceback (most recent call last):\n  \
         File \"/studio/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/item.py\", line 12, in execute\n    \
         check(item)\ntank.errors.TankError: bad range",
    )
}

#[test]
fn the_level_comes_from_the_header_and_from_nowhere_else() {
    for level in ["DEBUG", "INFO", "WARNING"] {
        let text = record(level, "sgtk.env.project.tk-maya", "there was an ERROR, even a CRITICAL one");
        assert_eq!(verdict("", &text), "unseen");
    }
    assert_eq!(verdict("", &record("ERROR", "sgtk.x", "boom")), "level");
    assert_eq!(verdict("[detect]\nlevels = ['WARNING']", &record("ERROR", "sgtk.x", "boom")), "unseen");
    assert_eq!(verdict("[detect]\nlevels = ['WARNING']", &record("WARNING", "sgtk.x", "boom")), "level");
}

#[test]
fn keywords_are_plain_words_in_records_of_any_level() {
    let toml = "[detect]\nkeywords = ['licence denied', '[x*]']";
    assert_eq!(verdict(toml, &record("DEBUG", "sgtk.x", "so: licence denied.")), "keyword licence denied");
    assert_eq!(verdict(toml, &record("INFO", "sgtk.x", "[x*] it is")), "keyword [x*]");
    assert_eq!(verdict(toml, &record("INFO", "sgtk.x", "Licence denied, [xy]")), "unseen");
    assert_eq!(verdict(toml, &record("ERROR", "sgtk.x", "licence denied")), "level");
    assert_eq!(recogniser("").read_gate(), ReadGate::AtLeast(Level::Error));
}

#[test]
fn what_is_shipped_as_noise_is_ignored_and_nothing_near_it() {
    let flowam = record("ERROR", "sgtk.ext.tkimp0123456789abcdef0123456789abcdef", FLOWAM);
    assert!(verdict("", &flowam).starts_with("ignored by optional module"), "{}", verdict("", &flowam));
    for near in [
        "tk-desktop: There was an error importing the 'other' module.",
        "There was an error importing the 'flowam' module.",
        "Publish failed: tk-desktop: There was an error importing the 'flowam' module.",
    ] {
        assert_eq!(verdict("", &record("ERROR", "sgtk.x", near)), "level", "{near}");
    }
}

#[test]
fn a_list_of_ones_own_replaces_the_shipped_one_or_adds_to_it() {
    let flowam = record("ERROR", "sgtk.x", FLOWAM);
    let own = record("ERROR", "sgtk.env.project.tk-maya.tk-check", "Naming: wrong");
    let entry = "{ logger = 'SGTK.env.*.tk-check', message = 'Naming', reason = 'told to the artist' }";
    let (replaced, added) =
        (format!("[detect]\nignore = [{entry}]"), format!("[detect]\nignore = ['default', {entry}]"));
    assert_eq!(verdict(&replaced, &flowam), "level");
    assert!(verdict(&added, &flowam).starts_with("ignored by optional"));
    for toml in [&replaced, &added] {
        assert_eq!(verdict(toml, &own), "ignored by told to the artist");
        assert_eq!(verdict(toml, &own.replace("Naming: wrong", "naming: wrong")), "level");
        assert_eq!(verdict(toml, &own.replace("tk-check", "tk-other")), "level");
    }
    assert_eq!(verdict("[detect]\nignore = []", &flowam), "level");
}

#[test]
fn every_matcher_must_fit() {
    let all = "name = 'r'\naction = 'ignore'\n";
    for (matcher, fits) in [
        ("logger = 'sgtk.env.*.tk-maya'", true),
        ("logger = 'SGTK.ENV'", true),
        ("logger = 'env.project'", false),
        ("level = 'ERROR'", true),
        ("level = ['critical', 'Error']", true),
        ("type = 'TankError'", true),
        ("type = 'tankerror'", true),
        ("type = 'tank.errors.TankError'", true),
        ("type = 'tank.*'", true),
        ("type = 'Tank'", false),
        ("type = '*'", true),
        ("message = 'Publish failed'", true),
        ("message = 'Publish'", true),
        ("message = 'publish'", false),
        ("message = 'bad range'", true),
        ("message = '*range'", true),
        ("message = 'failed'", false),
        ("frame = 'bundle:tk-multi-publish2/*#execute'", true),
        ("frame = '*#execute'", true),
        ("frame = '*#exec'", false),
        ("engine = 'tk-maya'", true),
        ("engine = 'tk-*'", true),
        ("engine = 'maya'", false),
        ("app = 'tk-multi-publish2'", true),
        ("app = 'tk-multi-publish'", false),
        ("app = 'tk-multi-publish2'\nengine = 'tk-nuke'", false),
        ("app = 'tk-multi-publish2'\nengine = 'tk-maya'\ntype = 'TankError'", true),
    ] {
        // A rule for a level that is none of the incidents would be refused: all are here.
        let toml = format!("[[detect.rules]]\n{all}{matcher}");
        let expected = if fits { "ignored by r" } else { "level" };
        assert_eq!(verdict(&toml, &publish("ERROR")), expected, "{matcher}");
    }
}

#[test]
fn the_first_rule_wins_and_rules_win_over_noise_levels_and_keywords() {
    let rule = |name: &str, rest: &str| format!("[[detect.rules]]\nname = '{name}'\n{rest}\n");
    let ignore = rule("ignore", "logger = 'sgtk.*'\naction = 'ignore'");
    let mute = rule("mute", "app = 'tk-multi-publish2'\naction = 'mute'");
    let promote = rule("promote", "level = 'WARNING'\ntype = '*'\naction = 'promote'");
    let title = rule("title", "app = 'tk-*'\ntitle = 'Publisher'");
    let (error, warning) = (publish("ERROR"), publish("WARNING"));
    for (toml, text, expected) in [
        (format!("{ignore}{mute}"), &error, "ignored by ignore"),
        (format!("{mute}{ignore}"), &error, "muted by mute"),
        (format!("{title}{mute}"), &error, "level"),
        (promote.clone(), &warning, "promoted by promote"),
        (promote.clone(), &record("WARNING", "sgtk.x", "no traceback"), "below"),
        (promote.clone(), &publish("INFO"), "unseen"),
        (format!("{ignore}{promote}"), &warning, "below"),
        (format!("{promote}{ignore}"), &warning, "promoted by promote"),
        (format!("[detect]\nkeywords = ['Publish']\n{ignore}"), &warning, "ignored by ignore"),
        (format!("[detect]\nkeywords = ['Publish']\n{title}"), &warning, "keyword Publish"),
    ] {
        assert_eq!(verdict(&toml, text), expected, "{toml}");
    }
    let noise = record("ERROR", "sgtk.env.site.tk-desktop", FLOWAM);
    let kept = rule("kept", "message = 'tk-desktop: '\ntitle = 'Module is missing'");
    assert_eq!(verdict(&kept, &noise), "level", "a rule of the studio wins over our list");
}

#[test]
fn the_reader_hands_out_no_more_than_rules_need() {
    for (rule, gate) in [
        ("level = 'WARNING'\naction = 'promote'", ReadGate::AtLeast(Level::Warning)),
        ("level = ['INFO', 'CRITICAL']\naction = 'promote'", ReadGate::AtLeast(Level::Info)),
        ("level = 'CRITICAL'\naction = 'promote'", ReadGate::AtLeast(Level::Error)),
        ("type = '*'\naction = 'promote'", ReadGate::All),
        ("type = '*'\naction = 'mute'", ReadGate::AtLeast(Level::Error)),
    ] {
        let toml = format!("[[detect.rules]]\nname = 'r'\n{rule}");
        assert_eq!(recogniser(&toml).read_gate(), gate, "{rule}");
    }
    assert_eq!(recogniser("[detect]\nkeywords = ['x']").read_gate(), ReadGate::All);
}

#[test]
fn signature_and_title_are_set_from_what_is_normalised() {
    let ours = judged(&recogniser(""), &publish("ERROR")).unwrap();
    let with = |rest: &str| {
        let toml = format!("[[detect.rules]]\nname = 'r'\napp = '*'\n{rest}");
        let recogniser = recogniser(&toml);
        let recognised = judged(&recogniser, &publish("ERROR")).unwrap();
        let title = recogniser.title(&recognised, "alice");
        (recognised, title)
    };
    let (added, title) = with("signature = ['{default}', 'of {engine}']");
    assert_ne!(added.incident.signature, ours.incident.signature);
    assert_eq!(added.own_signature.as_ref(), Some(&ours.incident.signature));
    assert!(title.starts_with("alice - TankError: bad range in item.execute ["), "{title}");
    let last = added.incident.signature.components().last().unwrap();
    assert_eq!((&*last.kind, last.value.as_str()), ("rule", "of tk-maya"));

    let (replaced, title) = with("signature = ['publisher', '{type}']");
    let values: Vec<&str> =
        replaced.incident.signature.components().iter().map(|part| part.value.as_str()).collect();
    assert_eq!(values, ["publisher", "TankError"]);
    let bucket = replaced.incident.signature.bucket();
    assert_eq!(title, format!("alice - publisher, TankError [{bucket}]"));

    let (titled, title) = with("title = 'Publisher: {message} in {function}'");
    assert_eq!(titled.incident.signature, ours.incident.signature);
    assert_eq!(
        title,
        format!("alice - Publisher: bad range in execute [{}]", ours.incident.signature.bucket())
    );
    let (_, long) = with(&format!("title = '{}'", "word ".repeat(30)));
    let core = long.strip_prefix("alice - ").unwrap();
    assert!(core.chars().count() <= 80 && core.contains("… ["), "{long}");
}

#[test]
fn variables_hold_no_path_and_nothing_that_varies() {
    let toml = "[[detect.rules]]\nname = 'r'\nlogger = 'sgtk.ext'\nsignature = ['{logger}', '{message}']\n\
                title = '{logger}: {message}'";
    let recogniser = recogniser(toml);
    let seen = |id: &str, shot: &str| {
        let text = record(
            "ERROR",
            &format!("sgtk.ext.tkimp{id}.publish"),
            &format!("cannot write /mnt/shows/{shot}/v012.ma"),
        );
        let recognised = judged(&recogniser, &text).unwrap();
        (recognised.incident.signature.to_string(), recogniser.title(&recognised, "alice"))
    };
    let one = seen(&"0a".repeat(16), "bunny/sh010");
    assert_eq!(one, seen(&"9f".repeat(16), "frog/sh920"));
    assert!(one.1.starts_with("alice - sgtk.ext.tkimp.publish: cannot write path ["), "{}", one.1);
}

#[test]
fn explain_is_told_every_match_and_which_one_decides() {
    let toml = "[[detect.rules]]\nname = 'other'\napp = 'tk-other'\naction = 'mute'\n\
                [[detect.rules]]\nname = 'first'\napp = 'tk-multi-publish2'\naction = 'mute'\nsignature = ['{default}', 'x']\n\
                [[detect.rules]]\nname = 'second'\ntype = 'TankError'\naction = 'ignore'\n";
    let recogniser = recogniser(toml);
    let text = publish("ERROR");
    let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::All);
    let mut matched = Vec::new();
    let mut take = |record: sgtk_log::RawRecord<'_>| {
        matched = recogniser.explain(&record, "tk-maya.log", "alice").matched;
    };
    reader.feed(text.as_bytes(), &mut take);
    reader.flush(&mut take);
    let told: Vec<(&str, &str, bool)> =
        matched.iter().map(|rule| (&*rule.name, rule.place.as_str(), rule.decides)).collect();
    assert_eq!(told, [("first", "detect.rules[1]", true), ("second", "detect.rules[2]", false)]);
    assert_eq!(matched[0].does, ["mute", "signature"]);
}

#[test]
fn a_thousand_rules_and_a_long_record_come_to_an_end() {
    let mut toml = String::new();
    for number in 0..1_000 {
        toml.push_str(&format!(
            "[[detect.rules]]\nname = 'r{number}'\nmessage = '{}b{number}'\nframe = '{}x{number}'\naction = 'ignore'\n",
            "*a".repeat(100),
            "*e".repeat(100)
        ));
    }
    let recogniser = recogniser(&toml);
    let recognised = judged(&recogniser, &record("ERROR", "sgtk.x", &"a".repeat(200_000))).unwrap();
    assert_eq!(recognised.verdict, Verdict::Admitted(Admission::Level));
    toml.push_str("[[detect.rules]]\nname = 'one too many'\nlevel = 'ERROR'\naction = 'ignore'\n");
    let mut layers = Layers::new();
    layers.text(&toml, &Origin::File("tk.toml".into())).unwrap();
    assert!(layers.resolve().unwrap_err().to_string().contains("1001 rules, at most 1000"));
}

#[test]
fn what_is_wrong_is_said_with_file_key_and_reason() {
    for (toml, words) in [
        ("keywords = ['a', '']", vec!["detect.keywords[1]", "tk.toml", "is empty"]),
        ("keywords = [1]", vec!["detect.keywords[0]", "expected string but got integer"]),
        ("ignore = ['defualt']", vec!["detect.ignore[0]", "\"default\""]),
        ("ignore = [{ reason = 'r' }]", vec!["detect.ignore[0]", "neither `logger` nor `message`"]),
        ("ignore = [{ message = 'm' }]", vec!["detect.ignore[0]", "`reason`"]),
        ("ignore = [{ message = '', reason = 'r' }]", vec!["detect.ignore[0].message", "is empty"]),
        (
            "ignore = ['default', { mesage = 'm', reason = 'r' }]",
            vec!["unknown setting `detect.ignore[1].mesage`", "did you mean `detect.ignore[1].message`?"],
        ),
        ("rules = [{ name = 'r', logger = 'x' }]", vec!["detect.rules[0]", "does nothing", "`r`"]),
        ("rules = [{ name = 'r', action = 'mute' }]", vec!["detect.rules[0]", "asks for nothing"]),
        ("rules = [{ logger = 'x', action = 'mute' }]", vec!["detect.rules[0]", "no `name`"]),
        ("rules = ['x']", vec!["detect.rules[0]", "expected table but got string"]),
        (
            "rules = [{ name = 'a', logger = 'x', action = 'mute' }, { name = 'b', logger = 'x', title = 't' }]",
            vec!["detect.rules[1]", "can never match", "detect.rules[0] (`a`)"],
        ),
        (
            "rules = [{ name = 'a', logger = 'x', action = 'mute' }, { name = 'a', logger = 'y', title = 't' }]",
            vec!["detect.rules[1].name", "detect.rules[0]"],
        ),
        (
            "rules = [{ name = 'a', logger = 'x', action = 'drop' }]",
            vec!["detect.rules[0].action", "\"ignore\", \"promote\" or \"mute\"", "\"drop\""],
        ),
        ("rules = [{ name = 'a', level = 'LOUD', title = 't' }]", vec!["detect.rules[0].level", "LOUD"]),
        (
            "rules = [{ name = 'a', level = [], title = 't' }]",
            vec!["detect.rules[0].level", "can never match"],
        ),
        (
            "rules = [{ name = 'a', level = 'INFO', title = 't' }]",
            vec!["detect.rules[0].level", "can never match", "promote", "`a`"],
        ),
        (
            "rules = [{ name = 'a', frame = 'publish.py', title = 't' }]",
            vec!["detect.rules[0].frame", "can never match", "place#function"],
        ),
        ("rules = [{ name = 'a', message = 5, title = 't' }]", vec!["detect.rules[0].message", "integer"]),
        (
            "rules = [{ name = 'a', app = 'x', mesage = 'y', title = 't' }]",
            vec!["unknown setting `detect.rules[0].mesage`", "tk.toml", "`detect.rules[0].message`?"],
        ),
        (
            "rules = [{ name = 'a', app = 'x', title = '{path}' }]",
            vec!["detect.rules[0].title", "no variable `{path}`", "{function}"],
        ),
        (
            "rules = [{ name = 'a', app = 'x', title = '{engine} fails' }]",
            vec!["detect.rules[0].title", "`{engine}` can differ", "add \"{engine}\" to `signature`"],
        ),
        (
            "rules = [{ name = 'a', app = 'x', signature = ['s'], title = '{type}' }]",
            vec!["detect.rules[0].title", "`{type}` can differ"],
        ),
        (
            "rules = [{ name = 'a', app = 'x', signature = ['{default} x'] }]",
            vec!["detect.rules[0].signature[0]", "a part of its own"],
        ),
        (
            "rules = [{ name = 'a', app = 'x', signature = ['{default}'] }]",
            vec!["detect.rules[0].signature", "changes nothing"],
        ),
        (
            "rules = [{ name = 'a', app = 'x', signature = [] }]",
            vec!["detect.rules[0].signature", "no parts"],
        ),
        (
            "rules = [{ name = 'a', app = 'x', action = 'ignore', title = 't' }]",
            vec!["detect.rules[0].title", "an ignored record has none"],
        ),
    ] {
        let mut layers = Layers::new();
        layers.text(&format!("[detect]\n{toml}"), &Origin::File("tk.toml".into())).unwrap();
        let error = layers.resolve().unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{error:?} should name {word:?}");
        }
    }
}

#[test]
fn a_flag_for_one_run_does_not_make_rules_wrong() {
    let mut layers = Layers::new();
    let toml = "[[detect.rules]]\nname = 'r'\nlevel = 'ERROR'\naction = 'mute'";
    layers.text(toml, &Origin::File("tk.toml".into())).unwrap();
    layers.set("detect.levels", vec!["CRITICAL"].into(), Origin::Flag("--level")).unwrap();
    assert!(layers.resolve().is_ok());
}

/// The TOML of the guide below a heading.
fn example(heading: &str) -> &'static str {
    let guide = include_str!("../../../docs/rules.md");
    let section = guide.split_once(&format!("# {heading}\n")).expect(heading).1;
    let toml = section.split_once("```toml\n").expect(heading).1;
    toml.split_once("```").expect(heading).0
}

#[test]
fn the_examples_of_the_guide_do_what_it_says() {
    let raised = |app: &str, file: &str, function: &str, error: &str| {
        let said = format!(
            "It failed\nTraceback (most recent call last):\n  \
             File \"/studio/bundle_cache/app_store/{app}/v1.0.0/python/{file}.py\", line 12, in {function}\n    \
             call()\n{error}"
        );
        record("ERROR", &format!("sgtk.env.project.tk-maya.{app}"), &said)
    };
    let check = |heading: &str, text: &str, expected: &str| {
        assert_eq!(verdict(example(heading), text), expected, "{heading}: {text}");
    };
    let title = |heading: &str, text: &str| {
        let recogniser = recogniser(example(heading));
        recogniser.title(&judged(&recogniser, text).unwrap(), "alice")
    };

    let folders = record("ERROR", "sgtk.env.shot.tk-maya.tk-shotgun-folders", "No folders were created.");
    check("Noise (`detect.ignore`)", &folders, "ignored by told to the artist in the window");
    let noise = verdict(example("Noise (`detect.ignore`)"), &record("ERROR", "sgtk.x", FLOWAM));
    assert!(noise.starts_with("ignored by optional"), "{noise}");

    let validator = "sgtk.env.shot.tk-maya.tk-studio-validate";
    check(
        "A chatty validator",
        &record("ERROR", validator, "Validation: no camera"),
        "ignored by scene validator",
    );
    check("A chatty validator", &raised("tk-studio-validate", "rules", "run", "KeyError: 'x'"), "level");

    check("Warnings with a traceback", &publish("WARNING"), "promoted by warnings with a traceback");
    check("Warnings with a traceback", &record("WARNING", "sgtk.x", "late"), "below");

    let licences =
        ["open", "save"].map(|function| raised("tk-x", function, function, "studio.LicenceError: none"));
    let [one, other] = licences.map(|text| title("Two signatures, one problem", &text));
    assert_eq!(one, other);
    assert!(one.starts_with("alice - No licence for tk-maya ["), "{one}");

    let loader =
        raised("tk-multi-loader2", "utils", "_resolve_path", "OSError: [Errno 36] File name too long");
    check("A known problem", &loader, "muted by OPS-1234: loader and long paths");
    check("A known problem", &loader.replace("_resolve_path", "_other"), "level");

    let farm =
        title("A readable title", &raised("tk-x", "submit_to_farm", "send", "RuntimeError: queue is closed"));
    assert!(farm.starts_with("alice - Farm submission fails: RuntimeError: queue is closed ["), "{farm}");
}

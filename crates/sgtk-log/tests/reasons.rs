//! What of an exception's text is part of its signature, by type: one reason in the words of every Python and system.

use sgtk_log::{ContextWords, FileName, Incident, TitleStyle, recognise, title};

/// A failure with this last line, three calls deep.
fn raised(last: &str) -> Incident {
    let frame = |name: &str| format!("  File \"/mnt/studio/tools/{name}.py\", line 1, in {name}\n    x\n");
    let frames = ["outer", "middle", "inner"].map(frame).concat();
    let text = format!(
        "2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya.tk-multi-x] No\nTraceback (most recent call last):\n{frames}{last}\n"
    );
    recognise(&text, FileName("tk-maya.log"), &ContextWords::new(["jorinde", "walrus"].map(str::to_owned)))
}

fn part(incident: &Incident, kind: &str) -> String {
    let parts = incident.signature.components();
    parts.iter().find(|part| part.kind == kind).map_or_else(|| "-".to_owned(), |part| part.value.clone())
}

/// Every row: type and reason, and the last lines that all say it.
#[test]
fn one_failure_has_one_reason_in_every_wording() {
    let table: [(&str, &str, &[&str]); 61] = [
        // What others than Python define is worded by them.
        (
            "IngestError",
            "no camera in <path>",
            &["pipe.ingest.IngestError: No camera in /a/b.ma", "IngestError: No camera in C:\\a\\b.ma"],
        ),
        (
            "error",
            "unpack requires a buffer of <n> bytes",
            &["struct.error: unpack requires a buffer of 4 bytes"],
        ),
        (
            "IngestError",
            "-",
            &["IngestError: <unprintable IngestError object>", "IngestError: <exception str() failed>"],
        ),
        (
            "AttributeError",
            "bar",
            &[
                "AttributeError: 'Foo' object has no attribute 'bar'",
                "AttributeError: Foo instance has no attribute 'bar'",
                "AttributeError: 'Foo' object has no attribute 'bar'. Did you mean: 'baz'?",
                "AttributeError: type object 'Foo' has no attribute 'bar'",
                "AttributeError: 'module' object has no attribute 'bar'",
                "AttributeError: module 'foo' has no attribute 'bar'",
                "AttributeError: partially initialized module 'foo' has no attribute 'bar' (most likely due to a circular import)",
            ],
        ),
        (
            "AttributeError",
            "no setter",
            &[
                "AttributeError: can't set attribute",
                "AttributeError: can't set attribute 'x'",
                "AttributeError: property 'x' of 'Foo' object has no setter",
            ],
        ),
        (
            "NameError",
            "x",
            &[
                "NameError: global name 'x' is not defined",
                "NameError: name 'x' is not defined",
                "NameError: name 'x' is not defined. Did you mean: 'y'?",
                "NameError: name 'x' is not defined. Did you forget to import 'x'?",
            ],
        ),
        (
            "UnboundLocalError",
            "x",
            &[
                "UnboundLocalError: local variable 'x' referenced before assignment",
                "UnboundLocalError: cannot access local variable 'x' where it is not associated with a value",
            ],
        ),
        (
            "ImportError",
            "numpy",
            &["ImportError: No module named numpy", "ModuleNotFoundError: No module named 'numpy'"],
        ),
        (
            "ImportError",
            "extras",
            &[
                "ImportError: No module named extras",
                "ModuleNotFoundError: No module named 'pipe.extras'",
                "ModuleNotFoundError: No module named 'pipe.extras'; 'pipe' is not a package",
            ],
        ),
        (
            "ImportError",
            "QtWidgets",
            &[
                "ImportError: cannot import name QtWidgets",
                "ImportError: cannot import name 'QtWidgets'",
                "ImportError: cannot import name 'QtWidgets' from 'tank.platform.qt' (/a/b.py)",
                "ImportError: cannot import name 'QtWidgets' from partially initialized module 'x' (most likely due to a circular import) (/a/b.py)",
            ],
        ),
        (
            "ImportError",
            "DLL load failed",
            &[
                "ImportError: DLL load failed: The specified module could not be found.",
                "ImportError: DLL load failed while importing _ssl: Das angegebene Modul wurde nicht gefunden.",
            ],
        ),
        (
            "ImportError",
            "libGL",
            &["ImportError: libGL.so.1: cannot open shared object file: No such file or directory"],
        ),
        (
            "ImportError",
            "relative import",
            &[
                "ImportError: Attempted relative import in non-package",
                "ImportError: attempted relative import with no known parent package",
            ],
        ),
        (
            "KeyError",
            "items",
            &[
                "KeyError: 'items'",
                "KeyError: u'items'",
                "KeyError: b'items'",
                "KeyError: 'items'\nThe scene was not saved",
                "KeyError: 'items' (in the settings of the app)",
                "KeyError: file /a/b.py line 12: 'items'",
            ],
        ),
        // Someone's sentence.
        ("KeyError", "no entry of this kind in <path>", &["KeyError: 'No entry of this kind in /a/b.yml'"]),
        // Houdini explains the type first, then says why.
        (
            "OperationFailed",
            "no such parameter",
            &[
                "hou.OperationFailed: The attempted operation failed.\nNo such parameter",
                "OperationFailed: The attempted operation failed.\nNo such parameter",
            ],
        ),
        ("LoadWarning", "bad node kind", &["hou.LoadWarning: There were warnings.\nBad node kind"]),
        // It is no file that may not be written.
        (
            "PermissionError",
            "failed to modify node or parameter because of a permission error",
            &[
                "hou.PermissionError: Failed to modify node or parameter because of a permission error.  Perhaps a lock",
                "PermissionError: Failed to modify node or parameter because of a permission error.\nPerhaps a lock",
            ],
        ),
        // Maya's script editor puts the place first.
        (
            "RuntimeError",
            "no object matches",
            &[
                "RuntimeError: file /a/b.py line 12: No object matches",
                "RuntimeError: file /a/b.py line 12:\n  No object matches",
                "RuntimeError: No object matches",
            ],
        ),
        (
            "KeyError",
            "-",
            &[
                "KeyError: 'sh010'",
                "KeyError: 12",
                "KeyError: 'Walrus'",
                "KeyError: 'two words'",
                "KeyError: ('a', 1)",
            ],
        ),
        (
            "TypeError",
            "wrong number of arguments",
            &[
                "TypeError: f() takes exactly 2 arguments (1 given)",
                "TypeError: f() takes 1 positional argument but 2 were given",
                "TypeError: Foo.f() missing 1 required positional argument: 'x'",
            ],
        ),
        (
            "TypeError",
            "unexpected argument size",
            &[
                "TypeError: f() got an unexpected keyword argument 'size'",
                "TypeError: Foo.f() got an unexpected keyword argument 'size'",
                "TypeError: Foo.f() got an unexpected keyword argument 'size'. Did you mean 'sizes'?",
            ],
        ),
        (
            "TypeError",
            "not subscriptable",
            &[
                "TypeError: 'NoneType' object has no attribute '__getitem__'",
                "TypeError: 'NoneType' object is not subscriptable",
                "TypeError: 'NoneType' object is unsubscriptable",
            ],
        ),
        (
            "TypeError",
            "not iterable",
            &[
                "TypeError: 'NoneType' object is not iterable",
                "TypeError: cannot unpack non-iterable NoneType object",
            ],
        ),
        (
            "TypeError",
            "not comparable",
            &[
                "TypeError: unorderable types: int() < str()",
                "TypeError: '<' not supported between instances of 'int' and 'str'",
            ],
        ),
        (
            "TypeError",
            "unsupported operand",
            &[
                "TypeError: cannot concatenate 'str' and 'int' objects",
                "TypeError: must be str, not int",
                "TypeError: can only concatenate str (not \"int\") to str",
                "TypeError: unsupported operand type(s) for +: 'int' and 'str'",
            ],
        ),
        (
            "TypeError",
            "wrong index",
            &[
                "TypeError: string indices must be integers",
                "TypeError: string indices must be integers, not 'str'",
                "TypeError: list indices must be integers or slices, not str",
            ],
        ),
        (
            "TypeError",
            "no path",
            &[
                "TypeError: coercing to Unicode: need string or buffer, NoneType found",
                "TypeError: expected str, bytes or os.PathLike object, not NoneType",
            ],
        ),
        (
            "TypeError",
            "not JSON serializable",
            &[
                "TypeError: <Foo object at 0x7f> is not JSON serializable",
                "TypeError: Object of type Foo is not JSON serializable",
            ],
        ),
        (
            "OSError",
            "Errno 2",
            &[
                "IOError: [Errno 2] No such file or directory: '/a/b'",
                "OSError: [Errno 2] Aucun fichier ou dossier de ce type",
                "FileNotFoundError: [Errno 2] No such file or directory: 'C:\\\\a'",
                "FileNotFoundError: [WinError 3] Das System kann den Pfad nicht finden: 'C:\\\\a'",
                "WindowsError: [Error 2] The system cannot find the file specified",
                "FileNotFoundError: no text",
            ],
        ),
        (
            "OSError",
            "Errno 13",
            &[
                "PermissionError: [Errno 13] Permission denied: '/a/b'",
                "PermissionError: [WinError 5] Accès refusé: 'C:\\\\a'",
                "WindowsError: [Error 5] Access is denied: 'C:\\\\a'",
                "IOError: [Errno 13] Permission denied: u'/a/b'",
            ],
        ),
        (
            "OSError",
            "WinError 32",
            &[
                "PermissionError: [WinError 32] Der Prozess kann nicht zugreifen",
                "WindowsError: [Error 32] The process cannot access the file",
            ],
        ),
        (
            "OSError",
            "disk full",
            &[
                "OSError: [Errno 28] No space left on device",
                "OSError: [WinError 112] There is not enough space on the disk",
            ],
        ),
        (
            "OSError",
            "read-only file system",
            &[
                "OSError: [Errno 30] Read-only file system: '/a'",
                "OSError: [WinError 19] The media is write protected",
            ],
        ),
        (
            "OSError",
            "directory not empty",
            &[
                "OSError: [Errno 39] Directory not empty",
                "OSError: [Errno 66] Directory not empty",
                "OSError: [WinError 145] The directory is not empty",
            ],
        ),
        (
            "OSError",
            "connection refused",
            &[
                "socket.error: [Errno 111] Connection refused",
                "ConnectionRefusedError: [Errno 61] Connection refused",
                "ConnectionRefusedError: [WinError 10061] Es konnte keine Verbindung hergestellt werden",
                "error: [Errno 10061] No connection could be made",
            ],
        ),
        (
            "OSError",
            "timed out",
            &[
                "socket.timeout: timed out",
                "TimeoutError: [Errno 110] Connection timed out",
                "TimeoutError: [WinError 10060] A connection attempt failed",
                "TimeoutError: The read operation timed out",
            ],
        ),
        (
            "OSError",
            "name resolution",
            &[
                "socket.gaierror: [Errno 11001] getaddrinfo failed",
                "socket.gaierror: [Errno -2] Name or service not known",
                "gaierror: [Errno 8] nodename nor servname provided, or not known",
            ],
        ),
        (
            "URLError",
            "name resolution",
            &[
                "urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>",
                "URLError: <urlopen error [Errno 11001] getaddrinfo failed>",
            ],
        ),
        (
            "SSLError",
            "SSL CERTIFICATE_VERIFY_FAILED",
            &[
                "ssl.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:726)",
                "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1129)",
                "shotgun_api3.lib.httplib2.SSLHandshakeError: [Errno 1] _ssl.c:504: error:14090086:SSL routines:SSL3_GET_SERVER_CERTIFICATE:certificate verify failed",
                "ssl.CertificateError: hostname 'a.b' doesn't match 'c.d'",
            ],
        ),
        // One error inside another.
        (
            "ConnectionError",
            "connection reset",
            &[
                "requests.exceptions.ConnectionError: ('Connection aborted.', error(104, 'Connection reset by peer'))",
                "requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(10054, 'Die Verbindung'))",
            ],
        ),
        (
            "SSLError",
            "SSL UNEXPECTED_EOF_WHILE_READING",
            &[
                "ssl.SSLError: [Errno 8] _ssl.c:504: EOF occurred in violation of protocol",
                "ssl.SSLError: EOF occurred in violation of protocol (_ssl.c:581)",
                "ssl.SSLEOFError: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1007)",
            ],
        ),
        (
            "HTTPError",
            "HTTP 404",
            &[
                "urllib.error.HTTPError: HTTP Error 404: Not Found",
                "urllib2.HTTPError: HTTP Error 404: Introuvable",
                "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://a/b",
            ],
        ),
        (
            "ProtocolError",
            "HTTP 503",
            &["xmlrpc.client.ProtocolError: <ProtocolError for a.b/api3/json: 503 Service Unavailable>"],
        ),
        (
            "CalledProcessError",
            "ffmpeg 1",
            &[
                "subprocess.CalledProcessError: Command '['/usr/bin/ffmpeg', '-i', 'x.mov']' returned non-zero exit status 1.",
                "CalledProcessError: Command '['C:\\\\tools\\\\ffmpeg.exe', '-y']' returned non-zero exit status 1",
                "CalledProcessError: Command 'ffmpeg -i x.mov' returned non-zero exit status 1",
                "CalledProcessError: Command '/usr/bin/ffmpeg -i /mnt/show/sh010/x.mov' returned non-zero exit status 1.",
                "CalledProcessError: Command 'C:\\Program Files\\ff mpeg\\ffmpeg.exe -i P:\\show\\x.mov' returned non-zero exit status 1.",
                "CalledProcessError: Command '\"C:\\Program Files\\ffmpeg.exe\" -i \"P:\\show\\x.mov\"' returned non-zero exit status 1.",
                "tank.util.process.SubprocessCalledProcessError: Command '[u'/opt/bin/ffmpeg', u'-i']' returned non-zero exit status 1",
            ],
        ),
        (
            "CalledProcessError",
            "ffmpeg -11",
            &[
                "CalledProcessError: Command '['ffmpeg']' returned non-zero exit status -11",
                "subprocess.CalledProcessError: Command '['ffmpeg']' died with <Signals.SIGSEGV: 11>.",
            ],
        ),
        (
            "Fault",
            "api create CRUD ERROR #6 Attachment.image: value is not valid",
            &[
                "shotgun_api3.shotgun.Fault: API create() CRUD ERROR #6: Create failed for [Attachment.image]: Value is not valid",
                "Fault: API create() CRUD ERROR #6: Create failed for [Attachment.image]: Value is not valid",
                "tank_vendor.shotgun_api3.shotgun.Fault: API batch() CRUD ERROR #1: x\n API create() CRUD ERROR #6: Create failed for [Attachment.image]: Value is not valid",
            ],
        ),
        (
            "TankError",
            "could not resolve <str>",
            &[
                "tank.errors.TankError: Could not resolve 'sh 010'",
                "TankError: Could not resolve u'sh 020'",
                "tank.errors.TankError: Failed. Error reported: Could not resolve \"sh 3\"!",
            ],
        ),
        (
            "TankError",
            "no shot <name> in <path>: errno 13",
            &[
                "TankError: No shot sh010 in /mnt/a/b: [Errno 13] Permission denied: '/mnt/a/b'",
                "TankError: No shot sq01_030 in C:\\a\\b: [WinError 5] Zugriff verweigert: 'C:\\\\a'",
            ],
        ),
        (
            "ShotgunPublishError",
            "unable to complete publishing",
            &[
                "tank.util.shotgun.publish_creation.ShotgunPublishError: Unable to complete publishing",
                "ShotgunPublishError: Unable to complete publishing!",
            ],
        ),
        ("RuntimeError", "no license", &["RuntimeError: No license"]),
        (
            "RecursionError",
            "-",
            &[
                "RuntimeError: maximum recursion depth exceeded",
                "RuntimeError: maximum recursion depth exceeded while calling a Python object",
                "RecursionError: maximum recursion depth exceeded in comparison",
            ],
        ),
        (
            "ValueError",
            "invalid JSON",
            &[
                "ValueError: No JSON object could be decoded",
                "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
                "ValueError: Expecting property name: line 1 column 2 (char 1)",
                "simplejson.scanner.JSONDecodeError: Extra data: line 1 column 3 - line 1 column 4 (char 2 - 3)",
            ],
        ),
        (
            "ValueError",
            "too many values to unpack",
            &[
                "ValueError: too many values to unpack",
                "ValueError: too many values to unpack (expected 2)",
                "ValueError: too many values to unpack (expected 2, got 3)",
            ],
        ),
        (
            "ValueError",
            "not enough values to unpack",
            &[
                "ValueError: need more than 1 value to unpack",
                "ValueError: not enough values to unpack (expected 2, got 1)",
            ],
        ),
        (
            "ValueError",
            "invalid literal for int() with base",
            &[
                "ValueError: invalid literal for int() with base 10: 'x'",
                "ValueError: invalid literal for long() with base 10: u'y z'",
            ],
        ),
        (
            "ValueError",
            "could not convert string to float",
            &[
                "ValueError: could not convert string to float: abc",
                "ValueError: could not convert string to float: 'abc'",
            ],
        ),
        ("IndexError", "-", &["IndexError: list index out of range"]),
        (
            "UnicodeDecodeError",
            "-",
            &[
                "UnicodeDecodeError: 'ascii' codec can't decode byte 0xc3 in position 3: ordinal not in range(128)",
                "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            ],
        ),
        (
            "BadZipFile",
            "-",
            &["zipfile.BadZipfile: File is not a zip file", "zipfile.BadZipFile: File is not a zip file"],
        ),
        ("StopIteration", "-", &["StopIteration"]),
    ];
    for (name, reason, lines) in table {
        let first = raised(lines[0]);
        for line in lines {
            let found = raised(line);
            assert_eq!(
                (part(&found, "type"), part(&found, "reason")),
                (name.to_owned(), reason.to_owned().replace("CRUD ERROR", "crud error")),
                "{line}"
            );
            assert_eq!(found.signature, first.signature, "{line}");
            assert_eq!(
                title(&found, None, TitleStyle::Precise),
                title(&first, None, TitleStyle::Precise),
                "{line}"
            );
        }
    }
}

#[test]
fn names_of_the_work_are_no_reason() {
    for (one, other) in [
        (
            "AttributeError: 'Foo' object has no attribute 'jorinde'",
            "AttributeError: 'Foo' object has no attribute 'walrus'",
        ),
        ("ImportError: No module named jorinde", "ModuleNotFoundError: No module named 'walrus'"),
        ("KeyError: 'jorinde'", "KeyError: 'walrus_x'"),
    ] {
        assert_eq!(raised(one).signature, raised(other).signature, "{one}");
    }
}

#[test]
fn people_read_the_names_they_know() {
    for (line, start) in [
        ("OSError: [Errno 13] x", "PermissionError: Errno 13 in inner.inner ["),
        ("IOError: [Errno 2] x", "FileNotFoundError: Errno 2 in inner.inner ["),
        ("socket.error: [Errno 111] x", "ConnectionRefusedError in inner.inner ["),
        ("ValueError: No JSON object could be decoded", "JSONDecodeError: invalid JSON in inner.inner ["),
        ("AttributeError: can't set attribute", "AttributeError: no setter in inner.inner ["),
        ("StopIteration", "StopIteration in inner.inner ["),
    ] {
        let found = title(&raised(line), None, TitleStyle::Precise);
        assert!(found.starts_with(start), "{found}");
    }
}

#[test]
fn other_causes_have_other_reasons() {
    let lines = [
        "AttributeError: 'Foo' object has no attribute 'a'",
        "AttributeError: 'Foo' object has no attribute 'b'",
        "AttributeError: can't set attribute",
        "NameError: name 'a' is not defined",
        "ImportError: No module named a",
        "KeyError: 'a'",
        "KeyError: 'b'",
        "TypeError: 'NoneType' object is not subscriptable",
        "TypeError: 'NoneType' object is not iterable",
        "TypeError: f() got an unexpected keyword argument 'a'",
        "TypeError: f() got an unexpected keyword argument 'b'",
        "TypeError: f() takes 1 positional argument but 2 were given",
        "OSError: [Errno 13] x",
        "OSError: [Errno 28] x",
        "OSError: [WinError 32] x",
        "OSError: [WinError 1314] x",
        "socket.timeout: timed out",
        "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number",
        "ssl.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
        "HTTPError: HTTP Error 404: Not Found",
        "HTTPError: HTTP Error 503: Service Unavailable",
        "CalledProcessError: Command 'a' returned non-zero exit status 1",
        "CalledProcessError: Command 'a' returned non-zero exit status 2",
        "CalledProcessError: Command 'b' returned non-zero exit status 1",
        "Fault: API create() CRUD ERROR #6: x [Shot.a]: y",
        "Fault: API update() CRUD ERROR #6: x [Shot.a]: y",
        "Fault: API create() CRUD ERROR #5: x [Shot.a]: y",
        "Fault: API create() CRUD ERROR #6: x [Shot.b]: y",
        "Fault: API create() CRUD ERROR #6: x [Shot.a]: z",
        "TankError: Could not create folders on disk. Error reported: Could not resolve row id for path!",
        "TankError: Could not create folders on disk. Error reported: Permission denied!",
        "RuntimeError: a",
        "RuntimeError: b",
        "ValueError: too many values to unpack",
        "ValueError: No JSON object could be decoded",
    ];
    let mut signatures: Vec<String> = lines.iter().map(|line| raised(line).signature.to_string()).collect();
    signatures.sort_unstable();
    signatures.dedup();
    assert_eq!(signatures.len(), lines.len());
}

//! Failures of files and networks, named and worded as the system, its language and the version of Python do.
//!
//! `os.open NAME path` is what `open` raises (the C runtime's numbers, on Windows too), `os.call NAME path` what `os.*`
//! and `shutil` raise (Windows has numbers of its own there), `net.connect NAME` what a socket raises, `net.resolve` a
//! name that is not known, `net.timeout` a socket that waited; `http.NAME` the same met by `urllib`.

use crate::raised::printed_name;
use crate::world::{Language, System, World};

struct Failure {
    name: &'static str,
    linux: i32,
    mac: i32,
    /// Windows' own number.
    windows: i32,
    /// Python 3's type.
    raised: &'static str,
    /// POSIX words.
    words: &'static str,
    /// Windows' words: English, German, French, Japanese, Korean.
    windows_words: [&'static str; 5],
}

static FAILURES: [Failure; 17] = [
    Failure {
        name: "ENOENT",
        linux: 2,
        mac: 2,
        windows: 3,
        raised: "FileNotFoundError",
        words: "No such file or directory",
        windows_words: [
            "The system cannot find the path specified",
            "Das System kann den angegebenen Pfad nicht finden",
            "Le chemin d’accès spécifié est introuvable",
            "指定されたパスが見つかりません。",
            "지정된 경로를 찾을 수 없습니다",
        ],
    },
    Failure {
        name: "EACCES",
        linux: 13,
        mac: 13,
        windows: 5,
        raised: "PermissionError",
        words: "Permission denied",
        windows_words: [
            "Access is denied",
            "Zugriff verweigert",
            "Accès refusé",
            "アクセスが拒否されました。",
            "액세스가 거부되었습니다",
        ],
    },
    Failure {
        name: "EEXIST",
        linux: 17,
        mac: 17,
        windows: 183,
        raised: "FileExistsError",
        words: "File exists",
        windows_words: [
            "Cannot create a file when that file already exists",
            "Eine Datei kann nicht erstellt werden, wenn sie bereits vorhanden ist",
            "Impossible de créer un fichier déjà existant",
            "既に存在するファイルを作成することはできません。",
            "파일이 이미 있으므로 만들 수 없습니다",
        ],
    },
    Failure {
        name: "ENOTDIR",
        linux: 20,
        mac: 20,
        windows: 267,
        raised: "NotADirectoryError",
        words: "Not a directory",
        windows_words: [
            "The directory name is invalid",
            "Der Verzeichnisname ist ungültig",
            "Nom de répertoire non valide",
            "ディレクトリ名が無効です。",
            "디렉터리 이름이 올바르지 않습니다",
        ],
    },
    Failure {
        name: "ENOTEMPTY",
        linux: 39,
        mac: 66,
        windows: 145,
        raised: "OSError",
        words: "Directory not empty",
        windows_words: [
            "The directory is not empty",
            "Das Verzeichnis ist nicht leer",
            "Le répertoire n’est pas vide",
            "ディレクトリが空ではありません。",
            "디렉터리가 비어 있지 않습니다",
        ],
    },
    Failure {
        name: "ENOSPC",
        linux: 28,
        mac: 28,
        windows: 112,
        raised: "OSError",
        words: "No space left on device",
        windows_words: [
            "There is not enough space on the disk",
            "Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung",
            "Espace insuffisant sur le disque",
            "ディスクに十分な空き領域がありません。",
            "디스크 공간이 부족합니다",
        ],
    },
    Failure {
        name: "ENAMETOOLONG",
        linux: 36,
        mac: 63,
        windows: 206,
        raised: "OSError",
        words: "File name too long",
        windows_words: [
            "The filename or extension is too long",
            "Der Dateiname oder die Erweiterung ist zu lang",
            "Nom de fichier ou extension trop long",
            "ファイル名または拡張子が長すぎます。",
            "파일 이름이나 확장명이 너무 깁니다",
        ],
    },
    Failure {
        name: "EROFS",
        linux: 30,
        mac: 30,
        windows: 19,
        raised: "OSError",
        words: "Read-only file system",
        windows_words: [
            "The media is write protected",
            "Das Medium ist schreibgeschützt",
            "Le support est protégé en écriture",
            "メディアは書き込み禁止になっています。",
            "매체가 쓰기 보호되어 있습니다",
        ],
    },
    Failure {
        name: "EIO",
        linux: 5,
        mac: 5,
        windows: 1117,
        raised: "OSError",
        words: "Input/output error",
        windows_words: [
            "The request could not be performed because of an I/O device error",
            "Die Anforderung konnte wegen eines E/A-Gerätefehlers nicht ausgeführt werden",
            "La demande n’a pas pu être exécutée en raison d’une erreur de périphérique E/S",
            "I/O デバイス エラーが発生したため、要求を実行できませんでした。",
            "I/O 장치 오류로 인해 요청을 실행하지 못했습니다",
        ],
    },
    Failure {
        name: "SHARING",
        linux: 26,
        mac: 26,
        windows: 32,
        raised: "PermissionError",
        words: "Text file busy",
        windows_words: [
            "The process cannot access the file because it is being used by another process",
            "Der Prozess kann nicht auf die Datei zugreifen, da sie von einem anderen Prozess verwendet wird",
            "Le processus ne peut pas accéder au fichier car ce fichier est utilisé par un autre processus",
            "プロセスはファイルにアクセスできません。別のプロセスが使用中です。",
            "다른 프로세스가 파일을 사용 중이기 때문에 프로세스가 액세스 할 수 없습니다",
        ],
    },
    Failure {
        name: "EMFILE",
        linux: 24,
        mac: 24,
        windows: 4,
        raised: "OSError",
        words: "Too many open files",
        windows_words: [
            "The system cannot open the file",
            "Das System kann die Datei nicht öffnen",
            "Le système ne peut pas ouvrir le fichier",
            "ファイルを開くことができません。",
            "파일을 열 수 없습니다",
        ],
    },
    Failure {
        name: "EINVAL",
        linux: 22,
        mac: 22,
        windows: 87,
        raised: "OSError",
        words: "Invalid argument",
        windows_words: [
            "The parameter is incorrect",
            "Falscher Parameter",
            "Paramètre incorrect",
            "パラメーターが間違っています。",
            "매개 변수가 틀립니다",
        ],
    },
    Failure {
        name: "ECONNREFUSED",
        linux: 111,
        mac: 61,
        windows: 10061,
        raised: "ConnectionRefusedError",
        words: "Connection refused",
        windows_words: [
            "No connection could be made because the target machine actively refused it",
            "Es konnte keine Verbindung hergestellt werden, da der Zielcomputer die Verbindung verweigerte",
            "Aucune connexion n’a pu être établie car l’ordinateur cible l’a expressément refusée",
            "対象のコンピューターによって拒否されたため、接続できませんでした。",
            "대상 컴퓨터에서 연결을 거부했으므로 연결하지 못했습니다",
        ],
    },
    Failure {
        name: "ETIMEDOUT",
        linux: 110,
        mac: 60,
        windows: 10060,
        raised: "TimeoutError",
        words: "Connection timed out",
        windows_words: [
            "A connection attempt failed because the connected party did not properly respond after a period of time",
            "Ein Verbindungsversuch ist fehlgeschlagen, da die Gegenstelle nach einer bestimmten Zeitspanne nicht richtig reagiert hat",
            "Une tentative de connexion a échoué car le parti connecté n’a pas répondu convenablement",
            "接続済みの呼び出し先が一定の時間を過ぎても正しく応答しなかったため、接続できませんでした。",
            "연결된 구성원으로부터 응답이 없어 연결하지 못했습니다",
        ],
    },
    Failure {
        name: "ECONNRESET",
        linux: 104,
        mac: 54,
        windows: 10054,
        raised: "ConnectionResetError",
        words: "Connection reset by peer",
        windows_words: [
            "An existing connection was forcibly closed by the remote host",
            "Eine vorhandene Verbindung wurde vom Remotehost geschlossen",
            "Une connexion existante a dû être fermée par l’hôte distant",
            "既存の接続はリモート ホストに強制的に切断されました。",
            "현재 연결은 원격 호스트에 의해 강제로 끊겼습니다",
        ],
    },
    Failure {
        name: "EHOSTUNREACH",
        linux: 113,
        mac: 65,
        windows: 10065,
        raised: "OSError",
        words: "No route to host",
        windows_words: [
            "A socket operation was attempted to an unreachable host",
            "Ein Socketvorgang bezog sich auf einen nicht verfügbaren Host",
            "Une opération a été tentée sur un hôte impossible à atteindre",
            "到達できないホストに対してソケット操作を実行しようとしました。",
            "연결할 수 없는 호스트에서 소켓 작업을 시도했습니다",
        ],
    },
    Failure {
        name: "ENETUNREACH",
        linux: 101,
        mac: 51,
        windows: 10051,
        raised: "OSError",
        words: "Network is unreachable",
        windows_words: [
            "A socket operation was attempted to an unreachable network",
            "Ein Socketvorgang bezog sich auf ein nicht verfügbares Netzwerk",
            "Une opération a été tentée sur un réseau impossible à atteindre",
            "到達できないネットワークに対してソケット操作を実行しようとしました。",
            "연결할 수 없는 네트워크에서 소켓 작업을 시도했습니다",
        ],
    },
];

/// `failure` begins with `os.`, `net.` or `http.`.
pub(crate) fn line(failure: &str, world: &World) -> Result<String, String> {
    let mut words = failure.splitn(3, ' ');
    let kind = words.next().unwrap_or_default();
    let find = |name: &str| {
        FAILURES
            .iter()
            .find(|known| known.name == name)
            .ok_or_else(|| format!("no failure of the system is called `{name}`"))
    };
    let two = world.python.0 == 2;
    let windows = world.system.is_windows();
    match kind {
        "os.open" | "os.call" => {
            let known = find(words.next().unwrap_or_default())?;
            let path = words.next().map_or(String::new(), |path| format!(": {path}"));
            let own = windows && kind == "os.call";
            let (name, said) = match (two, own) {
                (true, true) => ("WindowsError", windows_text("Error", known, world)),
                (true, false) if kind == "os.open" => ("IOError", posix(known, world)),
                (true, false) => ("OSError", posix(known, world)),
                (false, true) => (known.raised, windows_text("WinError", known, world)),
                // The C runtime says of a file in use that access is denied.
                (false, false) => (known.raised, posix(known, world)),
            };
            Ok(format!("{name}: {said}{path}"))
        }
        "net.connect" => {
            let known = find(words.next().unwrap_or_default())?;
            let said = socket(known, world);
            Ok(if two { format!("error: {said}") } else { format!("{}: {said}", known.raised) })
        }
        "net.resolve" => Ok(format!("{}: {}", printed_name("socket.gaierror", world), unknown_name(world))),
        "net.timeout" => Ok(match world.python {
            (3, minor) if minor >= 10 => "TimeoutError: timed out".to_owned(),
            (3, _) => "socket.timeout: timed out".to_owned(),
            _ => "timeout: timed out".to_owned(),
        }),
        "net.certificate" => {
            let source = if two { 726 } else { world.of_version("ssl").between(997, 1129) };
            Ok(if two {
                format!(
                    "SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:{source})"
                )
            } else {
                format!(
                    "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:{source})"
                )
            })
        }
        "http.resolve" => Ok(url_error(&unknown_name(world), world)),
        "http.connect" => Ok(url_error(&socket(find(words.next().unwrap_or_default())?, world), world)),
        "http.certificate" => {
            let source = world.of_version("ssl").between(997, 1129);
            let detail = if two { "" } else { ": self signed certificate in certificate chain" };
            Ok(url_error(
                &format!(
                    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed{detail} (_ssl.c:{source})"
                ),
                world,
            ))
        }
        "http.status" => {
            let said = failure.split_once(' ').map_or("", |(_, said)| said);
            Ok(format!("{}: HTTP Error {said}", printed_name("urllib.error.HTTPError", world)))
        }
        _ => Err(format!("no kind of failure is called `{kind}`")),
    }
}

fn url_error(reason: &str, world: &World) -> String {
    format!("{}: <urlopen error {reason}>", printed_name("urllib.error.URLError", world))
}

fn unknown_name(world: &World) -> String {
    match world.system {
        System::Linux => "[Errno -2] Name or service not known",
        System::Mac => "[Errno 8] nodename nor servname provided, or not known",
        System::WindowsDrive | System::WindowsShare => "[Errno 11001] getaddrinfo failed",
    }
    .to_owned()
}

fn posix(known: &Failure, world: &World) -> String {
    let number = if world.system == System::Mac { known.mac } else { known.linux };
    // Windows' C runtime knows the classic numbers only; a file in use is `EACCES` to it.
    let (number, words) = match (world.system.is_windows(), known.name) {
        (true, "SHARING") => (13, "Permission denied"),
        _ => (number, known.words),
    };
    format!("[Errno {number}] {words}")
}

fn socket(known: &Failure, world: &World) -> String {
    if world.system.is_windows() {
        return windows_text(if world.python.0 == 2 { "Errno" } else { "WinError" }, known, world);
    }
    posix(known, world)
}

fn windows_text(family: &str, known: &Failure, world: &World) -> String {
    let words = match world.language {
        Language::English => known.windows_words[0],
        Language::German => known.windows_words[1],
        Language::French => known.windows_words[2],
        Language::Japanese => known.windows_words[3],
        Language::Korean => known.windows_words[4],
    };
    format!("[{family} {}] {words}", known.windows)
}

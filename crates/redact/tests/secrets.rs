//! Every kind of secret in every spelling that logs show: none survives.
//!
//! One row per kind, as one text with the secret marked. Each is tried as it is and inside the texts that carry other
//! texts: JSON once and twice, percent code, Python's `repr`, tracebacks, lines that end in CRLF.

use redact::{IdentityPolicy, RedactOptions, Redactor};

/// (kind, text before the secret, secret, text behind it)
const ROWS: &[(&str, &str, &str, &str)] = &[
    // The rows of the table of secrets that really appear.
    ("session token", "Session token: ", "a1b2c3d4e5f6a7b8c9d0", ""),
    ("auth request", "{\"auth_request_id\": \"", "q7w8e9r0t1y2", "\", \"url\": \"x\"}"),
    ("session request", "{\"sessionRequestId\": \"", "q7w8e9r0t1y2u3", "\", \"approved\": false}"),
    ("json reply", "{\"sessionToken\": \"", "zz11yy22xx33", "\", \"approved\": true}"),
    ("proxy setting", "http_proxy: ", "joe:hunter2", "@proxy.studio:8080"),
    ("proxy error", "Invalid http_proxy address '", "joe:hun@ter2", "@10.0.0.1:3128'. Valid format is"),
    ("proxy url", "proxy is http://", "joe:hunter2", "@proxy.studio:8080"),
    ("proxy handler", "{'http': 'http://", "joe:hun@ter2", "@proxy.studio:8080'}"),
    (
        "signed url",
        "Failed to open https://s3.example.com/a/b.jpg?",
        "AWSAccessKeyId=ABCD1234&Expires=99&Signature=xYz%3D",
        "",
    ),
    (
        "signed url v4",
        "GET https://s3.example.com/a.mov?",
        "X-Amz-Algorithm=A&X-Amz-Credential=B%2F1&X-Amz-Signature=00ffaa11",
        "",
    ),
    (
        "signed url gcs",
        "PUT https://storage.example.com/b/o?",
        "X-Goog-Credential=svc&X-Goog-Signature=00ffaa11bb",
        "",
    ),
    (
        "signed url azure",
        "PUT https://acct.blob.example.net/c/b.exr?",
        "sv=2022-11-02&se=2026-01-01&sig=abc%2Bdef%3D",
        "",
    ),
    ("cloudfront", "https://cdn.example.com/x.mov?", "Expires=1&Signature=abcd~ef&Key-Pair-Id=K1", ""),
    ("oauth fragment", "https://app.example.com/cb#", "access_token=abcdefgh&state=1", ""),
    ("webhook path", "POST https://ci.example.com/hook/", "0123456789abcdef0123456789abcdef", "/run"),
    ("login body", "{\"script_name\": \"tk\", \"script_key\": \"", "k9k8k7k6", "\"}"),
    ("user body", "{\"user_login\": \"", "joe.artist", "\", \"session_token\": \"x\"}"),
    ("password body", "{\"user_password\": \"", "my pass, word", "\", \"auth_token\": null}"),
    ("auth token", "auth_token='", "998877", "', host='x'"),
    (
        "serialised user",
        "{\"type\": \"SessionUser\", \"data\": {\"login\": \"j\", \"session_token\": \"",
        "0f0f0f0f",
        "\"}}",
    ),
    ("session metadata", "\"session_metadata\": \"", "gAN9cQBYBwAAAGNvb2tpZXM", "\", \"host\": \"x\""),
    (
        "sgtk context",
        "SGTK_CONTEXT=(dp0\\nS'_current_user'\\np1\\nS'session_token'\\np2\\nS'",
        "b1b2b3b4",
        "'\\np3\\ns.",
    ),
    ("sgtk context py3", "Vtype\\np1\\nVsession_token\\np3\\nV", "c1c2c3c4", "\\np4\\ns"),
    (
        "pickle in repr",
        "b'\\x80\\x03}q\\x00X\\r\\x00\\x00\\x00session_tokenq\\x01X\\x08\\x00\\x00\\x00",
        "d1d2d3d4",
        "q\\x02u.'",
    ),
    ("pickle 4 in repr", "b'\\x80\\x04\\x95\\x8c\\rsession_token\\x94\\x8c\\x08", "d5d6d7d8", "\\x94s.'"),
    ("rpc arguments", "Error calling api::open(['joe', {'_session_id': '", "s1e2s3s4", "'}], {})"),
    ("rpc pair", "kwargs items: [('session_token', '", "p1p2p3p4", "'), ('x', 1)]"),
    ("git url", "git clone https://", "oauth2:glpat", "@git.example.com/s/tk-config.git"),
    ("git token url", "remote: https://", "x0x1x2x3", "@git.example.com/s/tk.git not found"),
    ("authorization", "Authorization: Bearer ", "abc.DEF.123-xyz", ""),
    ("authorization dict", "headers={'Authorization': 'Basic ", "am9lOmh1bnRlcjI=", "', 'Accept': '*/*'}"),
    ("authorization other", "authorization: ApiKey ", "00ff11ee22dd", ""),
    ("bearer alone", "sent with Bearer ", "eyJhbGci.J9abc12", " to it"),
    ("ami payload", "{'user_id': 5, 'session_uuid': '", "1b2c3d4e-0000", "', 'ids': [1]}"),
    ("cookie", "Cookie: ", "_session_id=abc; csrf_token_u5=def", ""),
    ("set cookie", "< set-cookie: ", "shotgun_sso_session=abc; path=/", ""),
    ("cookie dict", "{'Cookie': '", "_session_id=abc", "'}"),
    ("csrf", "csrf_token_u88=", "12ab34cd", "; x"),
    ("saml form", "SAMLResponse=", "PHNhbWxwOlJlc3BvbnNlPg%3D%3D", "&RelayState=x"),
    ("saml field", "<input type=\"hidden\" name=\"SAMLResponse\" value=\"", "PHNhbWxwOlJlc3A", "\"/>"),
    ("saml signature", "<ds:SignatureValue>", "mZ9aQ0bb11", "</ds:SignatureValue>"),
    // What the logs of studios hold besides.
    ("aws key id", "using ", "AKIAIOSFODNN7EXAMPLE", " for upload"),
    ("aws secret", "aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY", ""),
    ("jwt", "got ", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w", " back"),
    ("github", "token ghp: ", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", ""),
    ("github fine", "", "github_pat_11ABCDEFG0123456789_abcdefghij", " is set"),
    ("gitlab", "with ", "glpat-abcdefGHIJ0123456789", ""),
    ("slack", "slack ", "xoxb-123456789012-abcDEF", " used"),
    ("slack hook", "https://hooks.slack.com/services/", "T000/B000/XXXXyyyy", ""),
    ("google", "key=", "AIzaSyA1234567890abcdefghijklmnopqrstuv", ""),
    ("sshpass", "running sshpass -p ", "hunter2", " ssh render01"),
    ("curl", "curl -s -u ", "joe:hunter2", " https://x.example/"),
    ("curl list", "['curl', '-u', '", "joe:hunter2", "', 'https://x.example']"),
    ("mysql", "mysql -u root -p", "hunter2", " shots"),
    ("wget", "wget --http-user=joe --http-password=", "hunter2", " https://x.example/a"),
    ("option", "tool --password ", "hunter2", " --verbose"),
    ("option list", "['tool', '--api-key', '", "hunter2", "', '-v']"),
    ("option equals", "tool --token=", "abcd1234efgh5678", " x"),
    ("environment", "SHOTGUN_API_KEY=", "abc123", ""),
    ("environment dump", "environ({'HOME': '/x', 'TK_SCRIPT_KEY': '", "abc123", "', 'LANG': 'C'})"),
    ("database url", "postgres://", "farm:hunter2", "@db.studio:5432/queue"),
    ("azure account", "AccountName=x;AccountKey=", "abcd+efg/hi12==", ";EndpointSuffix=y"),
    ("constructor", "Shotgun('https://studio.example.com', 'toolkit', '", "0a1b2c3d4e", "')"),
    ("constructor keywords", "Shotgun(base_url='x', script_name='y', api_key='", "0a1b2c3d4e", "')"),
    ("form field", "name=\"script_key\"\\r\\n\\r\\n", "0a1b2c3d4e", "\\r\\n--boundary"),
    ("xml", "<password>", "hunter2", "</password>"),
    ("html", "&quot;session_token&quot;: &quot;", "h1h2h3h4", "&quot;"),
    ("yaml", "  api_key: ", "abc123", ""),
    ("comma in it", "password: ", "hun,ter2", " host x"),
    ("known", "value ", "the known / secret+1", " here"),
    ("camel case", "{userPassword: '", "hunter2", "'}"),
    ("net password", "PGPASSWORD=", "hunter2", " psql"),
    ("url encoded", "body: %22session_token%22%3A%20%22", "u1u2u3u4", "%22%2C%22x%22"),
    ("url encoded url", "next=https%3A%2F%2F", "joe%3Ahunter2", "%40proxy.studio%2Fx"),
    ("escaped slashes", "{\"url\": \"https:\\/\\/", "joe:hunter2", "@host\\/x\"}"),
    // As Python, its libraries and shells print them.
    ("member", "<member><name>session_token</name><value><string>", "m1m2m3m4", "</string></value></member>"),
    ("named value", "[{\"name\": \"script_key\", \"value\": \"", "n1n2n3n4", "\"}, {\"name\": \"x\"}]"),
    ("named value of keywords", "Field(name='script_key', value='", "n1n2n3n4", "')"),
    ("auth of requests", "requests.post(url, auth=('joe', '", "hunter2", "'), timeout=5)"),
    ("auth of keywords", "{'timeout': 5, 'auth': ('joe', '", "hunter2", "')}"),
    ("basic auth", "HTTPBasicAuth('joe', '", "hunter2", "')"),
    ("digest auth", "HTTPDigestAuth(u'joe', u'", "hunter2", "')"),
    (
        "cookie in a jar",
        "<RequestsCookieJar[<Cookie shotgun_current=",
        "c1c2c3c4",
        " for studio.example.com/>]>",
    ),
    ("cookie printed", "Cookie(version=0, name='shotgun_current', value='", "c1c2c3c4", "', port=None)"),
    ("cookie of Qt", "QNetworkCookie(\"", "shotgun_current=c1c2c3c4; path=/", "\")"),
    ("simple cookie", "<SimpleCookie: ", "sid='c1c2c3c4'>", ""),
    ("user printed", "SessionUser(login='", "joe.artist", "', session_token='x')"),
    ("variable of an owner", "SG_GITHUB_TOKEN_STUDIO=", "k1k2k3k4k5k6k7k8", ""),
    ("variables in columns", "SHOTGUN_API_KEY           ", "k1k2k3k4k5k6k7k8", ""),
    ("user in base64", "SHOTGUN_DESKTOP_CURRENT_USER=", "gAJ9cQAoVQR0eXBlcQFVC1Nlc3", ""),
    ("context in base64", "'TANK_CONTEXT': '", "KGRwMApTJ19wY19wYXRoJwpw", "'"),
    ("api key refused", "Can't authenticate script 'toolkit' with api key '", "k1k2k3k4k5k6k7k8", "'"),
    ("session token refused", "Invalid session token '", "k1k2k3k4k5k6k7k8", "' for x"),
    ("password said", "the password '", "hunter2x", "' was refused"),
    ("list of header", "{\"Authorization\": [\"Bearer ", "abc.DEF.123-xyz", "\"]}"),
    (
        "descriptor",
        "sgtk:descriptor:git?path=https%3A//",
        "joe%3Ahunter2",
        "%40git.example.com/s/tk.git&version=v1",
    ),
    (
        "descriptor of a token",
        "sgtk:descriptor:git?path=https%3A//",
        "x0x1x2x3",
        "%40git.example.com/s/tk.git",
    ),
    (
        "encoded URL in a query",
        "https://studio.example.com/saml?to=https%3A%2F%2F",
        "joe%3Ahunter2",
        "%40host%2Fx",
    ),
    ("signed URL in a query", "https://a.example.com/x?to=https%3A%2F%2Fs3%2Fa%3F", "Signature%3Dx1y2", ""),
    ("second encoded URL", "https%3A%2F%2Fhost%2Fhttps%3A%2F%2F", "joe%3Ahunter2", "%40host"),
    ("header of curl", "> Proxy-Authorization: Basic ", "am9lOmh1bnRlcjI=", ""),
    (
        "debug of http",
        "send: b'POST /x HTTP/1.1\\r\\nAuthorization: Bearer ",
        "abc.DEF.123-xyz",
        "\\r\\nAccept: */*\\r\\n'",
    ),
    (
        "pool",
        "Max retries exceeded with url: /a.jpg?Expires=17&Signature=",
        "k1k2k3k4k5k6k7k8",
        " (Caused by x)",
    ),
    ("host of a pool", "HTTPConnectionPool(host='", "joe:hunter2", "@10.0.0.1', port=3128)"),
    ("host and port", "tunnel to ", "joe:hunter2", "@cache:3128 failed"),
    ("cookie of curl", "curl -s -b \"", "sid=c1c2c3c4", "\" https://x.example"),
    ("field with a type", "<input name=\"password\" type=\"password\" value=\"", "hunter2", "\"/>"),
    ("session token aligned", "Session token : ", "a1b2c3d4e5f6a7b8c9d0", ""),
    ("coloured", "\u{1b}[33mSession token:\u{1b}[0m ", "a1b2c3d4e5f6a7b8c9d0", ""),
    ("coloured name", "password=\u{1b}[1;31m", "hunter2", "\u{1b}[0m"),
    ("program behind a phrase", "Session token: sshpass -p ", "s3same123", " ssh render01"),
    ("proxy of curl", "curl -x ", "joe:hunter2", "@proxy.studio:3128 https://x.example"),
];

/// What names people; off in no setting of these tests.
const PEOPLE: &[(&str, &str, &str, &str)] = &[
    ("home", "in /home/", "joe", "/x.py"),
    ("home mac", "in /Users/", "joe.smith", "/Library/x"),
    ("home windows", "in C:\\Users\\", "First Last", "\\AppData\\x"),
    ("home profile", "in \\\\srv\\profiles$\\", "joe", "\\x"),
    ("home encoded in a URL", "u=file%3A%2F%2F%2Fhome%2F", "joe", "%2Fx"),
    ("profile encoded", "u=%5C%5Csrv%5Cprofiles%24%5C", "joe", "%5Cx"),
    ("home encoded", "u=%2Fhome%2F", "joe", "%2Fx"),
    ("e-mail", "to ", "joe.smith@studio.example.com", " now"),
    ("e-mail encoded", "u=", "joe.smith%40studio.example.com", "&x"),
];

fn redactor() -> Redactor {
    let options = RedactOptions { identity: IdentityPolicy::default(), ..RedactOptions::default() };
    Redactor::with_options(vec!["the known / secret+1".into()], options)
}

fn json(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "\\r").replace('\n', "\\n")
}

fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The texts that carry a text, with how each spells what it carries.
type Spelling = fn(&str) -> String;
const CARRIERS: &[(&str, &str, Spelling, &str)] = &[
    ("plain", "", str::to_owned, ""),
    ("record", "2026-01-14 19:49:11,961 [2764 DEBUG sgtk.core] ", str::to_owned, "\r\n"),
    ("json", "{\"message\": \"", json, "\", \"level\": \"INFO\"}"),
    ("json twice", "{\\\"message\\\": \\\"", |text| json(&json(text)), "\\\", \\\"x\\\": 1}"),
    ("traceback", "    raise ValueError(\"", str::to_owned, "\")"),
    ("exception", "ValueError: ", str::to_owned, ""),
    ("repr", "b'", |text| text.replace('\\', "\\\\").replace('\'', "\\'"), "'"),
    ("lines", "before\r\n", str::to_owned, "\r\nbehind\r\n"),
];

#[test]
fn no_secret_survives_in_any_text_that_carries_it() {
    let mut leaks = Vec::new();
    for (kind, before, secret, behind) in ROWS.iter().chain(PEOPLE) {
        for (carrier, open, spell, close) in CARRIERS {
            let text = format!("{open}{}{close}", spell(&format!("{before}{secret}{behind}")));
            let redacted = redactor().redact(&text);
            if redacted.text.contains(&spell(secret)) || redacted.counts.is_empty() {
                leaks.push(format!("{kind} in {carrier}: {text} -> {}", redacted.text));
            }
            let again = redactor().redact(&redacted.text);
            if again.text != redacted.text {
                leaks.push(format!("{kind} in {carrier} changes twice: {} -> {}", redacted.text, again.text));
            }
        }
    }
    assert!(leaks.is_empty(), "{} of {}:\n{}", leaks.len(), ROWS.len() * CARRIERS.len(), leaks.join("\n"));
}

/// Rules that need the shape of a header or a sentence do not read percent code; these do.
#[test]
fn percent_code_hides_nothing() {
    let skipped = [
        // A sentence or a command in percent code is none that anybody writes.
        "bearer alone",
        "aws key id",
        "sshpass",
        "curl",
        "curl list",
        "auth of keywords",
        "mysql",
        "option",
        "option list",
        "html",
        "pickle in repr",
        "pickle 4 in repr",
        "proxy of curl",
        "program behind a phrase",
        "cookie of curl",
        "coloured",
        "coloured name",
        "host of a pool",
        "host and port",
    ];
    let mut leaks = Vec::new();
    for (kind, before, secret, behind) in ROWS.iter().filter(|row| !skipped.contains(&row.0)) {
        let text = format!("body={}", percent(&format!("{before}{secret}{behind}")));
        let redacted = redactor().redact(&text);
        if redacted.text.contains(&percent(secret)) {
            leaks.push(format!("{kind}: {text} -> {}", redacted.text));
        }
    }
    assert!(leaks.is_empty(), "{}:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn a_pickle_of_several_lines_loses_its_values() {
    let text = "SGTK_CONTEXT=(dp0\nVlogin\np1\nVjoe\np2\nsVsession_token\np3\nVabcdef0123\np4\ns.\n";
    let redacted = redactor().redact(text);
    assert!(!redacted.text.contains("abcdef0123"), "{}", redacted.text);
    assert_eq!(redactor().redact(&redacted.text).text, redacted.text);
    let text = "(dp0\nS'script_key'\np1\nS'abcdef0123'\np2\ns.\n";
    assert_eq!(redactor().redact(text).text, "(dp0\nS'script_key'\np1\nS'<secret>'\np2\ns.\n");
}

/// Text that no rule may touch.
const STAYS: &[&str] = &[
    "author: Joe, authenticated as administrator",
    "basic configuration of the publisher",
    "Basic configuration2 loaded",
    "Using basic authentication for the proxy",
    "git@github.com:studio/tk-config.git",
    "name@0x7f12ab34 and <Foo object at 0x7f>",
    "    @property",
    "@decorator.with_args(password=None)",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "/tmp/0123456789abcdef0123456789abcdef/tk-core/x.py",
    "bundle_cache/tmp/0123456789abcdef0123456789abcdef",
    "tkimp0123456789abcdef0123456789abcdef.item",
    "password=None, api_key=None, session_token=''",
    "session_token: <missing>, auth_token = <unset>",
    "token_type: bearer, expires_in: 3600",
    "tokenize the template, tokens: 12, tokenizer=x",
    "session tokens are kept for a day",
    "the session token is not valid any more",
    "Your session token has expired, please log in again",
    "InvalidToken: the token was rejected by the site",
    "AuthenticationFault: Can't authenticate user 'joe'",
    "InvalidPassword: The password is wrong",
    "Unexpected token: '}' at line 3",
    "SyntaxError: unexpected token at 12",
    "KeyError: 'session_token'",
    "AttributeError: 'NoneType' object has no attribute 'session_token'",
    "    session_token=session_token,",
    "    password=self._password)",
    "    api_key = self.get_api_key()",
    "    token = request.headers.get(\"x\")",
    "    def login(self, user, password=None, token=None):",
    "    http_proxy=self.http_proxy,",
    "    self._session_token = user.get_session_token()",
    "password: str, token: Optional[str]",
    "password=%s, token={token}, api_key=${KEY}",
    "PWD=/mnt/projects/show/shots OLDPWD=/tmp",
    "pass: beauty, render_pass=diffuse, 'pass': 'spec'",
    "Proxy: None",
    "proxy server: proxy.studio:8080",
    "Creating proxy for sequence sq010 at 50%",
    "the cookie jar is empty; cookies: enabled",
    "https://studio.example/page/1234?page=2&sort=name",
    "https://studio.example/detail/Shot/1234#notes",
    "https://developer.example.com/tk-core/bootstrap.html?highlight=session",
    "login: joe",
    "Login required. Key: value",
    "user joe logged in from Asia/Seoul",
    "Signature: (path, *, frame=None)",
    "signature=g1:0123",
    "curl: (6) Could not resolve host",
    "curl -u joe https://x.example",
    "curl -b cookies.txt -x proxy.studio:3128 https://x.example",
    "license 27000@lic01.studio.example and 5053@lic02:8080",
    "git clone git@10.0.0.1:studio/tk.git",
    "scp joe@render01:2222 and joe@10.0.0.1:x",
    "at 12:30@10.0.0.1",
    "ssh -p 2222 render01",
    "mkdir -p /mnt/x",
    "skip-proxy and no_proxy=localhost,127.0.0.1",
    "Shotgun('https://studio.example.com')",
    "gun('a', 'b', 'c')",
    "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] failed",
    "C:\\Users\\Public\\Documents and C:\\Users\\",
    "https://studio.example/home/joe",
    "<secret> and <secret:key_value> and <email>",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN something else",
    "eyJ is how JSON begins in base64",
    "AKIA is a prefix",
    "session_id",
    "Secret Weapon: shot 12",
    "TypeError: login() missing 1 required positional argument: 'password'",
    "The password field is required",
    "secret=yes token=abc",
];

#[test]
fn ordinary_text_stays() {
    let redactor = redactor();
    let mut changed = Vec::new();
    for text in STAYS {
        for text in [(*text).to_owned(), format!("{text}\r\n"), format!("x {text} y")] {
            let redacted = redactor.redact(&text);
            if redacted.text != text {
                changed.push(format!("{text} -> {} {:?}", redacted.text, redacted.counts));
            }
        }
    }
    assert!(changed.is_empty(), "{}:\n{}", changed.len(), changed.join("\n"));
}

#[test]
fn guessing_by_randomness_is_a_choice() {
    let text = "id 9f8e7d6c5b4a39281706f5e4d3c2b1a0 and q7Wx9Zk2Lm5Np8Rt4Vy6Bc3D in /a/b/c and tk-multi-publish2_v2.10.8_long_name";
    assert_eq!(redactor().redact(text).text, text);
    let guessing =
        Redactor::with_options(Vec::new(), RedactOptions { entropy: true, ..RedactOptions::default() });
    let redacted = guessing.redact_named(text);
    assert_eq!(
        redacted.text,
        "id <secret:entropy> and <secret:entropy> in /a/b/c and tk-multi-publish2_v2.10.8_long_name"
    );
    assert_eq!(guessing.redact_named(&redacted.text).text, redacted.text);
}

#[test]
fn names_of_shows_become_their_place_in_the_list() {
    let options = RedactOptions {
        shows: vec!["Big Movie".into(), String::new(), "bm2".into(), "show".into()],
        ..RedactOptions::default()
    };
    let redactor = Redactor::with_options(Vec::new(), options);
    let text = "/mnt/big_movie/bm2_sh010 Big%20Movie BM2 bm20 xbm2 show";
    let redacted = redactor.redact(text);
    assert_eq!(redacted.text, "/mnt/<show-1>/<show-3>_sh010 <show-1> <show-3> bm20 xbm2 <show-4>");
    assert_eq!(redacted.counts.get("show"), 5);
    assert_eq!(redactor.redact(&redacted.text).text, redacted.text);
}

#[test]
fn logins_with_blanks_are_known() {
    let options = RedactOptions { logins: vec!["joe smith".into()], ..RedactOptions::default() };
    let redactor = Redactor::with_options(Vec::new(), options);
    assert_eq!(redactor.redact("in /Users/joe smith/Library/x").text, "in ~/Library/x");
}

#[test]
fn a_line_that_is_too_long_keeps_its_beginning_only() {
    let secret = "sk_live_abcdefgh01234567";
    let line = format!("2026 DEBUG dump {}{secret} password=hunter2", "word ".repeat(100_000));
    let text = format!("before\n{line}\nbehind\n");
    let redacted = redactor().redact_named(&text);
    let lines: Vec<&str> = redacted.text.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[2]), (3, "before", "behind"));
    assert!(lines[1].starts_with("2026 DEBUG dump word") && lines[1].ends_with(" <secret:long_line>"));
    assert!(lines[1].len() < 33_000 && !redacted.text.contains("hunter2"));
    assert_eq!(redacted.counts.get("long_line"), 1);
    assert_eq!(redactor().redact_named(&redacted.text).text, redacted.text);
    // A value that lies over the cut does not leave its beginning.
    for at in 32_740..32_775 {
        let line = format!("{} the known / secret+1{}", "x".repeat(at - 1), " y".repeat(200_000));
        let redacted = redactor().redact(&line);
        assert!(!redacted.text.contains("the known") && !redacted.text.contains("secret+"), "cut at {at}");
    }
    let last = redactor().redact(&"z".repeat(300_000)).text.into_owned();
    assert_eq!(last.trim(), "<secret>");
}

#[test]
fn half_a_secret_at_the_end_of_what_was_written_so_far_goes() {
    // (text so far, what may stay of it)
    let rows = [
        ("Using proxy http://joe:hunt", "Using proxy http://<secret>"),
        ("http_proxy: joe:hunt", "http_proxy: joe:<secret>"),
        ("Invalid http_proxy address 'joe:p8by", "Invalid http_proxy address 'joe:<secret>"),
        ("git clone https://ghx0tok", "git clone https://<secret>"),
        ("path=https%3A//joe%3Ahun", "path=https%3A//<secret>"),
        ("{\"login\": \"h7hu9mk5kr", "{\"login\": \"<secret>"),
        ("Invalid session token 'w3zm8kj4", "Invalid session token '<secret>"),
        ("with url: /a.jpg?Expires=17&Signature=b2Dt8Kw7", "with url: /a.jpg?Expires=17&Signature=<secret>"),
        ("session_token=abc", "session_token=<secret>"),
    ];
    let redactor = redactor();
    for (text, wanted) in rows {
        let redacted = redactor.redact_unfinished(text);
        assert_eq!(redacted.text, wanted, "of {text}");
        assert!(!redacted.counts.is_empty());
        assert_eq!(redactor.redact_unfinished(&redacted.text).text, wanted);
    }
    for text in [
        "ValueError: no frames in sh010_v003.ma",
        "PermissionError: [Errno 13] Permission denied: '/mnt/show/sh010_a1b2c3.ma'",
        "  File \"/a/b.py\", line 12, in check_range",
        "ValueError: bad range",
        "Could not open tk-multi-publish2_v2",
        "at https://studio.example.com/detail/Shot/1234",
        "KeyError: 12345678",
        "TypeError:",
        "",
        "Using proxy http://joe:hunt\n",
    ] {
        let redacted = redactor.redact_unfinished(text);
        assert_eq!(redacted.text, text);
        assert_eq!(redactor.redact_named_unfinished(text).text, text);
    }
}

//! What is planted: the ways in which secrets really appear in logs, and the texts that carry such texts.

/// Where the secret stands in a row.
pub(crate) const HOLE: &str = "§";
/// A name of a row, and the text. In letters, so that each is a problem of its own.
pub(crate) const ROWS: &[(&str, &str)] = &[
    // Session token in clear text.
    ("token_said", "Session token: §"),
    ("token_said_in_prose", "Found a cached session token is § for this host"),
    ("token_refused", "Invalid session token '§' for https://studio.example.com"),
    // Auth request id, whole replies.
    (
        "auth_request",
        "Got response: {\"sessionRequestId\": \"§\", \"url\": \"https://studio.example.com/app_session_request/\"}",
    ),
    ("auth_reply", "{'approved': True, 'sessionToken': '§', 'userLogin': 'joe'}"),
    ("auth_polling", "Polling https://studio.example.com/internal_api/app_session_request/§1234567890123456"),
    ("auth_id", "auth_request_id: §"),
    // Proxy with a password.
    ("proxy_setting", "http_proxy: joe:§@proxy.studio:8080"),
    ("proxy_url", "Using proxy http://joe:§@proxy.studio:3128 to connect"),
    (
        "proxy_refused",
        "Invalid http_proxy address 'joe:§@10.0.0.1:31x'. Valid format is '123.456.789.012' or '123.456.789.012:3456'",
    ),
    ("proxy_with_mark", "http_proxy joe:§@§@10.0.0.1:3128"),
    (
        "proxy_handler",
        "proxies={'http': 'http://joe:§@proxy.studio:8080', 'https': 'http://joe:§@proxy.studio:8080'}",
    ),
    ("proxy_environment", "HTTPS_PROXY=http://joe:§@proxy.studio:3128"),
    ("proxy_of_windows", "set HTTP_PROXY=joe:§@proxy.studio:3128"),
    ("proxy_header", "Proxy-Authorization: Basic §"),
    ("proxy_of_curl", "curl -x joe:§@proxy.studio:3128 https://studio.example.com"),
    // Signed storage.
    (
        "storage_opened",
        "Failed to open https://sg-media.s3.example.com/a/b.jpg?AWSAccessKeyId=AKIAI44QH8DHBEXAMPLE&Expires=1768&Signature=§%3D",
    ),
    (
        "storage_signed",
        "PUT https://sg-media.s3.example.com/a.mov?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=§&X-Amz-Signature=§",
    ),
    (
        "storage_of_pool",
        "HTTPSConnectionPool(host='sg-media.s3.example.com', port=443): Max retries exceeded with url: /a.jpg?Expires=17&Signature=§ (Caused by NewConnectionError('x'))",
    ),
    (
        "storage_escaped",
        "<Url>https://sg-media.example.com/a?Expires=1768&amp;Signature=§&amp;Key-Pair-Id=K1</Url>",
    ),
    ("storage_shared", "https://acct.blob.example.net/c/b.exr?sv=2022-11-02&se=2026-01-01&sig=§"),
    // Login, password, keys in the bodies of requests.
    (
        "body_of_script",
        "Request is {\"method_name\": \"read\", \"params\": [{\"script_name\": \"toolkit\", \"script_key\": \"§\"}, {\"type\": \"Shot\"}]}",
    ),
    (
        "body_of_user",
        "Request is {'params': [{'user_login': 'joe', 'user_password': '§', 'auth_token': '§'}]}",
    ),
    ("body_of_session", "POST /api3/json body: {\"session_token\": \"§\"}"),
    ("body_of_form", "grant_type=password&username=joe&password=§&auth_token=§"),
    (
        "body_of_client",
        "{\"grant_type\": \"client_credentials\", \"client_id\": \"toolkit\", \"client_secret\": \"§\"}",
    ),
    (
        "body_of_reply",
        "{\"token_type\":\"Bearer\",\"access_token\":\"§\",\"expires_in\":36000,\"refresh_token\":\"§\"}",
    ),
    ("body_of_pair", "[{\"name\": \"script_key\", \"value\": \"§\"}, {\"name\": \"x\", \"value\": \"y\"}]"),
    ("body_in_xml", "<member><name>session_token</name><value><string>§</string></value></member>"),
    ("body_in_tag", "<ScriptKey>§</ScriptKey>"),
    ("body_in_yaml", "  api_key: \"§\""),
    ("body_in_bytes", "{b'session_token': b'§'}"),
    ("key_of_constructor", "sg = shotgun_api3.Shotgun('https://studio.example.com', 'toolkit', '§')"),
    ("key_of_keyword", "Shotgun(base_url='https://studio.example.com', script_name='toolkit', api_key='§')"),
    ("key_of_environment", "environ({'HOME': '/x', 'TK_SCRIPT_KEY': '§', 'LANG': 'C'})"),
    ("key_in_columns", "SHOTGUN_API_KEY                §"),
    ("key_of_option", "tank --script-key § setup_project"),
    ("key_refused", "Can't authenticate script 'toolkit' with api key '§'"),
    // Serialised user and context.
    (
        "user_as_json",
        "SHOTGUN_DESKTOP_CURRENT_USER={\"type\": \"SessionUser\", \"data\": {\"http_proxy\": null, \"login\": \"§\", \"session_token\": \"§\"}}",
    ),
    ("user_as_pickle", "SHOTGUN_DESKTOP_CURRENT_USER=(dp0\\nS'session_token'\\np1\\nS'§'\\np2\\ns."),
    ("user_as_base", "SHOTGUN_DESKTOP_CURRENT_USER=gAJ9cQAoVQR0eXBl§§"),
    (
        "context_as_json",
        "SGTK_CONTEXT={\"project\": {\"type\": \"Project\", \"id\": 1}, \"_pc_user\": {\"login\": \"§\", \"session_token\": \"§\"}}",
    ),
    ("context_as_base", "'TANK_CONTEXT': 'KGRwMApTJ19wY19wYXRoJwpw§§'"),
    ("user_printed", "SessionUser(login='§', session_token='§', host='https://studio.example.com')"),
    // Arguments of calls.
    ("call", "Error calling sites::open(['joe', {'_session_id': '§'}], {'password': '§'})"),
    ("call_pair", "kwargs items: [('session_token', '§'), ('x', 1)]"),
    ("call_auth", "requests.post(url, auth=('joe', '§'), timeout=5)"),
    ("call_basic", "<HTTPBasicAuth> HTTPBasicAuth('joe', '§')"),
    // Git, Authorization.
    ("git_token", "git clone https://§@git.example.com/studio/tk-config.git failed"),
    (
        "git_user",
        "fatal: unable to access 'https://x-access-token:§@git.example.com/s/tk.git/': The requested URL returned error: 403",
    ),
    (
        "git_descriptor",
        "sgtk:descriptor:git?path=https%3A//joe%3A§%40git.example.com/s/tk.git&version=v1.0.0",
    ),
    (
        "git_fields",
        "{'type': 'git_branch', 'path': 'https://joe:§@git.example.com/s/tk.git', 'branch': 'main'}",
    ),
    ("git_header", "git -c http.extraHeader=\"AUTHORIZATION: basic §\" fetch"),
    ("git_environment", "SG_GITHUB_TOKEN_STUDIO=§"),
    ("header_bearer", "Authorization: Bearer §"),
    ("header_of_dict", "{'Authorization': 'Bearer §', 'Accept': 'application/json'}"),
    ("header_of_list", "{\"Authorization\": [\"Bearer §\"], \"Accept\": [\"*/*\"]}"),
    ("header_of_curl", "> Authorization: Basic §"),
    (
        "header_sent",
        "send: b'POST /api/v1/auth HTTP/1.1\\r\\nHost: studio.example.com\\r\\nAuthorization: Bearer §\\r\\nAccept: */*\\r\\n\\r\\n'",
    ),
    ("header_of_key", "curl -H \"X-Api-Key: §\" https://studio.example.com"),
    ("url_of_token", "GET /api/v1/schema?access_token=§ HTTP/1.1"),
    (
        "url_in_url",
        "https://studio.example.com/saml?return_to=https%3A%2F%2Fhost%2Fx%3Fsession_token%3D§%26y%3D1",
    ),
    ("url_with_password", "https://studio.example.com/login?user=joe&password=§#top"),
    // Payload of an action menu item.
    ("action_payload", "{'user_id': 5, 'user_login': 'joe', 'session_uuid': '§', 'ids': '1,2'}"),
    ("action_url", "shotgrid://process?user_login=joe&session_uuid=§&selected_ids=1"),
    // Cookies, single sign-on.
    ("cookie_sent", "Cookie: _session_id=§; csrf_token_u5=§"),
    ("cookie_set", "< set-cookie: shotgun_sso_session=§; path=/; HttpOnly"),
    ("cookie_of_dict", "{'Set-Cookie': 'sid=§; path=/', 'Date': 'x'}"),
    ("cookie_jar", "<RequestsCookieJar[<Cookie shotgun_current=§ for studio.example.com/>]>"),
    ("cookie_printed", "Cookie(version=0, name='shotgun_current', value='§', port=None)"),
    ("cookie_of_qt", "QNetworkCookie(\"shotgun_current=§; domain=studio.example.com; path=/\")"),
    ("cookie_of_debug", "header: Set-Cookie: sid=§; path=/"),
    ("sso_form", "SAMLResponse=§%3D%3D&RelayState=x"),
    ("sso_field", "<input type=\"hidden\" name=\"SAMLResponse\" value=\"§\"/>"),
    ("sso_claims", "csrf-token: §"),
    ("sso_metadata", "'session_metadata': '§'"),
    // Who someone is.
    ("home_linux", "/home/§/projects/x.ma"),
    ("home_mac", "/Users/§/Library/Caches/Shotgun"),
    ("home_windows", "C:\\Users\\§\\AppData\\Roaming\\Shotgun"),
    ("home_server", "\\\\filer\\profiles$\\§\\prefs"),
    ("home_in_url", "file:///home/§/x.ma"),
    ("mail", "mail from §@studio.example.com bounced"),
];

/// Writes a text into another one.
type Form = fn(&str) -> String;

/// The texts that carry texts, by name.
pub(crate) const FORMS: &[(&str, Form)] = &[
    ("raw", str::to_owned),
    ("json", |text| format!("{{\"message\": \"{}\", \"level\": 10}}", json(text))),
    ("json_twice", |text| format!("{{\"body\": \"{{\\\"message\\\": \\\"{}\\\"}}\"}}", json(&json(text)))),
    ("encoded", |text| format!("body={}", percent(text, ""))),
    ("bytes", |text| format!("b'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))),
];

pub(crate) fn json(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

pub(crate) fn percent(text: &str, keep: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b) || keep.as_bytes().contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks_exact(6)
        .map(|six| char::from(DIGITS[six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit))]))
        .collect()
}

//! An ordinary log, in the manner of Toolkit, its applications and hosts at DEBUG and INFO: fewer than one line in two
//! hundred changes.
//!
//! A line counts as changed when a rule for secrets changes it, although there is no secret in it. Home folders and e-mail
//! addresses are replaced on purpose; the second test holds that nothing else goes when those rules run.

use redact::{IdentityPolicy, Redactor};

/// Shapes of lines. `{n}` is a number, `{v}` a version, `{s}` a shot, `{h}` forty hexadecimal digits, `{u}` an id, `{w}` a
/// word, `{p}` a path of the studio.
const LINES: &[&str] = &[
    // The core of Toolkit.
    "DEBUG sgtk.core.bootstrap] Resolving the configuration for project {n} with the plugin id basic.maya",
    "DEBUG sgtk.core.bootstrap] Cached configuration found at {p}/cfg, token of the descriptor: {w}",
    "DEBUG sgtk.core.deploy_descriptor] <Descriptor tk-multi-publish2 v2.{n}.{v}> is in the bundle cache",
    "DEBUG sgtk.core.descriptor] Path sgtk:descriptor:app_store?name=tk-multi-loader2&version=v1.{v}.{n}",
    "DEBUG sgtk.core.descriptor] sgtk:descriptor:git?path=git@github.com:studio/tk-config.git&version=v{v}",
    "DEBUG sgtk.core.descriptor] sgtk:descriptor:git_branch?branch=main&path=https://git.studio.example/tk.git&version={h}",
    "DEBUG sgtk.core.descriptor] sgtk:descriptor:github_release?organization=studio&private=true&repository=tk-{w}&version=v{v}",
    "INFO sgtk.core.descriptor] git clone -q \"https://github.com/studio/tk-{w}.git\" \"{p}/bundle_cache/tmp/{u}\" took {n} ms",
    "DEBUG sgtk.core.descriptor] commit {h} is on branch main",
    "DEBUG sgtk.core.path_cache] Synced {n} folders, last event log id {n}{n}",
    "DEBUG sgtk.core.path_cache] SELECT path, root FROM path_cache WHERE entity_type='Shot' AND entity_id={n}",
    "DEBUG sgtk.core.template] Template {w}_publish: shots/{Sequence}/{Shot}/{Step}/publish/{name}.v{version}.ma",
    "DEBUG sgtk.core.template] Fields for {p}/{s}_v{v}.ma: {'Shot': '{s}', 'version': {v}, 'Step': 'anm', 'name': 'main'}",
    "DEBUG sgtk.core.templatekey] Invalid value for key {w}: token {w} is not in the choices",
    "DEBUG sgtk.core.authentication] Connecting to https://studio.example.com as joe",
    "DEBUG sgtk.core.authentication] session cache: current user is joe, no http proxy",
    "DEBUG sgtk.core.authentication] Login cache of the site has {n} entries",
    "DEBUG sgtk.core.authentication] User 'joe' is authenticated; session metadata: None",
    "DEBUG sgtk.core.authentication] Credentials were validated in {n} ms",
    "DEBUG sgtk.core.authentication] api_key=None, session_token=None, http_proxy=None",
    "INFO sgtk.core.authentication] The password dialog was cancelled by the user",
    "DEBUG sgtk.core.shotgun] Creating a connection, proxy: None, timeout {n}",
    "DEBUG sgtk.core.shotgun] find Shot [['code', 'is', '{s}']] ['id', 'code', 'sg_status_list', 'project']",
    "DEBUG sgtk.core.shotgun] Found {'type': 'Shot', 'id': {n}, 'code': '{s}', 'project': {'type': 'Project', 'id': {v}, 'name': 'bunny'}}",
    "DEBUG sgtk.core.shotgun] summarize Version in {n} ms, {v} results, page={v}",
    "DEBUG sgtk.core.shotgun] https://studio.example.com/detail/Shot/{n}#shot_{n}_notes",
    "DEBUG sgtk.core.shotgun] https://studio.example.com/page/{n}?page={v}&sort=code&entity_type=Version",
    "DEBUG sgtk.core.metrics] Posting {n} metrics to https://studio.example.com/api3/track_metrics/",
    "DEBUG sgtk.core.metrics] {'event_name': 'Launched Action', 'event_group': 'Toolkit', 'uuid': '{u}', 'user_id': {n}}",
    "DEBUG sgtk.core.platform.engine] Engine tk-maya:{w} was initialised with context Shot {s}, Step anm",
    "DEBUG sgtk.core.platform.engine] register_command Publish... {'short_name': 'publish', 'app': <tk-multi-publish2>, 'type': None}",
    "DEBUG sgtk.core.platform.engine] menu item {w}/{w} has key sequence Ctrl+Shift+{v}",
    "DEBUG sgtk.core.platform.bundle] Importing {p}/tk_{w}/__init__.py with uuid {u}",
    "DEBUG sgtk.core.platform.bundle] Setting collector_settings: {'Work Template': None, 'keys': ['{w}', '{w}']}",
    "DEBUG sgtk.core.hook] Executing <function execute at 0x7f{n}a2b3> of {p}/hooks/{w}.py",
    "DEBUG sgtk.core.env] {p}/config/env/shot_step.yml: settings.tk-maya.shot_step (apps.tk-multi-{w}.location)",
    "DEBUG sgtk.core.util.filesystem] chmod 0o{v} {p}/cache/{w}.db",
    "DEBUG sgtk.core.util.process] ['{p}/tank', 'Shot', '{n}', 'launch_maya', '--key={w}']",
    "DEBUG sgtk.core.util.storage] primary: {'mac_path': '/Volumes/prod', 'linux_path': '/mnt/prod', 'windows_path': 'P:\\\\prod'}",
    // Desktop.
    "INFO sgtk.tk-desktop] Running desktop {v}.{n} with python 3.11.{v}, Qt 5.15.{v}, pid {n}",
    "DEBUG sgtk.tk-desktop] current project is bunny ({n}), theme #{n}2f3e, icon {p}/icon_256.png",
    "DEBUG sgtk.tk-desktop.communication] call open_project([{n}], {}) took {n} us",
    "DEBUG sgtk.tk-desktop.communication] channel tk-desktop/{u} is up on 127.0.0.1:{n}",
    "INFO sgtk.tk-desktop.browser] host aliases: ['localhost', 'bunny-{n}.studio.example'], certificate valid until 2027-0{v}-01",
    "DEBUG sgtk.tk-desktop.browser] websocket opened by https://studio.example.com, protocol version {v}",
    "DEBUG sgtk.tk-desktop.browser] {'id': {n}, 'protocol_version': {v}, 'command': {'name': 'get_actions', 'data': {'entity_id': {n}}}}",
    "DEBUG sgtk.tk-desktop] update available: tk-framework-desktopserver v1.{v}.{n}, released by the app store",
    "DEBUG sgtk.tk-desktop] the cookies of the browser are kept by the system",
    "DEBUG sgtk.tk-desktop] signing in by the system browser, {n} s until the request expires",
    // Applications.
    "INFO sgtk.env.project.tk-maya.tk-multi-publish2] Publishing {s}_anm_v{v}.ma, {n} items, {v} tasks",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-publish2] Session publish of {p}/{s}.v{v}.ma by plugin 'Publish to Flow'",
    "INFO sgtk.env.project.tk-maya.tk-multi-publish2] Maya session collected: 'Current Maya Session' at {p}",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-publish2] item properties: {'sequence_paths': None, 'path': '{p}', 'token_count': {v}}",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-publish2] Validation of 'Upload for review' passed: True",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-loader2] thumbnail {p}/thumbs/{n}/{u}.png loaded, key (Shot, {n})",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-loader2] Tree item <PublishModelItem key='{n}' at 0x7f{n}>",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-workfiles2] File keys: ('{s}', 'main', {v}), versions up to {v}",
    "INFO sgtk.env.project.tk-maya.tk-multi-workfiles2] Saving scene {p}/work/{s}_main_v{v}.ma",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-breakdown2] reference {w}RN is at version {v}, latest {n}",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-shotgunpanel] current user is {'type': 'HumanUser', 'id': {n}, 'name': 'Joe'}",
    "DEBUG sgtk.env.project.tk-maya.tk-multi-setframerange] {n}-{n}{v} differs from the scene, fps 24.0",
    "DEBUG sgtk.env.project.tk-nuke.tk-multi-reviewsubmission] slate of {s}: author, date and version tokens filled in",
    "DEBUG sgtk.env.project.tk-nuke.tk-nuke-writenode] proxy render path of {w}{v}: {p}/proxy/{s}.%04d.exr",
    "DEBUG sgtk.env.project.tk-nuke.tk-nuke-writenode] Proxy mode is off, proxy scale 0.{v}, proxy type jpeg",
    "DEBUG sgtk.env.project.tk-nuke.tk-nuke-quickdailies] Rendering {s}.{n}.exr, pass: beauty, layers rgba,depth,N",
    "DEBUG sgtk.env.project.tk-houdini.tk-houdini-alembicnode] node /obj/{w}{v}/out_{w} has key frames at {n}, {v}",
    "DEBUG sgtk.qt_tank] The cursor left the widget {w}_button after {n} ms",
    "DEBUG sgtk.fw.shotgunutils] cache key {h}: {p}/sg/sg_{h}.pickle",
    "DEBUG sgtk.fw.shotgunutils] Loaded {n} entities from {p}/sg/{u}.sg, schema key {w}",
    "DEBUG sgtk.fw.qtwidgets] search completer: 'basic lighting' gave {n} results",
    "DEBUG sgtk.fw.widget] overlay spinner {v} of {n}, secret handshake icon theme '{w}'",
    // Maya.
    "INFO sgtk.env.project.tk-maya] // File read in {v}.{n} seconds. //",
    "INFO sgtk.env.project.tk-maya] setKeyframe -attribute translateX -t {n} -v {v}.{n} |{w}_grp|{w}_ctl;",
    "DEBUG sgtk.env.project.tk-maya] {w}_geo.f[{n}:{n}{v}] has UV set map{v}, shading group {w}SG",
    "INFO sgtk.env.project.tk-maya] workspace -o \"{p}\"; optionVar -sv lastLocalWS \"{w}\";",
    "INFO sgtk.env.project.tk-maya] Warning: (kInvalidParameter): No element at given index {n}",
    "INFO sgtk.env.project.tk-maya] [mtoa] session {n} started, license checked out from 27080@lic{v}.studio.example",
    "INFO sgtk.env.project.tk-maya] [arnold] 00:00:0{v} {n}MB | authoring basic shader '{w}_mtl', key light intensity {v}",
    "INFO sgtk.env.project.tk-maya] plug-in {w}.mll loaded, vendor 'Autodesk, Inc.', api version {n}2026",
    // Nuke.
    "INFO sgtk.env.project.tk-nuke] Nuke 15.{v}v{n}, 64 bit, built Feb {v} 2026, plugin path {p}",
    "INFO sgtk.env.project.tk-nuke] Write{v}: frame {n} ({v} of {n}) took 0.{n}s, 'colorspace' 'ACES - ACEScg'",
    "DEBUG sgtk.env.project.tk-nuke] Keyer{v} {operation 'luminance keyer' range {0 0.{n} 1 1} xpos -{n} ypos {v}}",
    "DEBUG sgtk.env.project.tk-nuke] set cut_paste_input [stack 0]; push $N{n}f{v}; name {w}{v}",
    "DEBUG sgtk.env.project.tk-nuke] Root {proxy_type scale proxy_format \"1024 778 0 0 1024 778 1 1K_Super_35(full-ap)\"}",
    // Houdini.
    "INFO sgtk.env.project.tk-houdini] /out/mantra{v}: rendering frame {n}, {v} tokens in the command line",
    "DEBUG sgtk.env.project.tk-houdini] HOUDINI_PATH={p}/houdini;& HOUDINI_OTLSCAN_PATH={p}/otls;&",
    "DEBUG sgtk.env.project.tk-houdini] hou.session has {n} functions, hipFile {p}/{s}_fx_v{v}.hip",
    "DEBUG sgtk.env.project.tk-houdini] pdg: work item {w}_{n} cooked, signature of the node {h}",
    // Other hosts and the system.
    "INFO sgtk.env.project.tk-photoshopcc] adobe bridge on port {n}, client id {v}, document {s}_matte_v{v}.psd",
    "DEBUG sgtk.env.project.tk-photoshopcc] socket.io: emit logging_enabled, transport websocket, sid of panel {n}",
    "INFO sgtk.env.project.tk-unreal] LogPython: Loading {p}/init_unreal.py, key binding {w}",
    "INFO sgtk.env.project.tk-alias] Alias api 2026.{v}, stage '{w}', locator {n}",
    "INFO sgtk.env.project.tk-flame] batch group {s}_comp, node {w}, setup {p}/{w}.batch",
    "DEBUG sgtk.env.project.tk-shell] LD_LIBRARY_PATH={p}/lib:/usr/lib64 PWD={p} SHLVL={v} LANG=en_US.UTF-8",
    "DEBUG sgtk.env.project.tk-shell] OCIO={p}/aces/config.ocio PATH=/usr/bin:/bin:{p}/bin TERM=xterm-256color",
    "INFO farm.submit] job {n} on pool basic, {n} frames, priority {v}, author joe, cookie cutter {w}",
    "INFO farm.submit] ffmpeg -y -r 24 -i {p}/{s}.%04d.jpg -c:v libx264 -crf {v} -pass 1 {p}/{s}.mov",
    "INFO farm.submit] rsync -a --delete -p {p}/ render{v}:{p}/ sent {n},{n} bytes",
    "INFO farm.submit] ssh -p 2222 render{v} 'mkdir -p {p} && ls -u {p}'",
    "INFO farm.submit] curl: (28) Connection timed out after {n} ms; retry {v}",
    "INFO farm.submit] sha256 {h} {p}/{s}.exr, md5 0123456789abcdef0123456789abcdef",
    "INFO farm.submit] tokens left in the bucket: {n}, sessions: {v}, secrets of the trade: none",
    "INFO urllib3.connectionpool] Starting new HTTPS connection ({v}): studio.example.com:443",
    "DEBUG urllib3.connectionpool] https://studio.example.com:443 \"POST /api3/json HTTP/1.1\" 200 {n}",
    "DEBUG urllib3.connectionpool] \"GET /file_serve/version/{n}/mp4 HTTP/1.1\" 302 None",
    "DEBUG requests] Accept-Encoding: gzip, deflate; Content-Type: application/json; Content-Length: {n}",
    // What stands in lines without a header.
    "  File \"{p}/python/tk_{w}/{w}.py\", line {n}, in do_{w}",
    "    session = self._session_for(key, token=token)",
    "    return self._sg.upload(entity_type, entity_id, path, tag_list=tags)",
    "    value = settings.get(\"{w}_key\", default_key)",
    "    password = getpass.getpass(prompt)",
    "    headers[\"Authorization\"] = self._header_for(user)",
    "    proxy = self._http_proxy or os.environ.get(name)",
    "    with open(os.path.join(folder, \"{w}.json\")) as cookie_file:",
    "KeyError: '{w}_token'",
    "AttributeError: 'NoneType' object has no attribute 'session_token'",
    "TypeError: {w}() got an unexpected keyword argument 'api_key'",
    "ValueError: could not convert string to float: '{w}{n}'",
    "TankError: Key {w} in template {p} needs a token, found '{w}'",
    "{'version': {v}, 'name': '{w}', 'settings': {'keys': [{n}, {v}], 'proxy': False}}",
    "{\"entity\": {\"type\": \"Task\", \"id\": {n}}, \"code\": \"{s}\", \"sg_key_shot\": true, \"created_at\": \"2026-01-14T19:49:11Z\"}",
    "+----------------------+-------+",
    "| {w}                 | v{v}.{n} |",
    "#   0x00007f{n}a  libQt5Core.so.5 + {n}",
    "",
];

struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) % most
    }

    fn hexadecimal(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.up_to(16) as usize])).collect()
    }

    fn word(&mut self) -> &'static str {
        const WORDS: [&str; 24] = [
            "camera",
            "lighting",
            "publish",
            "session",
            "render",
            "token",
            "auth",
            "author",
            "key",
            "basic",
            "proxy",
            "cookie",
            "asset",
            "secretary",
            "keyframe",
            "tokenizer",
            "login",
            "pass",
            "bearing",
            "signature",
            "sign",
            "rig",
            "Monkey",
            "passage",
        ];
        WORDS[self.up_to(WORDS.len() as u64) as usize]
    }

    fn filled(&mut self, shape: &str) -> String {
        let mut line = shape.to_owned();
        while let Some(at) =
            ["{n}", "{v}", "{s}", "{h}", "{u}", "{w}", "{p}"].iter().filter_map(|hole| line.find(hole)).min()
        {
            let filling = match &line[at..at + 3] {
                "{n}" => (100 + self.up_to(9900)).to_string(),
                "{v}" => format!("{:03}", 1 + self.up_to(40)),
                "{s}" => format!("bunny_{:03}_{:04}", self.up_to(100), 10 * self.up_to(100)),
                "{h}" => self.hexadecimal(40),
                "{u}" => format!(
                    "{}-{}-4{}-a{}-{}",
                    self.hexadecimal(8),
                    self.hexadecimal(4),
                    self.hexadecimal(3),
                    self.hexadecimal(3),
                    self.hexadecimal(12)
                ),
                "{w}" => self.word().to_owned(),
                _ => [
                    "/mnt/prod/bunny/shots",
                    "P:\\prod\\bunny",
                    "//filer/prod/bunny/assets",
                    "/opt/studio/toolkit/install",
                ][self.up_to(4) as usize]
                    .to_owned(),
            };
            line.replace_range(at..at + 3, &filling);
        }
        line
    }
}

/// Several thousand lines, each shape as often as the others.
fn log() -> String {
    const ROUNDS: usize = 60;
    let mut dice = Dice(7);
    let mut log = String::new();
    for round in 0..ROUNDS {
        for shape in LINES {
            if shape.starts_with("DEBUG") || shape.starts_with("INFO") {
                log.push_str(&format!("2026-01-14 19:{round:02}:11,{:03} [2764 ", dice.up_to(1000)));
            }
            log.push_str(&dice.filled(shape));
            log.push('\n');
        }
    }
    log
}

/// Lines that differ, with what they became.
fn changed<'t>(log: &'t str, redacted: &'t str) -> Vec<(&'t str, &'t str)> {
    assert_eq!(log.lines().count(), redacted.lines().count());
    log.lines().zip(redacted.lines()).filter(|(before, after)| before != after).collect()
}

#[test]
fn fewer_than_one_line_in_two_hundred_changes() {
    let log = log();
    let redactor = Redactor::new(Vec::new(), IdentityPolicy { home: false, email: false });
    let redacted = redactor.redact_named(&log);
    let changed = changed(&log, &redacted.text);
    let lines = log.lines().count();
    assert!(lines > 5_000);
    assert!(
        changed.len() * 200 < lines,
        "{} of {lines}, among them {:#?}",
        changed.len(),
        &changed[..changed.len().min(40)]
    );
}

#[test]
fn of_home_folders_and_addresses_nothing_else_goes() {
    let mut log = log();
    let own: String = [
        "DEBUG sgtk.core.util] reading /home/joe/.shotgun/studio/authentication.yml",
        "INFO sgtk.env.project.tk-maya] C:\\Users\\joe\\Documents\\maya\\2026\\prefs was saved",
        "INFO farm.submit] mail to joe.smith@studio.example.com",
    ]
    .map(|line| format!("2026-01-14 19:49:11,001 [2764 {line}\n"))
    .concat();
    log.push_str(&own);
    let redactor = Redactor::new(Vec::new(), IdentityPolicy::default());
    let redacted = redactor.redact_named(&log);
    let wrong: Vec<_> =
        changed(&log, &redacted.text).into_iter().filter(|(before, _)| !own.contains(before)).collect();
    assert!(wrong.len() * 200 < log.lines().count(), "{wrong:#?}");
    assert_eq!(redacted.counts.get("home") + redacted.counts.get("email"), 3);
}

//! Tickets and files as the agent files them, made of a number: the same number, the same text.
//!
//! About 2 500 problems of 60 people over a year, most of them resolved. Texts are of the agent's own form (`docs/ticket.md`).

const PEOPLE: u64 = 60;
const PROBLEMS: u64 = 2_500;
const ERRORS: [&str; 6] = ["ValueError", "TankError", "OSError", "KeyError", "RuntimeError", "TypeError"];
const HOSTS: [[&str; 2]; 5] = [
    ["tk-maya", "Maya 2026.1"],
    ["tk-nuke", "Nuke 16.0v4"],
    ["tk-houdini", "Houdini 20.5.410"],
    ["tk-photoshopcc", "Photoshop 2025"],
    ["tk-desktop", "tk-desktop 2.8.0"],
];
const APPS: [&str; 6] = [
    "tk-multi-publish2",
    "tk-multi-loader2",
    "tk-multi-workfiles2",
    "tk-multi-breakdown2",
    "tk-multi-shotgunpanel",
    "tk-multi-snapshot",
];
const STATUSES: [&str; 10] = ["res", "res", "res", "res", "res", "res", "opn", "opn", "wtg", "ip"];

/// Numbers that look random and are the same each time.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// One from 0 to below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // SplitMix64: two multiplications, and every seed is a good one.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// The key of a ticket, as `sg_incident_key` has it.
pub(super) fn key(number: u64) -> String {
    let mut dice = Dice::new(number);
    let problem = dice.below(PROBLEMS);
    format!("g1:{:032x} artist{number}", Dice::new(problem).below(u64::MAX))
}

/// The fields of a ticket, in JSON as `create` takes them.
pub(super) fn ticket(number: u64, project_id: u64) -> String {
    let mut dice = Dice::new(number);
    let problem = dice.below(PROBLEMS);
    let mut own = Dice::new(problem);
    let error = own.of(&ERRORS);
    let [engine, program] = HOSTS[own.below(HOSTS.len() as u64) as usize];
    let (app, line) = (own.of(&APPS), own.below(900));
    let (module, step) = (own.below(40), own.below(60));
    let who = format!("artist{:02}", dice.below(PEOPLE));
    let shot = format!("bunny_{:03}", dice.below(400));
    let (first, host, version) = (dice.below(2_000), dice.below(300), dice.below(40));
    let (day, minute) = (dice.below(365), dice.below(1_440));
    let seen = format!(
        "2025-{:02}-{:02}T{:02}:{:02}:11Z",
        1 + (day / 31).min(11),
        1 + day % 28,
        minute / 60,
        minute % 60
    );
    let reason = format!("{error}: first frame {first} is after last frame {}", first / 2);
    let title = format!(
        "{who} - {error}: first frame … is after last frame … in tool{module}.step_{step} [{:08}]",
        problem * 37
    );
    let mut traceback = String::from("Traceback (most recent call last):\n");
    for depth in 0..6 + own.below(8) {
        let place = own.below(900);
        traceback.push_str(&format!(
            "  File \"/studio/bundle_cache/app_store/{app}/v2.10.8/python/tool{module}/part{depth}.py\", line {place}, in run_{depth}\n    self._next.run_{depth}(settings, item)\n"
        ));
    }
    let description = format!(
        "{reason}\n\nWhat failed: Publish of {shot}_anim_v{version:03}.ma failed\n\
         Where: step_{step} in tool{module}.py, line {line} (the configuration)\n\
         For whom: {who} on ws-{host:03}, in {program}, on Shot {shot}, task anim, project bunny\n\
         Since: {seen}\nHow often: once when this was written; the field sg_incident_count has the current number\n\
         Versions: {app} v2.10.8, {engine} v0.13.2, {program}, core v0.24.0, Python 3.11.7\n\
         Open first: {engine}.log at line {line}, where the record begins\n\n{traceback}{reason}\n\n\
         Work\nShot: {shot} (Shot {host}) https://studio.example/detail/Shot/{host}\n\
         Task: anim (Task {line}) https://studio.example/detail/Task/{line}\nProject: bunny (Project 90) https://studio.example/detail/Project/90\n\n\
         Session\nUser: {who}\nHost: ws-{host:03} (Debian GNU/Linux 12 (bookworm), x86_64)\nProgram: {program}\n\
         Engine: {engine} v0.13.2\nApp: {app}\nEnvironment: shot_step\nCore: v0.24.0\nPython: 3.11.7\nLevel: ERROR\n\
         Logger: sgtk.env.shot_step.{engine}.{app}\nProcess: {first}\nLog: {engine}.log, lines {line} to {} on that machine\n\n\
         tk-incident: v1 {}\n",
        line + 20,
        key(number)
    );
    format!(
        "[{{\"field_name\":\"title\",\"value\":{}}},{{\"field_name\":\"description\",\"value\":{}}},\
         {{\"field_name\":\"project\",\"value\":{{\"type\":\"Project\",\"id\":{project_id}}}}},\
         {{\"field_name\":\"sg_status_list\",\"value\":\"{}\"}},{{\"field_name\":\"sg_ticket_type\",\"value\":\"Bug\"}},\
         {{\"field_name\":\"sg_incident_key\",\"value\":{}}},{{\"field_name\":\"sg_incident_count\",\"value\":{}}},\
         {{\"field_name\":\"sg_incident_last_seen\",\"value\":\"{seen}\"}}]",
        json(&title),
        json(&description),
        dice.of(&STATUSES),
        json(&key(number)),
        1 + dice.below(40),
    )
}

/// The bytes of a log; each number's are others.
pub(super) fn log(number: u64) -> Vec<u8> {
    let mut dice = Dice::new(number);
    let mut log = format!("2026-01-14 19:49:11,961 [77 INFO sgtk.env.project.tk-maya] session {number}\n");
    for line in 0..20 + dice.below(400) {
        let (process, place) = (dice.below(9_000), dice.below(9_000));
        log.push_str(&format!(
            "2026-01-14 19:50:{:02},961 [{process} DEBUG sgtk.env.project.tk-maya.tk-multi-publish2] plugin {place} accepted item\n",
            line % 60
        ));
    }
    log.into_bytes()
}

/// Text as JSON has it.
fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 16);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}

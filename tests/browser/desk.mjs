// A desk to look at: the program under test, started on a folder of its own, and tickets as agents file them.
//
// TK_INCIDENT_BIN names the program. CHROMIUM names the browser, by default the distribution's. Missing either fails the suite.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { chromium } from "playwright-core";

/** Starts `desk`; `stop` ends it and removes its folder. */
export async function startDesk() {
  assert.ok(process.env.TK_INCIDENT_BIN, "TK_INCIDENT_BIN does not name the program under test");
  const folder = await mkdtemp(path.join(tmpdir(), "desk-browser-"));
  const program = spawn(process.env.TK_INCIDENT_BIN, ["desk", "--json", "--data", path.join(folder, "data")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = readline.createInterface({ input: program.stdout });
  const ready = await new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line)));
    program.once("error", reject);
    program.once("exit", (code) => reject(new Error(`the desk ended with ${code} before it was ready`)));
  });
  return new Desk(ready, program, folder);
}

class Desk {
  constructor(ready, program, folder) {
    Object.assign(this, ready);
    this.program = program;
    this.folder = folder;
    this.project = { type: "Project", id: ready.project_id };
  }

  async call(method, args) {
    const auth = { script_name: this.script_name, script_key: this.script_key };
    const response = await fetch(`${this.url}/api3/json`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ method_name: method, params: [auth, args] }),
    });
    const answer = await response.json();
    assert.ok(!answer.exception, answer.message);
    return answer.results;
  }

  async create(type, fields) {
    const list = Object.entries(fields).map(([field_name, value]) => ({ field_name, value }));
    return (await this.call("create", { type, fields: list, return_fields: ["id"] })).id;
  }

  async update(type, id, fields) {
    const list = Object.entries(fields).map(([field_name, value]) => ({ field_name, value }));
    return this.call("update", { type, id, fields: list });
  }

  async upload(ticket, name, content) {
    const form = new FormData();
    form.set("entity_type", "Ticket");
    form.set("entity_id", String(ticket));
    form.set("script_name", this.script_name);
    form.set("script_key", this.script_key);
    form.set("field_name", "attachments");
    form.set("file", new Blob([content]), name);
    const text = await (await fetch(`${this.url}/upload/upload_file`, { method: "POST", body: form })).text();
    assert.match(text, /^1:\d+/);
    return Number(text.slice(2));
  }

  /** Ends with a signal, and says with which code. */
  async end(signal = "SIGKILL") {
    if (this.program.exitCode === null) {
      const ended = new Promise((resolve) => this.program.once("exit", resolve));
      this.program.kill(signal);
      await ended;
    }
    return this.program.exitCode;
  }

  async stop() {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The browser, without what it does in the background. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

export const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19) + "Z";

/** A description as the agent writes it. */
export function description({
  user = "alice",
  error = "ValueError: first frame 1101 is after last frame 1001",
  failed = "Publish of bunny_010_anim_v012.ma failed",
  engine = "tk-maya",
  app = "tk-multi-publish2",
  signature = "g1:be95c74ffc51eb36404271077c600f03",
  log = "tk-maya-01234567.log",
} = {}) {
  return `${error}

What failed: ${failed}
Where: check_range in publish_frames.py, line 31 (the configuration)
For whom: ${user} on ws-042, in Maya 2026.1, on Shot bunny_010, task anim, project bunny
Since: 2026-01-14 19:49:11 +09:00 (2026-01-14 10:49:11 UTC)
How often: 51 times when this was written
Versions: ${app} v2.10.8, ${engine} v0.13.2, Maya 2026.1, core v0.24.0, Python 3.11.7
Open first: ${log} at line 3, where the record begins; incident-01234567.zip has the rest

Traceback (most recent call last):
  File "/studio/bundle_cache/app_store/tk-core/v0.24.0/python/tank/platform/engine.py", line 1402, in execute
    return callback(*args)
  File "/studio/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py", line 412, in publish
    self._plugin.run_publish(self.settings, self)
  File "/studio/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/plugin.py", line 230, in run_publish
    self._hook.publish(settings, item)
  File "/studio/configs/bunny/config/hooks/tk-multi-publish2/publish_frames.py", line 57, in publish
    check_range(first, last)
  File "/studio/configs/bunny/config/hooks/tk-multi-publish2/publish_frames.py", line 31, in check_range
    raise ValueError(text)
${error}

Work
Shot: bunny_010 (Shot 862) https://studio.example/detail/Shot/862
Task: anim (Task 1204) https://studio.example/detail/Task/1204
Project: bunny (Project 90) https://studio.example/detail/Project/90

Session
User: ${user}
Host: ws-042 (Debian GNU/Linux 12 (bookworm), x86_64)
Program: Maya 2026.1
Engine: ${engine} v0.13.2
App: ${app} v2.10.8
Environment: shot_step
Core: v0.24.0
Python: 3.11.7
Level: ERROR
Logger: sgtk.env.shot_step.${engine}.${app}

tk-incident: v1 ${signature} ${user}
`;
}

/** A log with records of every level; the error begins at line 3. */
export const LOG =
  "2026-01-14 19:49:10,100 [2764 INFO sgtk.env.project.tk-maya] opening bunny_010_anim_v012.ma\n" +
  "2026-01-14 19:49:10,455 [2764 DEBUG sgtk.env.project.tk-maya] context is Shot bunny_010\n" +
  "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] \x1b[31m여기\x1b[0m <b>bold</b>\n" +
  "\x1b]0;owned\x07<script>document.title = 'owned'</script>\n" +
  "ValueError: first frame 1101 is after last frame 1001\n" +
  "2026-01-14 19:49:12,004 [2764 WARNING sgtk.env.project.tk-maya] nothing was published\n" +
  "2026-01-14 19:49:40,777 [2764 CRITICAL sgtk.env.project.tk-maya] the log\u202efdp.exe\n";

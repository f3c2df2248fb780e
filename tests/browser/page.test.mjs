// The desk's pages in a real Chromium: list -> search -> ticket -> attachment -> download, and hostile text staying text.
//
// TK_INCIDENT_BIN names the program under test (its `desk` command is started here). CHROMIUM names the browser, by default
// the distribution's /usr/bin/chromium. Missing either fails the suite.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const LOG =
  "2026-01-14 19:49:10,100 [2764 INFO sgtk.env.project.tk-maya] fine\n" +
  "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] \x1b[31m여기\x1b[0m <b>bold</b>\n" +
  "\x1b]0;owned\x07<script>document.title = 'owned'</script>\n";
const EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";
const DESCRIPTION = `ValueError: bad frame range

What failed: Failed to publish sh010 ${EVIL}
Where: frame_range in frames.py, line 42
For whom: alice on ws-042, in Maya 2026.1, on Shot sh010
Since: 2026-01-14 19:49:11 +09:00 (2026-01-14 10:49:11 UTC)
How often: 51 times when this was written
Open first: tk-maya.log at line 2, where the record begins; incident-0123abcd.zip has the rest

Traceback (most recent call last):
  File "/studio/toolkit/manager.py", line 411, in publish
    self.run()
  File "/studio/hooks/frames.py", line 42, in frame_range
    raise ValueError("bad frame range")
ValueError: bad frame range

Work
Shot: sh010 (Shot 862) https://studio.example/detail/Shot/862

Session
User: alice
Engine: tk-maya v0.13.2
App: tk-multi-publish2 v2.10.8

tk-incident: v1 g1:0123456789abcdef0123456789abcdef alice
`;

let folder, program, desk, browser, context, page;
const noise = [];
const ids = {};

async function call(method, args) {
  const auth = { script_name: desk.script_name, script_key: desk.script_key };
  const response = await fetch(`${desk.url}/api3/json`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ method_name: method, params: [auth, args] }),
  });
  const answer = await response.json();
  assert.ok(!answer.exception, answer.message);
  return answer.results;
}

async function create(type, fields) {
  const list = Object.entries(fields).map(([field_name, value]) => ({ field_name, value }));
  return call("create", { type, fields: list, return_fields: ["id"] });
}

async function upload(ticket, name, content) {
  const form = new FormData();
  form.set("entity_type", "Ticket");
  form.set("entity_id", String(ticket));
  form.set("script_name", desk.script_name);
  form.set("script_key", desk.script_key);
  form.set("field_name", "attachments");
  form.set("file", new Blob([content]), name);
  const text = await (await fetch(`${desk.url}/upload/upload_file`, { method: "POST", body: form })).text();
  assert.match(text, /^1:\d+/);
  return Number(text.slice(2));
}

before(async () => {
  assert.ok(process.env.TK_INCIDENT_BIN, "TK_INCIDENT_BIN does not name the program under test");
  folder = await mkdtemp(path.join(tmpdir(), "desk-browser-"));
  program = spawn(process.env.TK_INCIDENT_BIN, ["desk", "--json", "--data", path.join(folder, "data")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = readline.createInterface({ input: program.stdout });
  desk = await new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line)));
    program.once("error", reject);
    program.once("exit", (code) => reject(new Error(`the desk ended with ${code} before it was ready`)));
  });
  const project = { type: "Project", id: desk.project_id };
  ids.plain = (await create("Ticket", { project, title: "dave - Unknown error: file open failed", description: "by hand" })).id;
  ids.evil = (await create("Ticket", { project, title: EVIL, description: EVIL, sg_status_list: "opn" })).id;
  ids.alice = (
    await create("Ticket", {
      project,
      title: "alice - ValueError: bad frame range in frame_range [k7m2q9xd]",
      description: DESCRIPTION,
      sg_status_list: "opn",
      sg_incident_count: 51,
      sg_incident_last_seen: new Date().toISOString().slice(0, 19) + "Z",
    })
  ).id;
  await create("Reply", { entity: { type: "Ticket", id: ids.alice }, content: `seen again ${EVIL}\nsecond line` });
  ids.log = await upload(ids.alice, "tk-maya.log", LOG);
  ids.zip = await upload(ids.alice, "evidence.zip", "PK\u0003\u0004");

  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  page.on("console", (message) => noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(String(error)));
  page.on("dialog", (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
});

after(async () => {
  await browser?.close();
  if (program && program.exitCode === null) {
    const ended = new Promise((resolve) => program.once("exit", resolve));
    program.kill("SIGKILL");
    await ended;
  }
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("the list shows the newest activity first and is searched by words", async () => {
  await page.goto(desk.page);
  await page.goto(desk.url);
  assert.equal(new URL(page.url()).pathname, "/tickets");
  const rows = page.locator("table.tickets tbody tr");
  assert.equal(await rows.count(), 3);
  const first = rows.first();
  assert.match(await first.innerText(), /alice - ValueError: bad frame range in frame_range/);
  assert.match(await first.locator(".where").innerText(), /tk-maya/);
  assert.match(await first.locator(".where").innerText(), /tk-multi-publish2/);
  assert.equal((await first.locator(".count").innerText()).trim(), "51×");
  assert.equal((await first.locator(".status").innerText()).trim(), "Open");

  await page.getByRole("searchbox").fill("UNKNOWN open");
  await page.getByRole("searchbox").press("Enter");
  await page.waitForURL(/q=UNKNOWN/);
  assert.equal(await rows.count(), 1);
  assert.match(await rows.first().innerText(), /dave/);
  await page.getByRole("link", { name: "show all" }).click();
  assert.equal(await rows.count(), 3);
});

test("the ticket tells what happened, where, how often and what was said", async () => {
  await page.goto(desk.page);
  await page.getByRole("link", { name: /alice - ValueError/ }).click();
  await page.waitForURL(`${desk.url}/tickets/${ids.alice}`);
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /^alice - ValueError: bad frame range/);
  assert.match(await page.locator(".figures").innerText(), /51 times/);
  assert.equal(await page.locator(".trace .error.key").innerText(), "ValueError: bad frame range");
  assert.match(await page.locator(".trace .frame.key").innerText(), /frames\.py", line 42, in frame_range/);
  assert.equal(await page.locator(".trace .frame").count(), 2);
  const facts = await page.locator(".side").innerText();
  assert.match(facts, /Engine\s+tk-maya v0\.13\.2/);
  assert.equal(await page.getByRole("link", { name: "sh010 (Shot 862)" }).getAttribute("href"), "https://studio.example/detail/Shot/862");
  const glance = await page.locator(".glance").innerText();
  for (const words of [/What failed\s+Failed to publish sh010/, /Where\s+frame_range in frames\.py, line 42/, /For whom\s+alice on ws-042/, /Since\s+2026-01-14 19:49:11/]) {
    assert.match(glance, words);
  }
  assert.match(facts, /g1:0123456789abcdef0123456789abcdef/);
  const reply = page.locator(".reply");
  assert.equal(await reply.count(), 1);
  assert.match(await reply.innerText(), /tk-incident[\s\S]*seen again[\s\S]*second line/);
});

test("a log opens as text, line by line, and downloads as it was", async () => {
  await page.goto(`${desk.url}/tickets/${ids.alice}`);
  const row = page.locator(".files li", { hasText: "tk-maya.log" });
  assert.match(await row.innerText(), new RegExp(`${Buffer.byteLength(LOG)} bytes`));
  const [download] = await Promise.all([page.waitForEvent("download"), row.getByRole("link", { name: "download" }).click()]);
  assert.equal(download.suggestedFilename(), "tk-maya.log");
  assert.equal(await readFile(await download.path(), "utf8"), LOG);

  await page.getByRole("link", { name: /^tk-maya\.log at line 2/ }).click();
  await page.waitForURL(`${desk.url}/attachments/${ids.log}/view#L2`);
  await page.goBack();
  await row.getByRole("link", { name: "open", exact: true }).click();
  await page.waitForURL(`${desk.url}/attachments/${ids.log}/view`);
  const lines = page.locator(".log > div");
  assert.equal(await lines.count(), 3);
  const text = await page.locator(".log").evaluate((log) => log.textContent);
  assert.ok(!/[\x00-\x08\x0b-\x1f\x7f]/.test(text), "a control character reached the page");
  assert.match(text, /\^\[\[31m여기\^\[\[0m <b>bold<\/b>/);
  assert.match(text, /<script>document\.title = 'owned'<\/script>/);
  await page.locator(".marks").getByRole("link", { name: "2", exact: true }).click();
  assert.equal(await page.locator(".log > div:target span").innerText(), await lines.nth(1).locator("span").innerText());

  const zip = page.locator(".files li", { hasText: "evidence.zip" });
  await page.goto(`${desk.url}/tickets/${ids.alice}`);
  assert.equal(await zip.getByRole("link", { name: "open" }).count(), 0);
  assert.equal((await page.goto(`${desk.url}/attachments/${ids.zip}/view`)).status(), 404);
});

test("markup in a title, a description or a log stays text", async () => {
  const quiet = noise.length;
  for (const place of ["/tickets", `/tickets?q=${encodeURIComponent(EVIL)}`, `/tickets/${ids.evil}`, `/attachments/${ids.log}/view`]) {
    const response = await page.goto(desk.url + place);
    assert.match(response.headers()["content-security-policy"], /^default-src 'none'/);
    assert.equal(await page.locator("script, img, [onerror], [onclick]").count(), 0, place);
    assert.ok(!(await page.title()).startsWith("owned"), place);
  }
  await page.goto(`${desk.url}/tickets/${ids.evil}`);
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), EVIL);
  assert.deepEqual(noise.slice(quiet), [], "the browser complained");
});

test("nothing overflows sideways on a phone, and both colour schemes differ", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const phone = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme });
    const small = await phone.newPage();
    const papers = [];
    await small.goto(desk.page);
    for (const place of ["/tickets", `/tickets/${ids.alice}`, `/tickets/${ids.evil}`]) {
      await small.goto(desk.url + place);
      const [inner, outer] = await small.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(inner <= outer, `${place} is ${inner} wide in a window of ${outer}`);
      papers.push(await small.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    assert.match(papers[0], colorScheme === "dark" ? /rgb\(21, 24, 28\)/ : /rgb\(252, 252, 251\)/);
    await phone.close();
  }
});

test("the pages work without script", async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const quiet = await plain.newPage();
  await quiet.goto(desk.page);
  await quiet.getByRole("link", { name: /alice - ValueError/ }).click();
  await quiet.getByRole("link", { name: "open" }).click();
  await quiet.waitForURL(/\/attachments\/\d+\/view/);
  await plain.close();
});

// A day's work at the desk's pages, in a real Chromium and both languages: list -> filter -> ticket -> attachment -> status ->
// history; many tickets at once; the keyboard; live updates; and all of it without script.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { LOG, ago, description, startBrowser, startDesk } from "./desk.mjs";

const WORDS = {
  en: { locale: "en-GB", open: "Open", progress: "In Progress", resolved: "Resolved", change: "Change", copy: "Copy", file: "open", next: /Next error/, empty: "No ticket matches.", changed: "2 tickets changed.", filed: "filed this ticket", times: "51 times", live: /^1 new or changed ticket/, assign: "Assign to me", one: "1 ticket" },
  ko: { locale: "ko-KR", open: "열림", progress: "진행 중", resolved: "해결됨", change: "변경", copy: "복사", file: "열기", next: /다음 오류/, empty: "조건에 맞는 티켓이 없습니다.", changed: "티켓 2개를 변경했습니다.", filed: "티켓을 등록함", times: "51번", live: /^새로 생겼거나 바뀐 티켓 1개/, assign: "나에게 지정", one: "티켓 1개" },
};

let desk, browser;
const noise = [];
const ids = {};

async function open(options = {}) {
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.on("console", (message) => noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(String(error)));
  await page.goto(desk.page);
  return page;
}

before(async () => {
  desk = await startDesk();
  const { project } = desk;
  ids.plain = await desk.create("Ticket", { project, title: "dave - Unknown error: file open failed", description: "by hand", created_at: ago(9 * 86400) });
  const maker = (user) => ({
    project,
    title: `${user} - ValueError: first frame … is after last frame … [k7m2q9xd]`,
    description: description({ user }),
    sg_status_list: "opn",
    sg_incident_count: 51,
    sg_incident_last_seen: ago(3600),
    created_at: ago(86400),
  });
  for (const [lang, user] of [["en", "alice"], ["ko", "minsu"]]) {
    ids[lang] = await desk.create("Ticket", maker(user));
    await desk.create("Reply", { entity: { type: "Ticket", id: ids[lang] }, content: "seen again\nsecond line" });
    ids[`${lang}-log`] = await desk.upload(ids[lang], "tk-maya-01234567.log", LOG);
  }
  ids.nuke = await desk.create("Ticket", {
    project,
    title: "carol - OSError: No space left on device in shutil.copyfile [b83dhs8q]",
    description: description({ user: "carol", engine: "tk-nuke", app: "tk-nuke-writenode", error: "OSError: No space left on device", signature: "g1:33333333dcca7fee90205b3051e31ebf" }),
    sg_status_list: "wtg",
    sg_incident_last_seen: ago(60),
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await desk?.stop();
});

for (const lang of ["en", "ko"]) {
  test(`from the list to the history of a status (${lang})`, async () => {
    const w = WORDS[lang];
    const page = await open({ locale: w.locale });
    assert.equal(await page.locator("html").getAttribute("lang"), lang);
    const rows = page.locator("table.tickets tbody tr");
    assert.equal(await rows.count(), 4);
    // What happened last is first: at the beginning an incident, then the reply of the walk in English.
    assert.match(await rows.first().innerText(), lang === "en" ? /carol - OSError/ : /alice - ValueError/);

    // Filters narrow, are in the address, and count.
    const user = lang === "en" ? "alice" : "minsu";
    await page.locator(".facets a", { hasText: "tk-maya" }).click();
    await page.waitForURL(/engine=tk-maya/);
    assert.equal(await rows.count(), 2);
    await page.locator(".facets a", { hasText: user }).click();
    await page.waitForURL(/user=/);
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), w.one);
    assert.match(await page.locator(".facets a", { hasText: w.open }).innerText(), /1$/);
    await page.getByRole("searchbox").fill("check_range BUNNY");
    await page.getByRole("searchbox").press("Enter");
    await page.waitForURL(/q=check_range/);
    assert.equal(await rows.count(), 1);
    await page.getByRole("searchbox").fill("nothing has this");
    await page.getByRole("searchbox").press("Enter");
    await page.waitForURL(/q=nothing/);
    assert.match(await page.locator(".empty").innerText(), new RegExp(w.empty));
    await page.goBack();

    // The ticket.
    await rows.first().locator("a.title").click();
    await page.waitForURL(new RegExp(`/tickets/${ids[lang]}\\?`));
    assert.match(await page.locator(".figures").innerText(), new RegExp(w.times));
    assert.equal(await page.locator(".trace .error.key").innerText(), "ValueError: first frame 1101 is after last frame 1001");
    assert.match(await page.locator(".trace .frame.key").innerText(), /publish_frames\.py", line 31, in check_range/);
    const folded = page.locator(".trace details");
    assert.equal(await folded.count(), 1, "calls of Toolkit and its apps are folded");
    assert.equal(await folded.locator(".frame").first().isVisible(), false);
    await folded.locator("summary").click();
    assert.equal(await folded.locator(".frame").first().isVisible(), true);
    assert.ok((await page.locator(".overview .picture rect:not(.back)").count()) >= 1, "a picture of when it happened");
    assert.equal(await page.locator(".others a", { hasText: lang === "en" ? "minsu" : "alice" }).count(), 1, "the same problem of somebody else");
    assert.match(await page.locator(".reply").innerText(), /tk-incident[\s\S]*seen again[\s\S]*second line/);
    assert.equal(await page.getByRole("link", { name: "bunny_010 (Shot 862)" }).getAttribute("href"), "https://studio.example/detail/Shot/862");

    // The log, at the line that the ticket names, and on to the next error.
    await page.locator(".glance a").click();
    await page.waitForURL(new RegExp(`/attachments/${ids[`${lang}-log`]}/view\\?line=3#L3`));
    assert.match(await page.locator(".log > div:target span").innerText(), /ERROR.*여기/);
    await page.getByRole("link", { name: w.next }).click();
    await page.waitForURL(/line=7#L7/);
    assert.match(await page.locator(".log > div:target span").innerText(), /CRITICAL/);
    await page.goBack();
    await page.goBack();
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".files a[download]").click()]);
    assert.equal(download.suggestedFilename(), "tk-maya-01234567.log");
    assert.equal(await readFile(await download.path(), "utf8"), LOG);

    // A status, an assignment, a reply; and what the history says of them.
    await page.locator("select[name=status]").selectOption({ label: w.progress });
    await page.getByRole("button", { name: w.change, exact: true }).click();
    await page.locator(".history ins", { hasText: w.progress }).waitFor();
    assert.equal(await page.locator("select[name=status]").inputValue(), "ip");
    const history = await page.locator(".history").innerText();
    assert.match(history, new RegExp(`${w.open} → ${w.progress}`));
    assert.match(history, new RegExp(w.filed));
    await page.getByRole("button", { name: w.assign }).click();
    await page.locator(".person").waitFor();
    assert.match(await page.locator(".person").innerText(), /Support/);
    await page.locator("textarea").fill(`<b>${lang}</b> reply`);
    await page.locator(".write button").click();
    await page.locator(".reply", { hasText: `<b>${lang}</b> reply` }).waitFor();
    assert.match(page.url(), /#replies$/);
    assert.match(await page.locator(".reply").last().innerText(), /Support/);

    // Back in the list with its filters, where the change shows.
    await page.locator("a.up").click();
    await page.waitForURL(/engine=tk-maya/);
    assert.match(await rows.first().innerText(), new RegExp(w.progress));
    assert.match(await rows.first().innerText(), /Support/);
    await page.context().close();
  });
}

test("many tickets at once, with and without script", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await open({ javaScriptEnabled });
    const rows = page.locator("table.tickets tbody tr");
    await page.goto(`${desk.url}/tickets?engine=tk-maya`);
    if (javaScriptEnabled) {
      await page.locator("#all").check();
      assert.equal(await page.locator(".picked").innerText(), "2 selected");
    } else {
      assert.equal(await page.locator("#all").isVisible(), false);
      for (const box of await page.locator("input[name=id]").all()) await box.check();
    }
    await page.locator(".bulk select").selectOption(javaScriptEnabled ? "res" : "opn");
    await page.locator(".bulk button").click();
    await page.waitForURL(/changed=2/);
    assert.match(page.url(), /engine=tk-maya/, "the same list again");
    assert.equal(await page.locator(".done").innerText(), WORDS.en.changed);
    for (const status of await rows.locator(".status").allInnerTexts()) {
      assert.equal(status.trim(), javaScriptEnabled ? "Resolved" : "Open");
    }
    await page.context().close();
  }
});

test("a form without its token, or from elsewhere, changes nothing", async () => {
  const page = await open();
  const post = (form, headers) =>
    page.request.post(`${desk.url}/tickets/${ids.plain}/status`, { form, headers: { Origin: desk.url, ...headers }, maxRedirects: 0 });
  assert.equal((await post({ status: "res" })).status(), 403);
  assert.equal((await post({ status: "res", csrf: "0".repeat(64) })).status(), 403);
  await page.goto(`${desk.url}/tickets/${ids.plain}`);
  const csrf = await page.locator("input[name=csrf]").first().inputValue();
  assert.equal((await post({ status: "res", csrf }, { Origin: "https://evil.example" })).status(), 403);
  const refused = await post({ status: "nonsense", csrf });
  assert.equal(refused.status(), 403);
  assert.match(await refused.text(), /nonsense/);
  await page.reload();
  assert.equal(await page.locator("select[name=status]").inputValue(), "wtg");
  await page.context().close();
});

test("a number finds its ticket, a signature its neighbours, a bar its day, a column its order", async () => {
  const page = await open();
  const rows = page.locator("table.tickets tbody tr");
  await page.getByRole("searchbox").fill(`#${ids.nuke}`);
  await page.getByRole("searchbox").press("Enter");
  await page.waitForURL(new RegExp(`/tickets/${ids.nuke}$`));
  await page.goto(`${desk.url}/tickets?q=g1:be95c74f`);
  assert.equal(await rows.count(), 2);
  await page.goto(`${desk.url}/tickets?signature=k7m2q9xd`);
  assert.equal(await rows.count(), 2);
  await page.goto(`${desk.url}/tickets`);
  await page.locator(".picture a").first().click();
  await page.waitForURL(/since=\d{4}-\d\d-\d\d&until=/);
  assert.match(await rows.first().innerText(), /dave/);
  assert.equal(await rows.count(), 1);
  await page.goto(`${desk.url}/tickets`);
  await page.locator("th.number a").click();
  await page.waitForURL(/sort=count/);
  assert.match((await rows.last().locator(".count").innerText()).trim(), /^–$/);
  await page.goto(`${desk.url}/tickets?since=24h`);
  assert.equal(await rows.count(), 3);
  await page.context().close();
});

test("the keyboard walks the list, a ticket and back", async () => {
  const page = await open();
  const link = (at) => page.locator("a.title").nth(at);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("j");
  assert.equal(await page.locator("tr.here a.title").innerText(), await link(1).innerText());
  await page.keyboard.press("x");
  assert.equal(await page.locator("input[name=id]").nth(1).isChecked(), true);
  await page.keyboard.press("x");
  await link(1).focus();
  const second = await link(1).getAttribute("href");
  await page.keyboard.press("Enter");
  await page.waitForURL(desk.url + second);
  await page.keyboard.press("j");
  await page.waitForURL((url) => /\/tickets\/\d+$/.test(url.pathname) && url.href !== desk.url + second);
  await page.keyboard.press("k");
  await page.waitForURL(desk.url + second);
  await page.keyboard.press("u");
  await page.waitForURL(/\/tickets$/);
  await page.keyboard.press("/");
  await page.keyboard.type("jk?");
  assert.equal(await page.getByRole("searchbox").inputValue(), "jk?", "what is typed is no key");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  assert.equal(await page.locator("#keys").isVisible(), true);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#keys").isVisible(), false);
  await page.context().close();
});

test("a traceback is copied, or read as plain text", async () => {
  const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto(`${desk.url}/tickets/${ids.en}`);
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^Traceback \(most recent call last\):\n {2}File "\/studio\/bundle_cache/);
  assert.match(copied, /\nValueError: first frame 1101 is after last frame 1001\n$/);
  await page.context().close();
  const plain = await open({ javaScriptEnabled: false });
  await plain.goto(`${desk.url}/tickets/${ids.en}`);
  await plain.getByRole("link", { name: "Plain text" }).click();
  assert.equal((await plain.locator("body").innerText()).trim(), copied.trim());
  await plain.context().close();
});

test("the pages work without script", async () => {
  const page = await open({ javaScriptEnabled: false });
  await page.locator(".facets a", { hasText: "tk-maya" }).click();
  await page.getByRole("searchbox").fill("alice");
  await page.getByRole("searchbox").press("Enter");
  await page.waitForURL(/q=alice/);
  await page.locator("a.title").click();
  await page.locator(".files").getByRole("link", { name: "open" }).click();
  await page.waitForURL(/\/attachments\/\d+\/view/);
  await page.getByRole("link", { name: "한국어" }).click();
  await page.waitForURL(/lang=ko/);
  await page.goto(`${desk.url}/tickets/${ids.en}`);
  assert.equal(await page.locator("html").getAttribute("lang"), "ko", "a cookie keeps the language");
  await page.locator("textarea").fill("without script");
  await page.locator(".write button").click();
  await page.locator(".reply", { hasText: "without script" }).waitFor();
  await page.locator(".person button").click();
  await page.locator(".person").waitFor({ state: "detached" });
  await page.context().close();
});

test("what changes shows by itself, and nothing that was selected is lost", async () => {
  for (const lang of ["en", "ko"]) {
    const page = await open({ locale: WORDS[lang].locale });
    const row = page.locator(`tr[data-id="${ids.nuke}"]`);
    const stream = page.waitForResponse((response) => response.url().endsWith("/events"));
    await page.goto(`${desk.url}/tickets`);
    await stream;
    await row.locator("input").check();
    await row.locator("a.title").focus();
    const count = lang === "en" ? 77 : 78;
    await desk.update("Ticket", ids.nuke, { sg_incident_count: count });
    await row.locator(".count", { hasText: `${count}×` }).waitFor();
    assert.match(await page.locator(".live").innerText(), WORDS[lang].live);
    assert.equal(await row.locator("input").isChecked(), true);
    assert.equal(await page.evaluate(() => document.activeElement.closest("tr")?.dataset.id), String(ids.nuke));
    await page.context().close();
  }
});

test("what was acknowledged shows, however many read and write at once", async () => {
  const page = await open();
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  await page.context().close();
  const read = async (place) => (await fetch(desk.url + place, { headers: { cookie } })).text();
  const tickets = [];
  for (let at = 0; at < 24; at++) tickets.push(await desk.create("Ticket", { project: desk.project, title: `many ${at}`, description: description({ engine: "tk-many" }) }));
  for (let round = 1; round <= 8; round++) {
    let writing = true;
    const readers = ["/tickets?q=check_range", `/tickets/${tickets[0]}?q=check_range`, "/tickets?q=many", `/tickets/${tickets[1]}`].map(async (place) => {
      while (writing) await read(place);
    });
    const writers = [0, 1, 2, 3].map(async (writer) => {
      for (let at = writer; at < tickets.length; at += 4) await desk.update("Ticket", tickets[at], { sg_incident_count: round * 100 + at });
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(readers);
    const shown = [...(await read("/tickets?engine=tk-many")).matchAll(/<tr data-id="(\d+)">[\s\S]*?number count">(\d+)</g)];
    const expected = tickets.map((id, at) => [String(id), String(round * 100 + at)]).sort();
    assert.deepEqual(shown.map(([, id, count]) => [id, count]).sort(), expected, `round ${round}`);
  }
});

test("streams are bounded, and end cleanly when the desk stops", async () => {
  const page = await open();
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  await page.context().close();
  const streams = [];
  let full;
  while (!full && streams.length < 1000) {
    const answer = await fetch(`${desk.url}/events`, { headers: { cookie } });
    if (answer.status === 200) streams.push(answer.body.getReader());
    else full = answer;
  }
  assert.equal(full?.status, 503);
  const first = new TextDecoder().decode((await streams[0].read()).value);
  assert.match(first, /^retry: \d+\n\n$/);
  const ends = streams.map(async (stream) => {
    for (;;) if ((await stream.read()).done) return;
  });
  assert.equal(await desk.end("SIGTERM"), 0);
  // An end that was cut off would be an error.
  await Promise.all(ends);
});

test("the browser never complained", () => {
  const expected = /status of 40[134]|status of 503|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION/;
  assert.deepEqual(noise.filter((text) => !expected.test(text)), []);
});

// What the pages look like and what they let through: hostile text stays text, nothing overflows a phone, colours can be read.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LOG, description, startBrowser, startDesk } from "./desk.mjs";

const EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

let desk, browser;
const noise = [];
const ids = {};

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.on("console", (message) => noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(String(error)));
  page.on("dialog", (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  await page.goto(desk.page);
  return page;
}

before(async () => {
  desk = await startDesk();
  const { project } = desk;
  ids.evil = await desk.create("Ticket", { project, title: EVIL, description: description({ user: EVIL.replaceAll(" ", ""), engine: EVIL.replaceAll(" ", ""), failed: EVIL, error: EVIL }), sg_status_list: "opn", sg_incident_count: 3 });
  await desk.create("Reply", { entity: { type: "Ticket", id: ids.evil }, content: `${EVIL}\u202e\x1b[31m` });
  await desk.update("Ticket", ids.evil, { sg_status_list: "res", sg_priority: "1" });
  ids.log = await desk.upload(ids.evil, "tk-maya-01234567.log", LOG);
  ids.long = await desk.upload(ids.evil, `${"x".repeat(90)}.log`, "2026-01-14 19:49:11,961 [1 ERROR x] y\n".repeat(6000) + "z".repeat(9000));
  ids.zip = await desk.upload(ids.evil, "evidence.zip", "PK\u0003\u0004");
  ids.other = await desk.create("Ticket", { project, title: "alice - ValueError: x [k7m2q9xd]", description: description() });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await desk?.stop();
});

const places = () => [
  "/tickets",
  `/tickets?q=${encodeURIComponent(EVIL)}`,
  `/tickets?engine=${encodeURIComponent(EVIL.replaceAll(" ", ""))}&signature=${encodeURIComponent(EVIL)}&since=7d`,
  `/tickets/${ids.evil}`,
  `/tickets/${ids.other}`,
  `/attachments/${ids.log}/view?line=3`,
  `/attachments/${ids.long}/view`,
  `/attachments/${ids.zip}/view`,
  `/tickets/999999`,
];

test("markup in a title, a description, an address or a log stays text", async () => {
  const page = await open();
  noise.length = 0;
  for (const place of places()) {
    const response = await page.goto(desk.url + place);
    const policy = response.headers()["content-security-policy"];
    assert.match(policy, /^default-src 'none'/);
    assert.match(policy, /script-src 'self';/);
    assert.doesNotMatch(policy, /unsafe/);
    const scripts = await page.locator("script").evaluateAll((all) => all.map((script) => script.getAttribute("src")));
    assert.deepEqual(scripts, ["/assets/desk.js"], place);
    assert.equal(await page.locator("img:not([src='/assets/icon.svg']), [onerror], [onclick], [style]").count(), 0, place);
    assert.ok(!(await page.title()).startsWith("owned"), place);
  }
  await page.goto(`${desk.url}/tickets/${ids.evil}`);
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), EVIL);
  assert.match(await page.locator(".reply .text").innerText(), /<U\+202E>\^\[\[31m$/);
  assert.deepEqual(noise.filter((text) => !/status of 404/.test(text)), [], "the browser complained");
  await page.context().close();
});

test("a log's escapes are spelt out", async () => {
  const page = await open();
  await page.goto(`${desk.url}/attachments/${ids.log}/view`);
  const lines = page.locator(".log > div");
  assert.equal(await lines.count(), 7);
  const text = await page.locator(".log").evaluate((log) => log.textContent);
  assert.ok(!/[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]/.test(text), "a control character reached the page");
  assert.match(text, /\^\[\[31m여기\^\[\[0m <b>bold<\/b>/);
  assert.match(text, /<script>document\.title = 'owned'<\/script>/);
  assert.match(text, /the log<U\+202E>fdp\.exe/);
  assert.match(await lines.nth(3).getAttribute("class"), /error/, "what follows a header belongs to its record");
  await page.context().close();
});

test("a long log is read part by part, with its true line numbers", async () => {
  const page = await open();
  const numbers = async () => {
    const all = await page.locator(".log > div > a").allInnerTexts();
    return [all.length, all[0], all.at(-1)];
  };
  await page.goto(`${desk.url}/attachments/${ids.long}/view`);
  assert.deepEqual(await numbers(), [1001, "5001", "6001"], "the newest part first");
  assert.match(await page.locator(".log > div").last().innerText(), /z … \(the line goes on/);
  await page.getByRole("link", { name: "Earlier part" }).first().click();
  assert.deepEqual(await numbers(), [2500, "2501", "5000"]);
  await page.goto(`${desk.url}/attachments/${ids.long}/view?line=1234#L1234`);
  assert.deepEqual(await numbers(), [2500, "1", "2500"]);
  assert.equal(await page.locator(".log > div:target a").innerText(), "1234");
  await page.context().close();
});

test("nothing overflows sideways on a phone, a tablet or a laptop", async () => {
  for (const [width, locale] of [[320, "en-GB"], [375, "ko-KR"], [768, "en-GB"], [1024, "ko-KR"]]) {
    const page = await open({ viewport: { width, height: 740 }, locale });
    for (const place of places()) {
      await page.goto(desk.url + place);
      const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(inner <= outer, `${place} is ${inner} wide in a window of ${outer}`);
    }
    await page.context().close();
  }
  const phone = await open({ viewport: { width: 375, height: 740 } });
  assert.equal(await phone.locator(".facets").isVisible(), false);
  await phone.locator(".filters-switch").click();
  assert.equal(await phone.locator(".facets").isVisible(), true);
  await phone.context().close();
});

/** Texts whose contrast with what is behind them is below WCAG's AA. */
function unreadable() {
  const parse = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, alpha } = parse(getComputedStyle(at).backgroundColor);
      if (alpha > 0.99) return rgb;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("svg, .sr") || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [one, other] = [luminance(parse(style.color).rgb), luminance(behind(element))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < (large ? 3 : 4.5)) bad.push(`${element.className || element.tagName}: ${contrast.toFixed(2)} ${element.textContent.trim().slice(0, 40)}`);
  }
  return bad;
}

test("every text can be read in light and in dark, as the system has it or as chosen", async () => {
  const papers = {};
  for (const [name, colorScheme, theme] of [["light", "light", ""], ["dark", "dark", ""], ["chosen", "light", "dark"]]) {
    const page = await open({ colorScheme });
    if (theme) await page.goto(`${desk.url}/tickets?theme=${theme}`);
    for (const place of places()) {
      await page.goto(desk.url + place);
      if (place === "/tickets") await page.locator("input[name=id]").first().check();
      assert.deepEqual(await page.evaluate(unreadable), [], `${place} in ${name}`);
    }
    papers[name] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.context().close();
  }
  assert.notEqual(papers.light, papers.dark);
  assert.equal(papers.chosen, papers.dark, "the switch is kept in a cookie");
});

test("the sign-in form has the language and the colours chosen on the pages", async () => {
  const context = await browser.newContext({ locale: "en-GB" });
  await context.addCookies([["desk_lang", "ko"], ["desk_theme", "dark"]].map(([name, value]) => ({ name, value, url: desk.url })));
  const page = await context.newPage();
  assert.equal((await page.goto(`${desk.url}/tickets`)).status(), 401);
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "로그인");
  assert.equal(await page.locator("html").getAttribute("lang"), "ko");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
  assert.deepEqual(await page.evaluate(unreadable), []);
  await context.close();
});

test("nothing moves for who asked for less motion", async () => {
  const page = await open({ reducedMotion: "reduce" });
  const moving = await page.evaluate(() => {
    document.querySelector("tbody tr").classList.add("fresh");
    return document.getAnimations().length;
  });
  assert.equal(moving, 0);
  await page.context().close();
});

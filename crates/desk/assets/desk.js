// Keys, selecting many, copying and live updates. Every page works without this file.
"use strict";

const rows = () => [...document.querySelectorAll("table.tickets tbody tr")];
const follow = (selector) => {
  const link = document.querySelector(selector);
  if (link) location.assign(link.href);
  return Boolean(link);
};

// Keys.

const typing = (element) => element.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

function step(by) {
  const all = rows();
  if (!all.length) return by > 0 ? follow("a[rel=next]") : follow("a[rel=prev]");
  const here = all.findIndex((row) => row.classList.contains("here"));
  const next = all[Math.min(Math.max(here + by, 0), all.length - 1)];
  all.forEach((row) => row.classList.toggle("here", row === next));
  next.querySelector("a.title").focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function press(key) {
  const help = document.getElementById("keys");
  switch (key) {
    case "j": return step(1);
    case "k": return step(-1);
    case "x": {
      const box = document.querySelector("tr.here input[type=checkbox]");
      box?.click();
      return Boolean(box);
    }
    case "/": {
      const field = document.querySelector("input[type=search]");
      if (field) { field.focus(); field.select(); } else location.assign("/tickets");
      return true;
    }
    case "u": return follow("a[rel=up], a.up");
    case "n":
    case "p": return follow(`a[data-key=${key}]`);
    case "?": {
      if (help.open) help.close(); else help.showModal();
      return true;
    }
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (document.querySelector("dialog[open]") && event.key !== "?") return;
  if (press(event.key)) event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("table.tickets tbody tr");
  if (row) rows().forEach((other) => other.classList.toggle("here", other === row));
});

// A menu closes when something else is touched.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Selecting many.

const boxes = () => [...document.querySelectorAll(".tickets input[name=id]")];
let lastBox = null;

function tell() {
  const all = boxes();
  const count = all.filter((box) => box.checked).length;
  const every = document.getElementById("all");
  if (every) {
    every.checked = count > 0 && count === all.length;
    every.indeterminate = count > 0 && count < all.length;
  }
  const said = document.querySelector(".picked");
  if (said) said.textContent = count ? said.dataset.many.replace("{}", count) : "";
}

document.addEventListener("click", (event) => {
  const box = event.target;
  if (box.id === "all") boxes().forEach((other) => { other.checked = box.checked; });
  else if (box.name === "id") {
    const all = boxes();
    if (event.shiftKey && lastBox && all.includes(lastBox)) {
      const [from, to] = [all.indexOf(lastBox), all.indexOf(box)].sort((one, other) => one - other);
      all.slice(from, to + 1).forEach((other) => { other.checked = box.checked; });
    }
    lastBox = box;
  } else return;
  tell();
});

// Copying a traceback: its text is the page behind the link.

for (const link of document.querySelectorAll("a[data-copy]")) {
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = link.dataset.copy;
  button.addEventListener("click", async () => {
    const answer = await fetch(link.href);
    if (!answer.ok) return;
    await navigator.clipboard.writeText(await answer.text());
    button.textContent = link.dataset.copied;
    setTimeout(() => { button.textContent = link.dataset.copy; }, 2000);
  });
  link.replaceWith(button);
}

// The reader's own time, beside UTC.

function localTimes(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const local = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "long" });
    if (!time.title.includes("\n")) time.title = `${time.title}\n${local}`;
  }
}

// Live updates: a bar tells of what is new, rows that are shown are renewed where they stand.

const bar = document.querySelector(".live");
const changed = new Set();
let stream = null;
let renewing = false;

async function renew(ids) {
  const shown = rows().filter((row) => ids.has(Number(row.dataset.id)));
  if (!shown.length || renewing) return;
  renewing = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const row of shown) {
      const fresh = page.querySelector(`tr[data-id="${row.dataset.id}"]`);
      if (!fresh) continue;
      // The box and the link stay the very elements they are: what is selected and focused stays so.
      for (const cell of row.cells) {
        const other = fresh.querySelector(`td.${cell.classList[cell.classList.length - 1]}`);
        if (!other || cell.classList.contains("pick") || cell.contains(document.activeElement)) continue;
        if (cell.innerHTML !== other.innerHTML) cell.replaceChildren(...document.importNode(other, true).childNodes);
      }
      row.classList.remove("fresh");
      void row.offsetWidth;
      row.classList.add("fresh");
      localTimes(row);
    }
  } finally {
    renewing = false;
  }
}

function heard(event) {
  const ids = new Set(JSON.parse(event.data));
  const own = document.querySelector("main[data-ticket]")?.dataset.ticket;
  for (const id of ids) if (!own || id === Number(own)) changed.add(id);
  if (!changed.size) return;
  if (!own) renew(ids);
  bar.querySelector("span").textContent = (changed.size === 1 ? bar.dataset.one : bar.dataset.many).replace("{}", changed.size);
  bar.hidden = false;
}

// Browsers open few connections to a host: only the page in sight has a stream.
function listen() {
  if (!bar) return;
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else if (!stream) {
    stream = new EventSource("/events");
    stream.addEventListener("tickets", heard);
  }
}

document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => { stream?.close(); stream = null; });
addEventListener("pageshow", listen);

const every = document.getElementById("all");
if (every) every.hidden = false;
localTimes(document);
tell();
listen();

// Live updates: lines of progress are appended, anything else is fetched when it has changed.
// Without this script the page reloads by itself.
"use strict";

const RETRY = 15000; // milliseconds until the next attempt after the stream was refused
const LINES = 200; // of a job
const JOBS = 20;
const progress = new Map(); // job -> [[number, line], …]: lines that arrived before their list
let busy = false;
let missed = false;

// Progress of the jobs.

function append(list, number, line) {
  if (list.lastElementChild && list.lastElementChild.value >= number) return;
  const item = document.createElement("li");
  item.value = number;
  item.textContent = line;
  list.append(item);
  while (list.children.length > LINES) list.firstElementChild.remove();
}

function appendAll() {
  for (const list of document.querySelectorAll("ol[data-progress]"))
    for (const [number, line] of progress.get(list.dataset.progress) ?? []) append(list, number, line);
}

function onProgress(event) {
  const { job, number, line } = JSON.parse(event.data);
  const lines = progress.get(job) ?? [];
  lines.push([number, line]);
  progress.delete(job);
  progress.set(job, lines.slice(-LINES));
  if (progress.size > JOBS) progress.delete(progress.keys().next().value);
  for (const list of document.querySelectorAll("ol[data-progress]"))
    if (list.dataset.progress === job) append(list, number, line);
}

// Everything else: each part with data-live is replaced when it differs from the previous response.
// Fields that a user writes into are outside of these parts.

const before = new Map();
for (const part of document.querySelectorAll("[data-live]")) before.set(part.id, part.outerHTML);

const focusable = (part) => [...part.querySelectorAll("a, button, input, summary, [tabindex]")];

function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? focusable(old).indexOf(document.activeElement) : -1;
  old.replaceWith(fresh);
  if (focused >= 0) focusable(fresh)[focused]?.focus({ preventScroll: true });
}

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const previous = document.querySelector("#headline")?.textContent.trim();
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const old = document.getElementById(fresh.id);
    if (!old) return location.reload(); // another stack
    const html = fresh.outerHTML;
    if (before.get(fresh.id) === html) continue;
    before.set(fresh.id, html);
    swap(old, document.adoptNode(fresh));
  }
  document.title = page.title;
  const headline = document.querySelector("#headline")?.textContent.trim();
  if (headline && headline !== previous) document.querySelector("#announce").textContent = headline;
  appendAll();
  showTimes();
}

async function refresh() {
  if (busy) return void (missed = true);
  busy = true;
  try {
    const response = await fetch(location.pathname, { redirect: "manual", cache: "no-store" });
    if (response.type === "opaqueredirect") return location.reload(); // logged out
    document.querySelector("#away").hidden = response.ok || response.status === 404;
    if (response.ok) show(await response.text());
  } catch {
    document.querySelector("#away").hidden = false;
  } finally {
    busy = false;
    if (missed) {
      missed = false;
      refresh();
    }
  }
}

// Times: relative, and in the time zone of the browser.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
const calendar = new Intl.DateTimeFormat("sv-SE", { year: "numeric", month: "2-digit", day: "2-digit" });
const zoned = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

function duration(seconds) {
  const parts = [];
  for (const [size, unit] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count || parts.length) parts.push(count ? `${count} ${unit}` : "");
  }
  return parts.slice(0, 2).filter(Boolean).join(" ") || "0 s";
}

function relative(moment) {
  const seconds = (Date.now() - moment) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const [size, unit] = UNITS.find(([size]) => Math.abs(seconds) >= size);
  const count = Math.floor(Math.abs(seconds) / size);
  return seconds > 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

function absolute(moment) {
  const date = calendar.format(moment);
  return date === calendar.format(Date.now()) ? clock.format(moment) : `${date} ${zoned.format(moment)}`;
}

const write = (element, text) => element && element.textContent !== text && (element.textContent = text);

function showTimes() {
  for (const time of document.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    write(time.querySelector("[data-relative]"), relative(moment));
    write(time.querySelector("[data-absolute]"), absolute(moment));
  }
  for (const span of document.querySelectorAll("[data-seconds]")) {
    span.dataset.from ??= String(Date.now() - 1000 * Number(span.dataset.seconds));
    write(span, duration((Date.now() - Number(span.dataset.from)) / 1000));
  }
}

// The event stream. The browser reopens it with the last event id; after an error status this script does.

function isLive(on) {
  const sign = document.querySelector("#live");
  sign.hidden = false;
  sign.className = on ? "on" : "";
  write(sign, on ? "Live" : "Not live; retrying");
}

function listen() {
  const stream = new EventSource(`/events?after=${encodeURIComponent(document.body.dataset.cursor)}`);
  stream.addEventListener("open", () => isLive(true));
  stream.addEventListener("progress", onProgress);
  stream.addEventListener("changed", refresh);
  for (const kind of ["progress", "changed"])
    stream.addEventListener(kind, (event) => (document.body.dataset.cursor = event.lastEventId));
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    isLive(false);
    setTimeout(async () => {
      await refresh();
      listen();
    }, RETRY);
  });
}

showTimes();
setInterval(showTimes, 1000);
listen();

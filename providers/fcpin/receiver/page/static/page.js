// Keeps the page as it is on the server: what a job says comes by itself, anything else is fetched when it has changed.
// Without this file the page reloads by itself.
"use strict";

const AGAIN = 15000; // milliseconds until the next try, when there is no stream
const LINES = 200; // of a job
const JOBS = 20;
const said = new Map(); // job -> [[number, line], …]: what came while its list was not there yet
let busy = false;
let missed = false;

// What a job says.

function append(list, number, line) {
  if (list.lastElementChild && list.lastElementChild.value >= number) return;
  const item = document.createElement("li");
  item.value = number;
  item.textContent = line;
  list.append(item);
  while (list.children.length > LINES) list.firstElementChild.remove();
}

function appendAll() {
  for (const list of document.querySelectorAll("ol[data-said]"))
    for (const [number, line] of said.get(list.dataset.said) ?? []) append(list, number, line);
}

function onProgress(event) {
  const { job, number, line } = JSON.parse(event.data);
  const lines = said.get(job) ?? [];
  lines.push([number, line]);
  said.delete(job);
  said.set(job, lines.slice(-LINES));
  if (said.size > JOBS) said.delete(said.keys().next().value);
  for (const list of document.querySelectorAll("ol[data-said]"))
    if (list.dataset.said === job) append(list, number, line);
}

// Everything else: each part with data-live is taken from the server's page when it differs from what came before.
// What somebody writes into is in no such part.

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
  const heard = document.querySelector("#headline")?.textContent.trim();
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
  if (headline && headline !== heard) document.querySelector("#announce").textContent = headline;
  appendAll();
  tell();
}

async function refresh() {
  if (busy) return void (missed = true);
  busy = true;
  try {
    const answer = await fetch(location.pathname, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect") return location.reload(); // logged out
    document.querySelector("#away").hidden = answer.ok || answer.status === 404;
    if (answer.ok) show(await answer.text());
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

// Times: how long ago, and when in the zone of whoever looks.

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

function tell() {
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

// The stream. The browser opens it again by itself, and says how far it is; where it was refused we try later.

function isLive(on) {
  const sign = document.querySelector("#live");
  sign.hidden = false;
  sign.className = on ? "on" : "";
  write(sign, on ? "Live" : "Not live; asks again by itself");
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
    }, AGAIN);
  });
}

tell();
setInterval(tell, 1000);
listen();

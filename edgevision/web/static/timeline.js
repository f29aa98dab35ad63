// The sightings: filters, thumbnails, corrections.

import { ask, byId, command, learnName, make, named, percent, plain } from "./dom.js";
import { addPlace } from "./worldmap.js";

const MANY = 12;
let operator = false;
let shown = [];
let arrived = [];
let asked = 0;
let most = MANY;
let known = {};

export async function wireTimeline(mayChange) {
  operator = mayChange;
  let waiting;
  byId("filters").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => load(), 250);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => load(shown.at(-1)?.time));
  wireDialog();
  await labels();
}

export async function labels() {
  const found = await ask("/api/v1/labels");
  known = found.known;
  const seen = [...new Set(Object.values(found.seen).flat())].sort();
  byId("seen-labels").replaceChildren(...seen.map((label) => make("option", { value: label })));
  const select = byId("filters").elements.task;
  const tasks = [...new Set([...Object.keys(found.seen), ...Object.keys(known)])];
  const chosen = select.value;
  select.replaceChildren(make("option", { value: "" }, "any"), ...tasks.map((name) => make("option", { value: name }, name)));
  select.value = chosen;
  return seen;
}

function wanted() {
  const given = [...new FormData(byId("filters"))].map(([key, value]) => [key, value.trim()]);
  return new URLSearchParams(given.filter(([, value]) => value !== ""));
}

const narrowed = () => [...wanted().keys()].some((key) => key !== "since");

// Asked for anew after each connection, too: what happened in between is told by nobody else.
export async function load(until = null) {
  const query = wanted();
  query.set("phase", "seen");
  query.set("limit", MANY);
  if (until) query.set("until", until);
  const turn = ++asked;
  arrived = [];
  try {
    const { events } = await ask(`/api/v1/events?${query}`);
    // Who typed on has asked again meanwhile.
    if (turn !== asked) return;
    const ids = new Set(events.map((one) => one.id));
    shown = until ? [...shown, ...events] : [...arrived.filter((one) => !ids.has(one.id)), ...events];
    most = Math.max(MANY, shown.length);
    for (const event of events) {
      learnName(event.label, event.name);
      addPlace(event.place);
    }
    byId("more").hidden = events.length < MANY;
    render();
  } catch (error) {
    byId("events-words").textContent = error.message;
  }
}

export function addEvent(event) {
  if (event.phase !== "seen" || shown.some((one) => one.id === event.id) || !fits(event)) return;
  learnName(event.label, event.name);
  arrived = [event, ...arrived];
  shown = [event, ...shown];
  if (shown.length > most) byId("more").hidden = false;
  shown = shown.slice(0, most);
  render(event.id);
}

// Pictures are written after the event was told, clips after it ended.
export async function loadFiles(ids) {
  for (const id of ids.filter((one) => shown.some((event) => event.id === one))) {
    const { phases } = await ask(`/api/v1/events/${id}`);
    const at = shown.findIndex((event) => event.id === id);
    if (at < 0 || !phases.length) continue;
    const event = shown[at], { files } = phases[0].kept;
    if (files.includes("clip")) change(id, { files });
    else {
      // The rest of the row stays: somebody may be at its buttons.
      shown[at] = { ...event, kept: { ...event.kept, files } };
      cards.set(shown[at], cards.get(event));
      cards.get(event).querySelector(".thumb").replaceWith(thumb(shown[at]));
    }
  }
}

// A new event is of now, whatever "since" says.
function fits(event) {
  const query = wanted();
  return (!query.get("task") || query.get("task") === event.task)
    && (!query.get("label") || plain(query.get("label")) === plain(event.label))
    && event.score >= Number(query.get("min_score") ?? 0);
}

// What has not changed stays where it is: somebody may have the focus on it.
const cards = new WeakMap();

function render(fresh = null) {
  const list = byId("events");
  const nodes = shown.map((event) => {
    if (!cards.has(event)) cards.set(event, card(event, event.id === fresh));
    return cards.get(event);
  });
  const staying = new Set(nodes);
  for (const node of [...list.children]) if (!staying.has(node)) node.remove();
  nodes.forEach((node, at) => { if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null); });
  byId("events-words").textContent = shown.length ? "" : narrowed() ? "No sightings of that kind." : "No sightings yet. What it tells of is listed here, with its picture where snapshots are kept.";
}

// A letter stands for a picture that is none yet, or none any more.
function thumb(event, tries = 5) {
  const picture = event.kept.files?.findIndex((kind) => kind !== "clip") ?? -1;
  const name = event.name ?? named(event.label);
  const letter = make("span", { class: "thumb", "aria-hidden": "true" }, name.slice(0, 1).toUpperCase());
  if (picture < 0) return letter;
  const missing = ({ target }) => {
    target.parentElement.replaceWith(letter);
    // Put down before it is written, it may be there soon.
    if (tries > 0) setTimeout(() => { if (letter.isConnected) letter.replaceWith(thumb(event, tries - 1)); }, 2000);
  };
  return make("a", { class: "thumb", href: file(event, picture) },
    make("img", { src: file(event, picture), alt: `Picture of ${name}`, loading: "lazy", onerror: missing }));
}

function card(event, fresh) {
  const time = new Date(event.time);
  const corrected = event.kept.corrected;
  const clip = event.kept.files?.indexOf("clip") ?? -1;
  const name = event.name ?? named(event.label);
  return make("li", { class: fresh ? "event fresh" : "event", "data-id": event.id },
    thumb(event),
    make("div", {},
      make("h3", { class: "label" }, corrected && corrected !== event.label ? named(corrected) : name, corrected && corrected !== event.label ? make("s", {}, ` ${name}`) : null),
      make("p", { class: "facts" }, make("time", { datetime: event.time, title: time.toLocaleString() }, when(time)), ` · ${percent(event.score)} · ${event.task} · ${event.source}`, corrected === event.label ? " · confirmed" : ""),
      make("div", { class: "tools" },
        operator ? make("button", { type: "button", class: "plain", "aria-label": `Correct ${name}`, onclick: () => open(event, name) }, "Correct") : null,
        operator ? make("button", { type: "button", class: "plain", "data-pin": true, "aria-label": `${event.kept.pinned ? "Unpin" : "Pin"} ${name}`, onclick: () => pin(event) }, event.kept.pinned ? "Unpin" : "Pin") : null,
        clip < 0 ? null : make("a", { href: file(event, clip) }, "Film"))));
}

const file = (event, number) => `/api/v1/events/${event.id}/files/${number}`;

function when(time) {
  const today = time.toDateString() === new Date().toDateString();
  const clock = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return today ? clock : `${time.toLocaleDateString([], { day: "numeric", month: "short" })}, ${clock}`;
}

async function pin(event) {
  const value = !event.kept.pinned;
  if (!await command({ action: "pin", event: event.id, value })) return;
  change(event.id, { pinned: value });
  focusOn(event.id, "[data-pin]");
}

const focusOn = (id, selector) => document.querySelector(`[data-id="${CSS.escape(id)}"] ${selector}`)?.focus();

function change(id, what) {
  shown = shown.map((one) => one.id === id ? { ...one, kept: { ...one.kept, ...what } } : one);
  render();
}

let open_ = null;

function open(event, name) {
  open_ = event;
  byId("correct-was").textContent = name;
  byId("correct-answer").textContent = "";
  byId("correct-label").value = "";
  byId("known-labels").replaceChildren(...(known[event.task] ?? []).map((label) => make("option", { value: label })));
  byId("correct").showModal();
  byId("correct-label").focus();
}

async function relabel(label) {
  if (await command({ action: "relabel", event: open_.id, value: label }, byId("correct-answer"))) {
    change(open_.id, { corrected: label });
    byId("correct").close();
    focusOn(open_.id, "button");
  }
}

function wireDialog() {
  byId("correct-form").addEventListener("submit", (event) => {
    event.preventDefault();
    relabel(byId("correct-label").value);
  });
  byId("correct-right").addEventListener("click", () => relabel(open_.label));
  byId("correct-none").addEventListener("click", () => relabel("none"));
  byId("correct-cancel").addEventListener("click", () => byId("correct").close());
}

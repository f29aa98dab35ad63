// Puts the page together: who asks, what comes by server-sent events, the moving picture.

import { ask, byId, make, post } from "./dom.js";
import { loadStatistics, wireStatistics } from "./charts.js";
import { showHealth } from "./health.js";
import { showControls, showState, showWhy, wireControls } from "./now.js";
import { addEvent, labels, load, loadFiles, wireTimeline } from "./timeline.js";
import { addPlace } from "./worldmap.js";

let source = null;
let held = false;
let tasks = [];
let late = null;
let told = new Set();

function showPicture() {
  const image = byId("picture");
  if (!source || held || document.hidden) return;
  image.src = `/api/v1/sources/${encodeURIComponent(source)}/stream?at=${Date.now()}`;
  image.alt = `Live picture of ${source}, with what is seen painted on it`;
}

// A picture that stands still, for who holds it, or while nobody looks at the page.
function stopPicture() {
  const image = byId("picture");
  if (!image.naturalWidth) return image.removeAttribute("src");
  image.src = `/api/v1/sources/${encodeURIComponent(source)}/picture?at=${Date.now()}`;
}

function wirePicture() {
  const image = byId("picture"), frame = byId("picture-frame");
  image.addEventListener("load", () => frame.classList.add("moving"));
  image.addEventListener("error", () => {
    frame.classList.remove("moving");
    byId("picture-words").textContent = "No picture now; trying again";
    setTimeout(showPicture, 3000);
  });
  byId("hold").addEventListener("click", (event) => {
    held = !held;
    event.currentTarget.setAttribute("aria-pressed", String(held));
    if (held) stopPicture();
    else showPicture();
  });
  document.addEventListener("visibilitychange", () => document.hidden ? stopPicture() : showPicture());
}

function showSources(state) {
  const names = state.sources.map((one) => one.name);
  if (names.includes(source)) return;
  source = names[0] ?? null;
  const buttons = names.map((name) => make("button", {
    type: "button", "aria-pressed": String(name === source),
    onclick: (event) => {
      source = name;
      for (const other of byId("sources").children) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      showPicture();
    },
  }, name));
  byId("sources").replaceChildren(...(names.length > 1 ? buttons : [make("span", { class: "faint" }, source ?? "")]));
  showPicture();
}

function listen() {
  const events = new EventSource("/api/v1/live");
  let connected = false;
  events.addEventListener("state", ({ data }) => {
    const state = JSON.parse(data);
    // From the first state on every event is told; what was before has to be asked for.
    if (!connected) load();
    connected = true;
    showSources(state);
    showState(state, source);
    for (const one of state.sources) for (const task of one.report?.tasks ?? []) if (task.verdict === "seen") addPlace(task.place);
  });
  events.addEventListener("health", ({ data }) => {
    const health = JSON.parse(data);
    showHealth(health);
    showWhy(health.last_minute);
    if (health.control) showControls(health.control, tasks);
  });
  events.addEventListener("event", ({ data }) => {
    const event = JSON.parse(data);
    addEvent(event);
    addPlace(event.place);
    told.add(event.id);
    late ??= setTimeout(afterwards, 2000);
  });
  events.addEventListener("error", () => {
    connected = false;
    byId("state").dataset.state = "away";
    byId("state-words").textContent = "no connection; trying again";
    // Refused (a session that is over, as many listeners as may), a browser does not come back by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(listenAgain, 3000);
  });
}

// Whoever has to log in first is sent there.
function listenAgain() {
  ask("/api/v1/me").then(listen, () => setTimeout(listenAgain, 3000));
}

async function afterwards() {
  const ids = [...told];
  told = new Set();
  late = null;
  await Promise.allSettled([loadFiles(ids), loadStatistics(), labels()]);
}

async function begin() {
  const me = await ask("/api/v1/me");
  const operator = me.role === "operator";
  if (me.login) {
    byId("who").append(me.name, make("button", {
      type: "button", class: "plain",
      onclick: async () => { await post("/api/v1/logout", {}); location.assign("/login"); },
    }, "Log out"));
  }
  if (!operator) for (const element of document.querySelectorAll("[data-operator]")) element.hidden = true;
  ({ tasks } = await ask("/api/v1/tasks"));
  wirePicture();
  wireControls();
  listen();
  await wireTimeline(operator);
  await wireStatistics();
}

begin();

// How it is: the same numbers as `edgevision status`.

import { bar, byId, make } from "./dom.js";

const STAGES = { aim: "where to look", infer: "network", read: "reading it", decide: "deciding", total: "frame to answer" };

export function showHealth(health) {
  const state = byId("state");
  state.dataset.state = health.state;
  byId("state-words").textContent = `${health.state} · ${health.fps_now.toFixed(1)} frames/s`;
  showReasons(health.reasons);
  byId("numbers").replaceChildren(...numbers(health).map(([name, value, wrong]) =>
    make("div", { class: `${wrong ? "wrong" : ""} ${value.length > LONG ? "words" : ""}` }, make("dt", {}, name), make("dd", {}, value))));
  const stages = Object.entries(health.latency_ms).filter(([, times]) => times.p50 !== null);
  const most = Math.max(1, ...stages.map(([, times]) => times.p95));
  byId("stages").replaceChildren(make("h3", { class: "quiet" }, "Latency by stage"),
    make("ol", { class: "bars" }, ...stages.map(([stage, times]) => bar(STAGES[stage] ?? stage, times.p50 / most, {
      text: `${times.p50.toFixed(1)} ms (95 %: ${times.p95.toFixed(1)})`, at: times.p95 / most * 0.995,
    }))));
}

let shownReasons = "";

// Only what is new is put there, or a screen reader would say it every two seconds.
function showReasons(reasons) {
  const key = JSON.stringify(reasons);
  if (key === shownReasons) return;
  shownReasons = key;
  byId("reasons").replaceChildren(...reasons.map((why) => make("li", {}, why)));
}

// What has more letters is words, not a number, and gets a line of its own.
const LONG = 12;

// What looks at the frames, and why that is not what was asked for.
function engine({ on = [], reason = null, inferences_on_cpu: rest = 0 } = {}) {
  const named = on.map((name) => name === "cpu" ? "CPU" : name.startsWith("edgetpu") ? "Edge TPU" : `Edge TPU ${name}`);
  const rows = named.length ? [["Runs on", named.join(", "), reason !== null]] : [];
  if (reason) rows.push(["Why not as asked", reason, true]);
  if (rest) rows.push(["Looks left to the CPU", rest.toLocaleString(), false]);
  return rows;
}

function numbers(health) {
  const { board = {}, process = {}, disk = {}, web = {} } = health;
  const causes = Object.entries(health.dropped).map(([cause, count]) => `${count.toLocaleString()} by ${cause}`);
  const rows = [
    ...engine(health.engine),
    ["Frames", health.frames.toLocaleString()],
    ["Inferences", health.inferences.toLocaleString()],
    ["Left out", causes.length ? causes.join(", ") : "0"],
    ["Events", health.events.toLocaleString()],
  ];
  if (health.resolution) rows.push(["Network input", `${health.resolution} px`], ["Threads", String(health.threads)]);
  if (board.temperature_c != null) rows.push(["Temperature", `${board.temperature_c.toFixed(0)} °C`, board.throttled]);
  if (process.rss_mb != null) rows.push(["Memory", `${process.rss_mb.toFixed(0)} MB`]);
  if (disk.free_mb != null) rows.push(["Disk free", `${(disk.free_mb / 1000).toFixed(1)} GB`, disk.free_mb < 200]);
  for (const [name, source] of Object.entries(health.sources ?? {})) rows.push([`Source ${name}`, source.state, source.state !== "running"]);
  for (const [name, output] of Object.entries(health.outputs ?? {})) {
    const { connection } = output;
    if (connection === undefined && !output.last_error) continue;
    const wrong = Boolean(output.last_error) || (connection ?? "connected") !== "connected";
    // Why it is away stands among the reasons.
    const words = connection === "connected" ? connection : connection === undefined ? "failing" : "away";
    rows.push([`Output ${name}`, words, wrong]);
    if (output.outbox) rows.push([`Waiting for ${name}`, output.outbox.toLocaleString()]);
  }
  if (health.store) rows.push(["Kept events", health.store.saved.toLocaleString(), Boolean(health.store.last_error)]);
  rows.push(["Watching", String(web.viewers ?? 0)]);
  return rows;
}

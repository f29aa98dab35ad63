// What it sees now, why it tells nothing, and the controls.

import { bar, byId, command, learnName, make, named, percent, say } from "./dom.js";

const CAUSES = {
  seen: "told: the sighting goes on",
  gone: "seen a moment ago",
  presence: "nothing of its kind in the picture",
  score: "not sure enough: below the threshold",
  hits: "not yet in enough frames",
  cooldown: "told a short while ago",
  off: "switched off",
  frozen: "frozen: the answer stands still",
  other: "other reasons",
};
const ABSENT = { dogs: "no dog" };

let thresholds = {};

export function showState(state, source) {
  const found = state.sources.find((one) => one.name === source) ?? state.sources[0];
  const report = found?.report;
  if (!report) return;
  byId("now").replaceChildren(...report.tasks.map(task));
}

function task(told) {
  for (const guess of told.guesses) learnName(guess.label, guess.name);
  const name = named(told.label ?? "");
  const title = told.verdict === "nothing" ? ABSENT[told.task] ?? "nothing" : told.verdict === "seen" ? name : told.group ? `some ${told.group}` : "unsure";
  const at = thresholds[told.task] ?? null;
  return make("article", { class: "task", "data-verdict": told.verdict },
    make("p", { class: "of" }, make("span", {}, told.task), make("span", {}, told.verdict)),
    make("h3", { class: "label" }, title),
    make("ol", { class: "bars" }, ...told.guesses.slice(0, 4).map((guess) =>
      bar(guess.name, guess.score, { kind: told.verdict, at }))),
    told.place ? make("p", { class: "faint" }, `${told.place.name}, within ${Math.round(told.place.radius_km)} km`) : null,
    make("p", { class: "reason" }, told.reason));
}

export function showWhy(lastMinute) {
  const tasks = [...new Set(lastMinute.map((one) => one.task))];
  if (!tasks.length) {
    byId("why").replaceChildren(make("p", { class: "faint" }, "No frames in the last minute."));
    return;
  }
  byId("why").replaceChildren(...tasks.map((name) => {
    const of = lastMinute.filter((one) => one.task === name && one.count > 0);
    const all = of.reduce((sum, one) => sum + one.count, 0) || 1;
    const rows = of.map((one) => bar(CAUSES[one.cause] ?? one.cause, one.count / all, {
      kind: one.cause === "seen" ? "seen" : one.cause === "presence" ? "nothing" : "unsure",
      text: `${one.count} · ${percent(one.count / all)}`,
    }));
    return make("div", {}, tasks.length > 1 ? make("h3", {}, name) : null, make("ol", { class: "bars" }, ...rows));
  }));
}

let shownTasks = "";

export function showControls(control, tasks) {
  thresholds = control.thresholds ?? {};
  byId("enabled").setAttribute("aria-checked", String(control.enabled));
  byId("frozen").setAttribute("aria-checked", String(control.frozen));
  const key = JSON.stringify([control.tasks, control.thresholds, tasks]);
  // Not while somebody has hold of it.
  if (key === shownTasks || document.activeElement?.closest("#thresholds")) return;
  shownTasks = key;
  const focused = document.activeElement?.dataset?.task;
  byId("tasks").replaceChildren(...tasks.map(({ name, says }) => box(name, says, control.tasks)));
  if (focused) document.querySelector(`[data-task="${CSS.escape(focused)}"]`)?.focus();
  byId("thresholds").replaceChildren(...Object.entries(thresholds).map(([name, value]) => slider(name, value)));
}

// Any of them together: they share one look of the network.
function box(name, says, running) {
  const input = make("input", { type: "checkbox", "data-task": name, checked: running.includes(name), onchange: choose });
  return make("label", { class: "choice", title: says }, input, name);
}

async function choose(event) {
  const boxes = [...byId("tasks").querySelectorAll("input")];
  const value = boxes.filter((one) => one.checked).map((one) => one.dataset.task);
  const accepted = value.length ? await command({ action: "task", value }) : say("one task at least", false);
  if (!accepted) event.target.checked = !event.target.checked;
}

function slider(name, value) {
  const output = make("output", {}, percent(value));
  const input = make("input", {
    type: "range", min: 0, max: 1, step: 0.01, value, "data-threshold": name, "aria-label": `Threshold of ${name}`,
    oninput: () => { output.textContent = percent(Number(input.value)); },
    onchange: async () => {
      await command({ action: "threshold", value: Number(input.value), task: name });
      input.blur();
    },
  });
  return make("label", { class: "threshold" }, make("span", {}, `Threshold of ${name}`), output, input);
}

export function wireControls() {
  for (const [id, action] of [["enabled", "enabled"], ["frozen", "freeze"]]) {
    byId(id).addEventListener("click", async ({ currentTarget: button }) => {
      const on = button.getAttribute("aria-checked") !== "true";
      if (await command({ action, value: on })) button.setAttribute("aria-checked", String(on));
    });
  }
  byId("shoot").addEventListener("click", () => command({ action: "snapshot" }));
}

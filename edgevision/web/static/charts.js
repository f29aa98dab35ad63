// How often and when: two charts of bars, and the labels by number. Hours are this browser's.

import { ask, bar, byId, draw, make, named, plain } from "./dom.js";

const WIDE = 300, HIGH = 130, LEFT = 26, BELOW = 18;
let hours = [];

export async function wireStatistics() {
  byId("statistics-label").addEventListener("change", show);
  await loadStatistics();
}

export async function loadStatistics() {
  ({ hours } = await ask("/api/v1/statistics?days=14"));
  const labels = [...new Set(hours.map((one) => plain(one.label)))].sort();
  const spelt = new Map(hours.map((one) => [plain(one.label), one.label]));
  const select = byId("statistics-label");
  const chosen = select.value;
  select.replaceChildren(make("option", { value: "" }, "all"), ...labels.map((label) => make("option", { value: label }, named(spelt.get(label)))));
  select.value = labels.includes(chosen) ? chosen : "";
  show();
}

function show() {
  byId("statistics-words").hidden = hours.length > 0;
  byId("charts").hidden = byId("statistics-label").parentElement.hidden = hours.length === 0;
  const label = byId("statistics-label").value;
  const of = hours.filter((one) => !label || plain(one.label) === label);
  const byHour = Array.from({ length: 24 }, (_, hour) => [`${hour}`, 0]);
  const today = new Date();
  const days = Array.from({ length: 14 }, (_, back) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - 13 + back));
  const byDay = days.map((day) => [day.toLocaleDateString([], { day: "numeric", month: "short" }), 0]);
  for (const { hour, count } of of) {
    const time = new Date(hour);
    byHour[time.getHours()][1] += count;
    const at = days.findIndex((day) => day.toDateString() === time.toDateString());
    if (at >= 0) byDay[at][1] += count;
  }
  byId("by-hour").replaceChildren(chart(byHour, (at) => at % 6 === 0, "start", "Sightings by hour of the day"));
  byId("by-day").replaceChildren(chart(byDay, (at) => (at - 13) % 3 === 0, "end", "Sightings by day"));
  const totals = new Map();
  for (const one of hours) totals.set(plain(one.label), [one.label, (totals.get(plain(one.label))?.[1] ?? 0) + one.count]);
  const most = [...totals.values()].sort((a, b) => b[1] - a[1]).slice(0, 8);
  byId("by-label").replaceChildren(...most.map(([name, count]) => bar(named(name), count / most[0][1], { text: String(count) })));
}

// Bars of equal width over a ground line; those that are `marked` carry their name at one of their sides.
function chart(rows, marked, side, title) {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const step = (WIDE - LEFT) / rows.length;
  const high = HIGH - BELOW - 12;
  const bars = rows.map(([name, count], at) => {
    const tall = count / most * high;
    return draw("rect", { x: LEFT + at * step + 1, y: HIGH - BELOW - tall, width: step - 2, height: tall }, draw("title", {}, `${name}: ${count}`));
  });
  const names = rows.map(([name], at) => !marked(at) ? null
    : draw("text", { x: LEFT + (side === "end" ? at + 1 : at) * step, y: HIGH - 4, "text-anchor": side }, name));
  const said = rows.filter(([, count]) => count).map(([name, count]) => `${name}: ${count}`).join(", ") || "none";
  return draw("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${title}. ${said}` },
    draw("line", { x1: LEFT, x2: WIDE, y1: HIGH - BELOW, y2: HIGH - BELOW }),
    draw("line", { x1: LEFT, x2: WIDE, y1: 12, y2: 12 }),
    draw("line", { x1: LEFT, x2: WIDE, y1: 12 + high / 2, y2: 12 + high / 2 }),
    draw("text", { x: LEFT - 4, y: 16, "text-anchor": "end" }, String(most)),
    draw("text", { x: LEFT - 4, y: HIGH - BELOW, "text-anchor": "end" }, "0"),
    ...bars, ...names);
}

// Where landmarks are: outlines of the land in plate carrée, and circles of what is uncertain.

import { ask, byId, draw } from "./dom.js";

const KM_PER_DEGREE = 111.2;
let land = null;
const places = new Map();

export async function addPlace(place) {
  if (!place) return;
  const key = `${place.lat.toFixed(1)} ${place.lon.toFixed(1)}`;
  if (places.has(key)) return;
  places.set(key, place);
  while (places.size > 60) places.delete(places.keys().next().value);
  byId("map-section").hidden = false;
  land ??= await ask("/static/land.json");
  byId("map").replaceChildren(map());
}

// The part of the world where the places are, not less than a quarter of its width.
const WORLD = { left: -180, top: -84, wide: 360, high: 145 };

function view() {
  const lons = [...places.values()].map((one) => one.lon), lats = [...places.values()].map((one) => -one.lat);
  const reach = (values) => (Math.max(...values) - Math.min(...values)) * 1.25;
  const ratio = WORLD.high / WORLD.wide;
  const wide = Math.min(WORLD.wide, Math.max(WORLD.wide / 4, reach(lons), reach(lats) / ratio));
  const from = (values, low, size, part) => {
    const middle = (Math.max(...values) + Math.min(...values)) / 2;
    return Math.min(Math.max(middle - part / 2, low), low + size - part);
  };
  return { left: from(lons, WORLD.left, WORLD.wide, wide), top: from(lats, WORLD.top, WORLD.high, wide * ratio), wide, high: wide * ratio };
}

function map() {
  const outlines = land.map((ring) => `M${ring.map(([lon, lat]) => `${lon} ${-lat}`).join("L")}Z`).join("");
  const said = [...new Set([...places.values()].map((one) => one.name))];
  byId("map-words").textContent = said.slice(-12).reverse().join(" · ");
  const { left, top, wide, high } = view();
  const dot = wide / 90;
  return draw("svg", { class: "world", viewBox: `${left} ${top} ${wide} ${high}`, role: "img", "aria-label": `World map with ${said.join(", ")}` },
    draw("path", { d: outlines }),
    ...[...places.values()].flatMap((one) => [
      draw("circle", { class: "around", cx: one.lon, cy: -one.lat, r: Math.max(dot * 1.6, one.radius_km / KM_PER_DEGREE), "stroke-width": dot / 6 }),
      draw("circle", { cx: one.lon, cy: -one.lat, r: dot, "stroke-width": dot / 5 }, draw("title", {}, one.name)),
    ]));
}

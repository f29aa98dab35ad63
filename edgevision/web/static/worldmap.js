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

function map() {
  const outlines = land.map((ring) => `M${ring.map(([lon, lat]) => `${lon} ${-lat}`).join("L")}Z`).join("");
  const said = [...places.values()].map((one) => one.name).join(", ");
  return draw("svg", { class: "world", viewBox: "-180 -84 360 145", role: "img", "aria-label": `World map with ${said}` },
    draw("path", { d: outlines }),
    ...[...places.values()].flatMap((one) => [
      draw("circle", { class: "around", cx: one.lon, cy: -one.lat, r: Math.max(1.5, one.radius_km / KM_PER_DEGREE), "stroke-width": 0.3 }),
      draw("circle", { cx: one.lon, cy: -one.lat, r: 1.2, "stroke-width": 0.4 }, draw("title", {}, one.name)),
    ]));
}

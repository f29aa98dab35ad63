// Making elements, and asking the API. No text ever becomes markup here.

export const byId = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

export function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function draw(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("--")) element.style.setProperty(key, value);
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok) throw new Error((await answer.json()).error ?? answer.statusText);
  return answer.json();
}

export async function post(path, what) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Edgevision": "1" },
    body: JSON.stringify(what),
  });
  if (answer.status === 401 && path !== "/api/v1/login") location.assign("/login");
  return { status: answer.status, ...(await answer.json()) };
}

// Asks for a change, and says beside the controls what came of it.
export async function command(what, words = byId("answer")) {
  words.textContent = "…";
  try {
    const answer = await post("/api/v1/commands", what);
    return say(answer.reason ?? answer.error, answer.accepted === true, words);
  } catch (error) {
    return say(`not asked: ${error.message}`, false, words);
  }
}

export function say(text, accepted, words = byId("answer")) {
  words.dataset.accepted = String(accepted);
  words.textContent = text;
  return accepted;
}

export const percent = (share) => share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`;

// Labels are the same whatever their case, `_`, `-` and spaces; tasks spell one in more than one way.
export const plain = (label) => label.toLowerCase().replaceAll(/[_\s-]/g, "");

// Names as they were told beside their labels; a label alone is how a program spells it.
const names = new Map();

export const learnName = (label, name) => name && names.set(plain(label), name);

export const named = (label) => names.get(plain(label)) ?? label.replaceAll("_", " ");

export function bar(words, share, { kind = "seen", text = percent(share), at = null } = {}) {
  const mark = at === null ? null : make("b", { "--at": at });
  return make("li", {}, make("span", {}, words), make("span", {}, text),
    make("span", { class: `bar ${kind}`, "aria-hidden": "true" }, make("i", { "--share": Math.min(share, 1) }), mark));
}

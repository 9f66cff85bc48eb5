// How the page looks and what is on it: by overlay.json (config.toml's [stage.overlay]), and by the page's own address,
// which wins: ?side=left&scale=1.2. Both have the same names. What cannot be understood is ignored, and said in the console.

export const WIDGETS = ["avatar", "captions", "bubble", "chat", "alerts", "status", "signs"];
export const COLOURS = ["ink", "paper", "accent", "highlight"];

const ALIASES = { face: "avatar" };
const SWITCHES = ["on", "off"];
const CHOICES = {
  sound: ["auto", "on", "off"], // auto: if the show chooses this page; on: whatever other pages do
  side: ["right", "left"],
  lang: ["auto", "en", "zh"], // of the words for a gift, a raid…; auto: the browser's
};
const SCALES = [0.5, 2];
const LINES = [1, 4];
const BACK = 60; // characters

/** The options that hold. */
export async function read(query) {
  const options = { show: new Set(WIDGETS), places: new Map(), looks: new Map(), scale: 1, lines: 2, back: "" };
  for (const [name, [usual]] of Object.entries(CHOICES)) options[name] = usual;
  takeAll(options, await configured());
  const asked = [...new URLSearchParams(query)].map(([name, value]) => [ALIASES[name] ?? name, value]);
  const chosen = asked.some(([name]) => name === "show");
  if (chosen) options.places.clear(); // a page of its own is laid out for itself
  takeAll(options, asked);
  // Where she is seen, she is heard; not where only her words are.
  if (chosen && options.sound === "auto" && !options.show.has("avatar")) options.sound = "off";
  if (options.demo) options.sound = "off";
  if (options.lang === "auto") options.lang = navigator.language.startsWith("zh") ? "zh" : "en";
  options.alone = options.show.size === 1 ? [...options.show][0] : "";
  return options;
}

/** What config.toml says, as [name, value]; nothing if that cannot be had. */
async function configured() {
  try {
    const answer = await fetch("overlay.json");
    return answer.ok ? Object.entries(await answer.json()) : [];
  } catch {
    return [];
  }
}

function takeAll(options, given) {
  for (const [name, value] of given) if (name === "show") options.show = listed(value) ?? options.show;
  for (const [name, value] of given) take(options, name, String(value).trim());
}

function take(options, name, value) {
  if (WIDGETS.includes(name)) put(options, name, value);
  else if (COLOURS.includes(name)) look(options, name, value, "color");
  else if (name === "font") look(options, name, value, "font-family");
  else if (name === "scale") options.scale = number(name, value, SCALES) ?? options.scale;
  else if (name === "lines") options.lines = Math.round(number(name, value, LINES) ?? options.lines);
  else if (name === "back") options.back = value.slice(0, BACK);
  else if (name === "demo") options.demo = value !== "off";
  else if (CHOICES[name]?.includes(value)) options[name] = value;
  else if (name in CHOICES) complain(name, value, CHOICES[name].join(" or "));
  else if (!["show", "token"].includes(name)) console.warn("The page has no option %o.", name);
}

function listed(value) {
  const names = (Array.isArray(value) ? value : value.split(",")).map((name) => ALIASES[name.trim()] ?? name.trim());
  if (names.length && names.every((name) => WIDGETS.includes(name))) return new Set(names);
  complain("show", value, `some of ${WIDGETS.join(",")}`);
  return null;
}

/** A widget is on, off, or at a place: LEFT,TOP,WIDTH,HEIGHT in percent of the page, and how large it is there. */
function put(options, name, value) {
  if (value === "off") options.show.delete(name);
  else options.show.add(name);
  if (SWITCHES.includes(value)) return;
  const place = value.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const fits = place.slice(0, 4).every((part) => part >= 0 && part <= 100) && place[2] > 0 && place[3] > 0;
  const scale = place[4] ?? 1;
  if ((place.length === 4 || place.length === 5) && fits && scale >= SCALES[0] && scale <= SCALES[1]) {
    options.places.set(name, { left: place[0], top: place[1], width: place[2], height: place[3], scale });
  } else {
    complain(name, value, "on, off, or LEFT,TOP,WIDTH,HEIGHT in percent of the page");
  }
}

function look(options, name, value, property) {
  if (value === "") return;
  if (CSS.supports(property, value)) options.looks.set(name, value);
  else complain(name, value, `what CSS knows as ${property}`);
}

function number(name, value, [least, most]) {
  const found = value === "" ? NaN : Number(value);
  if (found >= least && found <= most) return found;
  complain(name, value, `a number from ${least} to ${most}`);
  return null;
}

function complain(name, value, wanted) {
  console.warn("%o is ignored: it is not %s, but %o.", name, wanted, value);
}

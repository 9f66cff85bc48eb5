// What the page's address asks for: ?side=left&scale=1.2. What cannot be understood is ignored, and said in the console.

const SWITCHES = ["captions", "bubble", "face", "signs"]; // each may be off
const SMALLEST = 0.5;
const LARGEST = 2;

const CHOICES = {
  ...Object.fromEntries(SWITCHES.map((name) => [name, ["on", "off"]])),
  sound: ["auto", "on", "off"], // auto: if the show chooses this page; on: whatever other pages do
  side: ["right", "left"],
  lang: [navigator.language.startsWith("zh") ? "zh" : "en", "en", "zh"], // of the words for a gift, a raid…
};

/** The options of a query string, each with the value that holds. */
export function read(query) {
  const options = { scale: 1 };
  for (const [name, [usual]] of Object.entries(CHOICES)) options[name] = usual;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === "scale") options.scale = scaled(value);
    else if (CHOICES[name]?.includes(value)) options[name] = value;
    else if (name in CHOICES) complain(name, value, [...new Set(CHOICES[name])].join(" or "));
    else if (name !== "token") console.warn("The page has no option %o.", name);
  }
  return options;
}

function scaled(value) {
  const scale = value.trim() === "" ? NaN : Number(value);
  if (scale >= SMALLEST && scale <= LARGEST) return scale;
  complain("scale", value, `a number from ${SMALLEST} to ${LARGEST}`);
  return 1;
}

function complain(name, value, wanted) {
  console.warn("%o is ignored: it is not %s, but %o.", name, wanted, value);
}

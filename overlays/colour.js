// How light a colour is.

const PARSER = document.createElement("canvas").getContext("2d");

/** Whether dark letters are read more easily on a colour of CSS. What shines through it is not known. */
export function isLight(colour) {
  PARSER.fillStyle = "#000";
  PARSER.fillStyle = colour; // reads as "#rrggbb", or as "rgba(…)"
  const { fillStyle } = PARSER;
  const parts = fillStyle.startsWith("#") ? [1, 3, 5].map((at) => parseInt(fillStyle.slice(at, at + 2), 16)) : fillStyle.match(/[\d.]+/g).map(Number);
  const [red, green, blue] = parts;
  return 0.299 * red + 0.587 * green + 0.114 * blue > 150;
}

// What chat writes, the newest at the bottom. It is only ever text, and pictures of our own server.

const KEPT = 40; // lines
const HUES = [4, 28, 48, 96, 152, 182, 206, 236, 268, 300, 330]; // of names
const PICTURE = /^picture\/[\w-]+$/;

export class Chat {
  constructor(box) {
    this.box = box;
    this.lines = new Map(); // id → its element
  }

  clear() {
    this.lines.clear();
    this.box.replaceChildren();
  }

  add({ id, platform, name, role = "", badge = "", pieces = [], deed = null, old = false }) {
    if (this.lines.has(id)) return;
    const line = element("li", "line");
    line.dataset.platform = platform;
    if (old) line.classList.add("old");
    if (deed && /^#[0-9a-f]{6}$/i.test(deed.colour)) {
      line.classList.add("paid");
      line.style.setProperty("--deed", deed.colour);
    }
    const who = element("span", "who");
    if (role) who.append(sign(role));
    if (badge) who.append(picture(badge, "", "badge"));
    const author = element("bdi", "author");
    author.textContent = name;
    author.style.setProperty("--hue", HUES[hash(name) % HUES.length]);
    who.append(author);
    const said = element("span", "text");
    said.dir = "auto";
    for (const piece of pieces) said.append(typeof piece === "string" ? piece : picture(piece[1], piece[0], "emote"));
    line.append(who, said);
    this.lines.set(id, line);
    this.box.append(line);
    while (this.lines.size > KEPT) this.remove([this.lines.keys().next().value]);
  }

  remove(ids = []) {
    for (const id of ids) {
      this.lines.get(id)?.remove();
      this.lines.delete(id);
    }
  }
}

function element(tag, name) {
  const made = document.createElement(tag);
  made.className = name;
  return made;
}

/** A small picture from our own server; `name` stands in its place where it cannot be had. */
function picture(address, name, kind) {
  if (!PICTURE.test(address)) return document.createTextNode(name);
  const image = element("img", kind);
  image.alt = name;
  image.onerror = () => image.replaceWith(name);
  image.src = address;
  return image;
}

/** A role's sign, drawn by style.css. */
function sign(role) {
  const made = element("i", "role");
  made.dataset.role = role;
  return made;
}

function hash(text) {
  let found = 0;
  for (const char of text) found = (found * 31 + char.codePointAt(0)) >>> 0;
  return found;
}

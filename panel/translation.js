// A line of the program's in Chinese. Its sentences are in chinese.js; here they are found in it, by comparing letters:
// nothing that strangers wrote is ever a pattern or markup, and what is not known stays as it is.

import { CHINESE } from "./chinese.js";

const LONGEST = 2000; // letters; nothing that the program says is as long
const DEEPEST = 4; // sentences within sentences
const MOST = 12; // parts of a sentence

// What stands between sentences, and between the parts of some.
const JOINT = /(; (?:or |then |because )?|, (?:and )?|\. |: )/;
const JOINTS = { "; ": "；", "; or ": "；或", "; then ": "；再來是 ", "; because ": "；因為", ", ": "，", ", and ": "，", ". ": "。", ": ": "：" };

/** The sentences into which something is put: first those that begin with words of their own, the longest of them first. */
const TEMPLATES = Object.entries(CHINESE)
  .filter(([english]) => english.includes("{"))
  .map(([english, chinese]) => {
    const [first, ...pieces] = english.split(/\{([*~]?)(\w+)\}/);
    const gaps = [];
    while (pieces.length) gaps.push({ kind: pieces.shift(), name: pieces.shift(), after: pieces.shift() });
    return { first, gaps, size: gaps.reduce((size, { after }) => size + after.length, first.length), chinese };
  })
  .sort((one, other) => !one.first - !other.first || other.size - one.size);

/** What is put into a template to make this text of it, by name; null when nothing does. */
function values(text, { first, gaps }) {
  if (!text.startsWith(first)) return null;
  const found = {};
  let begin = first.length;
  for (const [index, { kind, name, after }] of gaps.entries()) {
    const end = index < gaps.length - 1 ? text.indexOf(after, begin) : text.endsWith(after) ? text.length - after.length : -1;
    if (end < begin) return null;
    found[name] = text.slice(begin, end);
    if (!kind && JOINT.test(`${found[name]} `)) return null;
    if (after.startsWith(")") && !isClosed(found[name])) return null;
    begin = end + after.length;
  }
  return found;
}

/** Whether every bracket in it is closed in it. */
function isClosed(text) {
  let open = 0;
  for (const letter of text) {
    open += (letter === "(") - (letter === ")");
    if (open < 0) return false;
  }
  return open === 0;
}

/** One sentence in Chinese; null when it is not known. */
function sentence(text, depth) {
  if (Object.hasOwn(CHINESE, text)) return CHINESE[text];
  for (const template of TEMPLATES) {
    const put = values(text, template);
    if (put === null) continue;
    for (const { kind, name } of template.gaps) {
      if (kind === "*") put[name] = line(put[name], depth + 1);
      if (!kind && Object.hasOwn(CHINESE, put[name])) put[name] = CHINESE[put[name]];
    }
    return template.chinese.replace(/\{(\w+)\}/g, (_, name) => put[name]);
  }
  return null;
}

/** The sentences of a line: from each place on the longest that is known. */
function line(text, depth) {
  if (depth > DEEPEST) return text;
  const parts = text.split(JOINT); // what stands between joints, and the joints, in turn
  let told = "";
  let before = null;
  for (let at = 0, end; at < parts.length; at = end + 1) {
    let chinese = null;
    for (end = Math.min(parts.length, at + 2 * MOST - 1); end > at && chinese === null; end -= 2) {
      chinese = sentence(parts.slice(at, end).join(""), depth);
    }
    end += 2;
    const joint = parts[at - 1] ?? "";
    told += (before ?? chinese) === null ? joint : (JOINTS[joint] ?? "");
    told += chinese ?? parts[at];
    before = chinese;
  }
  return told;
}

/** A line of the program's in Chinese, as far as it is known. */
export function inChinese(text) {
  return text.length > LONGEST ? text : line(text, 0);
}

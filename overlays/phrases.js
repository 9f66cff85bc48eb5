// Where a line may end: between two words or phrases, and never inside a word, in Chinese as in English.

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u;
const OPENING = /^[\p{Ps}\p{Pi}「『《〈（【“‘#@＠$€£¥]+$/u;
const PARTICLE = /^[的地得了著過嗎呢吧啊呀喔哦耶啦嘛囉欸們]$/u; // belongs to what stands before it
const LONGEST = 8; // characters of a phrase that is put together
const NUMBER = /\d$/;

const segmenter =
  typeof Intl.Segmenter === "function" ? new Intl.Segmenter("zh-Hant", { granularity: "word" }) : null;

/** The words of a text, and what stands between them. */
function words(text) {
  if (segmenter) return Array.from(segmenter.segment(text), ({ segment }) => segment);
  return text.match(/\s+|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|./gu) ?? [];
}

/** The pieces of words between which a line may end; joined, they are the text. White space stands alone. */
export function phrases(texts) {
  const whole = inside(texts);
  const found = [];
  let at = 0;
  let opens = false; // whether the next word belongs to the piece before it, whatever it is
  for (const word of words(texts.join(""))) {
    const before = found.at(-1);
    const isWhole = whole.has(at);
    at += word.length;
    if (word.trim() === "") {
      found.push(word);
      opens = false;
      continue;
    }
    const starts = before === undefined || before.trim() === "";
    if (!starts && (isWhole || opens || belongs(before, word))) found[found.length - 1] += word;
    else found.push(word);
    opens = OPENING.test(word) || (opens && !/[\p{L}\p{N}]/u.test(word));
  }
  return found;
}

/** The places in the text that lie inside one of these words: whoever speaks them knows words better than a browser. */
function inside(texts) {
  const places = new Set();
  let at = 0;
  for (const text of texts) {
    const begin = at + text.length - text.trimStart().length;
    at += text.length;
    if (at - begin > LONGEST) continue; // more than a word
    for (let place = begin + 1; place < at; place += 1) places.add(place);
  }
  return places;
}

/** Whether `word` stays with the piece `before` it. */
function belongs(before, word) {
  if (OPENING.test(word)) return !CJK.test(before.at(-1)) && !/[\p{P}]$/u.test(before);
  if (!/[\p{L}\p{N}]/u.test(word)) return true; // a mark, an emoji
  const ended = /[\p{P}]$/u.test(before);
  if (!CJK.test(word[0]) && !CJK.test(before.at(-1))) return !/[，。！？；：、…」』）]$/u.test(before); // don't, 12.5, C++
  if (ended) return false;
  if (PARTICLE.test(word)) return true;
  if (NUMBER.test(before)) return word.length <= 2; // 3 個
  if (before.length + word.length > LONGEST) return false;
  return [...before].length === 1 && CJK.test(before); // 很|好吃
}

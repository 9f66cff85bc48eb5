// A show for trying the page out: sample events, over and over, without any show. It takes the place of the link.

import { RATE, seconds } from "./timeline.js";

const STEP = 0.02; // seconds of a mouth step
const EVERY = 21; // seconds until it begins again

const NAMES = { en: ["Mika", "pineapple_fan", "阿明", "Rowan"], zh: ["小夜貓", "pineapple_fan", "阿明", "柚子"] };
const ASKED = { en: "Does pineapple belong on pizza?", zh: "鳳梨到底可不可以放在披薩上？" };
const ANSWER = {
  en: "Of course it does. | Pineapple on pizza is sacred, and whoever doubts it has never had a proper one.",
  zh: "當然 可以！ | 鳳梨 披薩 是 神聖 的， 誰 反對 誰 就 沒有 味覺， 今天 晚上 我 就 去 夜市 吃 臭豆腐 配 珍奶。",
};
const LINES = {
  en: ["hello everyone!", "first time here, hi", "she said it again", "🍍🍕", "the mouth moves so well", "good evening"],
  zh: ["大家晚安！", "第一次來，安安", "她又說了", "🍍🍕", "嘴巴對得好準", "今天也好可愛"],
};
const GIFTS = [
  { kind: "super_chat", colour: "#1de9b6", en: "US$10.00 Super Chat", zh: "NT$300 超級留言" },
  { kind: "cheer", colour: "#9c3ee8", en: "200 bits", zh: "200 小奇點" },
  { kind: "cheer", colour: "#9c3ee8", en: "500 bits", zh: "500 小奇點" },
  { kind: "gift", colour: "#9146ff", en: "gave away 5 subscriptions", zh: "送出 5 份訂閱" },
];
const THANKS = { en: "Keep it up!", zh: "加油！" };

/** Gives `take` the frames of a sample show. Returns what stands for the link. */
export function demonstrate(take, language) {
  const send = (t, fields = {}) => take({ t, now: seconds(), ...fields });
  const names = NAMES[language];
  let turn = 0;
  let line = 0;
  const later = (after, what) => setTimeout(what, after * 1000);

  const write = () => {
    const text = LINES[language][line % LINES[language].length];
    const role = ["", "", "moderator", "subscriber", "vip", "broadcaster"][line % 6];
    const platform = line % 2 ? "youtube" : "twitch";
    send("chat", { id: line, platform, name: names[line % names.length], role, pieces: [text] });
    line += 1;
  };

  const give = (id, gift, name, text) =>
    send("alert", { id: turn * 10 + id, platform: "twitch", name, text, deed: GIFTS[gift] });

  const speak = () => {
    let clip = turn * 10;
    let at = seconds() + 0.2;
    for (const sentence of ANSWER[language].split("|")) {
      clip += 1;
      send("begin", { clip, turn, mood: turn % 2 ? "happy" : "proud", speaker: "", name: "" });
      const join = language === "zh" ? "" : " ";
      const words = sentence.trim().split(" ");
      const lengths = words.map((word) => (language === "zh" ? 0.22 * word.length : 0.16 + 0.045 * word.length));
      let start = 0;
      words.forEach((word, index) => {
        send("word", { clip, text: (index || language === "en" ? join : "") + word, start });
        start += lengths[index];
      });
      const steps = Math.ceil(start / STEP);
      const mouth = Uint8Array.from({ length: steps }, (_, index) => 110 + 110 * Math.sin(index * 0.7) * Math.sin(index * 0.13));
      const shapes = Uint8Array.from({ length: steps }, (_, index) => 1 + (Math.floor(index / 7) % 5));
      send("sound", { clip, at, offset: 0, mouth, shapes, samples: new Int16Array(steps * STEP * RATE) });
      at += steps * STEP;
    }
    later(at - seconds(), () => send("rest", { speaker: "" }));
  };

  const play = () => {
    turn += 1;
    later(1.2, () => send("thinking", { turn, speaker: "", platform: "twitch", name: names[1], text: ASKED[language] }));
    later(3, speak);
    later(5, () => give(1, 0, names[0], THANKS[language]));
    later(8, () => give(2, 1, names[2], ""));
    later(9.5, () => give(2, 2, names[2], ""));
    later(12, () => give(3, 3, names[3], ""));
    later(17, () => send("ready", { ready: false }));
    later(19.5, () => send("ready", { ready: true }));
    later(EVERY, play);
  };

  later(0, () => {
    send("hello", { name: "板板", speaker: "", step: STEP, ready: true });
    for (let count = 0; count < 4; count += 1) write();
    setInterval(write, 1500);
    play();
  });
  return { connections: 1, soundBytes: 0, lostAt: null, report: () => {} };
}

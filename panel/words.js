// What the panel says, in English and in Traditional Chinese of Taiwan.

import { inChinese } from "./translation.js";

const KEY = "banban.language";

const WORDS = {
  // [English, Chinese]
  language: ["中文", "English"],
  help: ["Keyboard shortcuts", "鍵盤快速鍵"],
  sections: ["Sections", "分頁"],
  "her-voice": ["Her voice", "她的聲音"],
  stop: ["Stop", "停"],
  skip: ["Skip this", "跳過這則"],
  pause: ["Pause", "暫停"],
  resume: ["Resume", "繼續"],
  "end-silence": ["end it", "結束安靜"],
  "tab-now": ["Now", "現在"],
  "tab-queue": ["Queue", "排隊"],
  "tab-chat": ["Chat", "聊天室"],
  "tab-people": ["People", "觀眾"],
  "tab-steer": ["Steer", "操控"],
  "tab-health": ["Health", "狀態"],

  // The show's states.
  speaking: ["speaking", "說話中"],
  thinking: ["thinking", "思考中"],
  listening: ["listening", "聆聽中"],
  paused: ["paused: she answers nobody", "已暫停：不回答任何人"],
  silent: ["silent for {n} s", "安靜 {n} 秒"],
  connecting: ["connecting …", "連線中…"],
  live: ["live", "即時"],
  gone: ["no connection", "連線中斷"],
  stale: ["May be stale: no word from the show for {n} s. Connecting again by itself.", "畫面可能已過時：{n} 秒沒有收到節目的消息，正在自動重新連線。"],

  // Now.
  answers: ["She answers", "正在回答"],
  "next-up": ["Next:", "下一則："],
  nothing: ["She says nothing right now.", "她現在沒有說話。"],
  thinks: ["Thinking about an answer …", "正在想怎麼回答…"],
  why: ["Why this one", "為什麼選這則"],
  rank: ["Rank", "排名分"],
  message: ["Message", "訊息"],
  reasons: ["Because", "原因"],
  "no-choice": ["Nothing was chosen yet.", "還沒有選出訊息。"],
  "last-line": ["Her last reply:", "她上一則回覆："],
  good: ["Good", "說得好"],
  bad: ["Bad", "不好"],
  better: ["Write a better one", "改寫成更好的"],
  correction: ["What she should have said", "她應該怎麼說"],
  keep: ["Keep", "保存"],

  // Why a message ranks as it does.
  "why-next": ["a moderator's choice", "版主指定"],
  "why-requested": ["a moderator's wish", "版主指定"],
  "why-together": ["stands with what was chosen", "與選中的訊息一起"],
  "why-paid": ["paid", "付費"],
  "why-raid": ["a raid", "揪團"],
  "why-follow": ["a new follower", "新追隨者"],
  "why-addressed": ["speaks to her", "對她說的"],
  "why-question": ["a question", "問題"],
  "why-regular": ["a regular", "常客"],
  "why-repeated": ["several say it", "很多人說"],
  "why-side_talk": ["side talk", "閒聊"],
  "why-waited": ["has waited", "等了一陣子"],
  "why-stale": ["old by now", "已經太舊"],
  "why-held": ["waits for you", "等你決定"],

  // Queue.
  queue: ["Waiting for an answer", "等待回答"],
  "queue-empty": ["Nobody waits.", "沒有人在等。"],
  next: ["Answer next", "下一則回答"],
  drop: ["Drop", "不回答"],
  ignore: ["Ignore", "忽略此人"],
  "ignore-some": ["Ignore for 10 minutes", "忽略 10 分鐘"],
  unignore: ["Answer again", "恢復回答"],
  allow: ["Allow", "允許"],
  deny: ["Deny", "拒絕"],
  undo: ["Undo", "復原"],
  "speak-how": ["What to say or to ask", "要她說或要問她的話"],
  ask: ["Ask her this", "問她"],
  say: ["Say exactly this", "照念"],
  send: ["Send", "送出"],

  // Hold to air.
  air: ["Hold to air", "播出前確認"],
  "air-help": ["Each sentence waits for your yes before it is heard, or goes out by itself after some seconds without a no.", "每一句話都等你同意才播出；或在幾秒內沒有人反對就自動播出。"],
  "air-waiting": ["Waits for your yes", "等你同意"],
  "air-off": ["Off", "關"],
  "air-on": ["Every sentence", "每一句"],
  "air-seconds": ["After seconds", "等幾秒"],
  "held-all": ["held for a yes", "先確認"],
  "held-for": ["held for {n} s", "先等 {n} 秒"],
  yes: ["Yes", "播出"],
  no: ["No", "不播"],
  hear: ["Hear it", "試聽"],
  edit: ["Edit", "修改"],
  cancel: ["Cancel", "取消"],
  "air-it": ["Air it", "改好播出"],
  seconds: ["seconds", "秒"],

  // Steer.
  "how-she-is": ["How she is", "她的狀態"],
  mood: ["Mood", "心情"],
  normal: ["normal", "一般"],
  topic: ["Topic", "話題"],
  "topic-hint": ["what the stream is about right now", "直播現在的主題"],
  voice: ["Voice", "聲音"],
  automatic: ["as configured", "依設定"],
  loudness: ["Loudness", "音量"],
  slow: ["At most one answer in", "每則回答至少間隔"],
  set: ["Set", "設定"],
  others: ["Everything else", "其他指令"],

  // Chat.
  "chat-empty": ["Nobody has written yet.", "還沒有人留言。"],
  "chat-more": ["↓ {n} new", "↓ {n} 則新訊息"],
  "fate-waiting": ["waiting", "等待中"],
  "fate-answering": ["answering", "回答中"],
  "fate-answered": ["answered", "已回答"],
  "fate-held": ["waits for you", "等你決定"],
  "fate-command": ["command", "指令"],
  "fate-deleted": ["deleted", "已刪除"],
  "drop-duplicate": ["came twice", "重複收到"],
  "drop-copy": ["says the same", "內容相同"],
  "drop-flood": ["too many from them", "發言太快"],
  "drop-full": ["no room", "排不進"],
  "drop-old": ["too old", "等太久"],
  "drop-revoked": ["deleted", "已刪除"],
  "drop-ignored": ["ignored", "已忽略"],
  "drop-command": ["command", "指令"],
  "drop-filtered": ["filtered", "被過濾"],
  "drop-unwanted": ["not wanted", "不回答"],
  "drop-cut": ["cut", "被中斷"],
  "drop-unanswered": ["no answer", "沒答成"],

  // People.
  viewers: ["Look up a viewer", "查詢觀眾"],
  "viewer-name": ["Name of a viewer", "觀眾的名稱"],
  "look-up": ["Look up", "查詢"],
  forget: ["Forget everything", "忘記此人的一切"],
  "forget-sure": ["Press again: this cannot be undone", "再按一次：無法復原"],
  messages: ["Messages", "留言數"],
  away: ["Was here before", "上次出現"],
  ago: ["{age} ago", "{age}前"],
  "is-new": ["new here", "第一次來"],
  "is-ignored": ["ignored", "已忽略"],
  "ignored-now": ["Not answered now", "目前不回答的人"],
  "rest-of": ["{age} left", "還有{age}"],
  words_: ["What they wrote", "說過的話"],
  "her-answers": ["What she answered", "她的回答"],
  unknown: ["She remembers nothing of this viewer.", "她不記得這位觀眾。"],
  alerts: ["Paid and other events", "付費與其他事件"],
  "alerts-empty": ["Nothing yet.", "目前沒有。"],

  // Health.
  repairs: ["Repairs", "待修項目"],
  "all-well": ["Everything works.", "一切正常。"],
  fine: ["{n} parts work", "{n} 個部分正常"],
  "do-first": ["Do this first:", "先做這件事："],
  "is-ok": ["ok", "正常"],
  "is-limited": ["limited", "受限"],
  "is-down": ["down", "故障"],
  "is-resting": ["resting", "休息中，稍後再試"],
  "is-off": ["off", "關閉"],
  delays: ["Delays", "延遲"],
  "delays-help": ["The last 20 replies by part; the line is the middle one (p50), the dashes are p95.", "最近 20 則回覆的各段時間；實線是中位數（p50），虛線是 p95。"],
  "no-delays": ["No reply yet.", "還沒有回覆。"],
  "part-queue": ["waiting in the queue", "排隊"],
  "part-prompt": ["prompt", "準備提示"],
  "part-first_token": ["first token", "第一個字"],
  "part-first_sentence": ["first sentence", "第一句"],
  "part-first_audio": ["first sound made", "第一段聲音"],
  "part-on_air": ["on air", "播出"],
  "part-total": ["all of it", "全部"],
  journal: ["Last lines of the journal, for reports of faults", "日誌的最後幾行（回報問題時附上）"],

  // The door.
  door: ["The panel needs its token", "控制台需要權杖"],
  "door-token": ["Paste the address of the panel, or its token", "貼上控制台的網址或權杖"],
  "door-none": ["banban prints this page's address with its token when it starts. Open that address, or paste it here.", "banban 啟動時會顯示帶有權杖的控制台網址。請開啟那個網址，或貼在這裡。"],
  "door-old": ["This token is not accepted any more. Copy the address that banban shows now.", "這個權杖已失效。請複製 banban 現在顯示的網址。"],
  open: ["Open", "開啟"],

  // Answers.
  "not-arrived": ["It did not reach the show.", "沒有送達節目。"],
  "stop-not-arrived": ["STOP DID NOT ARRIVE. Press F9 in banban's terminal, or mute the source in OBS.", "「停」沒有送達！請在 banban 的終端機按 F9，或在 OBS 將來源靜音。"],
  "changed-meanwhile": ["Somebody else was faster; nothing was pressed.", "別人剛剛先按了，這次沒有動作。"],

  // Keys.
  shortcuts: ["Keyboard shortcuts", "鍵盤快速鍵"],
  "keys-on": ["Keys of a single letter are on (F9 always is)", "啟用單鍵快速鍵（F9 永遠有效）"],
  close: ["Close", "關閉"],
  "key-stop": ["silence at once (F9 also while you type)", "馬上安靜（打字時用 F9）"],
  "key-skip": ["skip this reply", "跳過這則回覆"],
  "key-pause": ["pause or resume", "暫停或繼續"],
  "key-air": ["yes, no, edit: the first sentence that waits", "播出、不播、修改：第一句等待中的話"],
  "key-rate": ["her last reply was good, bad", "上一則回覆說得好、不好"],
  "key-ask": ["ask her something", "問她"],
  "key-say": ["have her say something", "要她照念"],
  "key-queue": ["go to the queue; ↑ ↓ from row to row", "到排隊清單；↑ ↓ 換列"],
  "key-look": ["look up a viewer", "查詢觀眾"],
  "key-tabs": ["the sections", "分頁"],
  "key-help": ["this help", "這個說明"],
};

let language = 0;

/** English or Chinese: what was chosen here before, else the browser's language. */
export function chooseLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEY);
  } catch {
    // the browser keeps nothing
  }
  setLanguage(kept ?? (navigator.languages ?? [navigator.language]).find((one) => /^(en|zh)/i.test(one)) ?? "en");
}

export function switchLanguage() {
  setLanguage(language ? "en" : "zh");
  try {
    localStorage.setItem(KEY, language ? "zh" : "en");
  } catch {
    // then it lasts as long as this page
  }
}

function setLanguage(tag) {
  language = /^zh/i.test(tag) ? 1 : 0;
  document.documentElement.lang = language ? "zh-Hant-TW" : "en";
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const element of document.querySelectorAll("[data-hint]")) element.placeholder = t(element.dataset.hint);
}

/** A text of the panel, with what stands in braces filled in. */
export function t(name, values = {}) {
  const text = WORDS[name]?.[language] || WORDS[name]?.[0] || name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** The panel's own word for it in this language, else `otherwise`. */
export function word(name, otherwise) {
  return (Object.hasOwn(WORDS, name) && WORDS[name][language]) || otherwise;
}

/** What the program says, in this language as far as the panel knows it. */
export function said(text) {
  return language ? inChinese(String(text ?? "")) : text;
}

/** A code of the show's, such as "side_talk", in words. `kind` says what it is of: "why", "drop", "part", "is". */
export function code(kind, name) {
  const text = String(name ?? "");
  return word(`${kind}-${text}`, said(text).replaceAll("_", " "));
}

/** What somebody did beside writing, such as "500 bits"; "" for nothing. */
export function deed(done) {
  return String((language ? done?.zh : done?.en) ?? done?.en ?? "");
}

/** "8 s", "3 min", "2 h". */
export function age(seconds) {
  const whole = Math.max(0, Math.floor(Number(seconds) || 0));
  if (whole < 60) return language ? `${whole} 秒` : `${whole} s`;
  if (whole < 3600) return language ? `${Math.floor(whole / 60)} 分` : `${Math.floor(whole / 60)} min`;
  return language ? `${Math.floor(whole / 3600)} 小時` : `${Math.floor(whole / 3600)} h`;
}

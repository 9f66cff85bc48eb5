// What the program says is wrong, what to do about it, and why it does not obey, in Traditional Chinese. It is found by the English
// sentence, as it stands in the program, with what is put into it in braces; what is not found stays English.
// tests/app/test_hints.py sees to it that each sentence here is one of the program's, and that none of those is missing.

const CHINESE = {
  // Everywhere.
  "report that to whoever made it": "回報給製作它的人",
  "start banban again": "重新啟動 banban",
  "wait a moment": "請稍等",
  "check the network": "檢查網路",
  "check {where}": "檢查 {where}",
  "close programs that are connected to banban, or start banban after `ulimit -n {higher}`": "關閉連到 banban 的程式，或先執行 `ulimit -n {higher}` 再啟動 banban",
  "close other programs, or use a smaller model or a smaller brain.context": "關閉其他程式，或換較小的模型、調低 brain.context",
  "see whether it is unplugged or its server is away; or set journal.folder to another disk": "看看它是否被拔掉，或它的伺服器不在；或把 journal.folder 設到另一個磁碟",
  "free some space on the disk that holds {folder}": "清出 {folder} 所在磁碟的空間",
  "report that to whoever made it, or switch it off: guard.{name}.use = false": "回報給製作它的人，或把它關掉：guard.{name}.use = false",

  "all {limit} files and connections are in use": "{limit} 個檔案和連線全用完了",
  "{used} of {limit} files and connections in use": "{limit} 個檔案和連線用了 {used} 個",
  "{size} of memory free": "記憶體剩 {size}",
  "{size} free on the disk": "磁碟剩 {size}",
  "it broke more than {times} times in {minutes} minutes, so it is tried again only every {seconds} seconds": "{minutes} 分鐘內故障超過 {times} 次，所以每 {seconds} 秒才再試一次",

  // What she does on air.
  "she has answered nobody for {seconds} seconds; {count} in chat wait": "她已經 {seconds} 秒沒有回答任何人；聊天室有 {count} 則在等",
  "her answers begin after {now} seconds; before, it was {usual}": "她現在要 {now} 秒才開始回答；之前是 {usual} 秒",
  "memory grew by {grown} MB in the last hour, to {now} MB": "記憶體用量最近一小時增加了 {grown} MB，現在是 {now} MB",
  "see the rows brain and voice; `!skip` (or Skip in the panel) drops what she is at; if neither helps, start banban again: nothing that was paid for is lost": "看看 brain 和 voice 兩列；`!skip`（或按「跳過這則」）可丟掉她正在處理的；都沒用就重新啟動 banban，付費訊息不會遺失",
  "close other programs, or choose a smaller model; the panel's delays show which part takes the time": "關閉其他程式，或換較小的模型；下方的「延遲」顯示慢在哪一段",
  "start banban again in a break, and report it with the journal's last lines": "休息時重新啟動 banban，並附上日誌的最後幾行回報",

  // Why a command was not carried out.
  "{name} is {trust}, and you are {own}": "{name} 是 {trust}，而你是 {own}",
  "{typed} is only for {who}s": "{typed} 只給 {who} 使用",
  "there is no reply to drop": "沒有可以跳過的回覆",
  "too many viewers ask for this right now; try again later": "現在太多觀眾要求這個，請稍後再試",
  "a filter stopped this: {reason}": "被過濾擋下：{reason}",
  "a filter stopped this question: {reason}": "這個問題被過濾擋下：{reason}",
  "a filter stopped this topic: {reason}": "這個話題被過濾擋下：{reason}",
  "{name} was not ignored": "{name} 原本就沒有被忽略",
  "the rating was not kept: {why}": "評分沒有存下來：{why}",
  "she has said nothing yet": "她還沒有說過話",
  "that reply can no longer be rated": "那則回覆已經不能評分了",
  "no sentence {number} waits": "沒有第 {number} 句在等",
  "no sentence waits": "沒有句子在等",
  "no such message waits": "沒有這樣的訊息在等",
  "no message {number} waits; {command} lists those that do": "沒有第 {number} 則訊息在等；{command} 會列出在等的",
  "she answers that already; {command} stops it": "她已經在回答這則了；{command} 可以停下",
  "it is held; {command} {number} lets her answer it": "這則在等你決定；{command} {number} 讓她回答",
  "this voice cannot be changed during a show": "這個聲音在節目中不能更換",
  "you have no such command": "你沒有這個指令",
  "the seconds must be between 1 and {most}": "秒數必須在 1 到 {most} 之間",
  "the {unit} must be between {least} and {most}": "{unit}必須在 {least} 到 {most} 之間",
  "{what} is not a number of {unit}": "{what} 不是{unit}",
  "{what} is not a number": "{what} 不是數字",
  seconds: "秒數",
  minutes: "分鐘數",
  "her moods are {names}": "她的心情有 {names}",
  "her voices are {names}": "她的聲音有 {names}",
  "write {usage}": "請寫 {usage}",
  "OBS is not used here; set stage.obs.enabled = true": "這裡沒有使用 OBS；請設定 stage.obs.enabled = true",
  "in a dry run OBS takes no commands": "試跑時，OBS 不接受指令",
  "OBS is not connected": "OBS 沒有連線",
  "OBS does not answer": "OBS 沒有回應",
  "no scene may be chosen": "沒有開放切換的場景",
  "list those that may in stage.obs.scenes": "在 stage.obs.scenes 列出可以切換的場景",
  "there is no such scene": "沒有這個場景",
  "the stream is not started or ended by commands here": "這裡不能用指令開始或結束直播",
  "set stage.obs.stream_commands = true": "請設定 stage.obs.stream_commands = true",

  // Her model.
  "the model is restarting: {why}": "模型正在重新啟動：{why}",
  "restarting: {why}": "正在重新啟動：{why}",
  "nothing restarts the model's process any more": "模型的行程不會再自動重新啟動",
  "the model only thinks: it used up all its tokens before it said anything": "模型只顧著思考，還沒說話就用完了 token",
  "the model server's reply is empty": "模型伺服器的回覆是空的",
  "the model server did not answer in time": "模型伺服器沒有及時回答",
  "the model server closed the connection without an answer": "模型伺服器沒有回答就關閉了連線",
  "there is no model server at {host} ({why})": "{host} 沒有模型伺服器（{why}）",
  "{host} answers, but it is not a model server": "{host} 有回應，但它不是模型伺服器",
  "no answer for {seconds} seconds": "{seconds} 秒沒有回答",
  "the model wrote nothing for {seconds} seconds": "模型 {seconds} 秒沒有寫出任何字",
  "no model: she says lines of her examples": "沒有模型：她只說範例裡的句子",
  "shorten the persona, raise brain.context or lower brain.max_tokens": "縮短人設、調高 brain.context 或調低 brain.max_tokens",
  "use a smaller model or a shorter persona": "換較小的模型，或縮短人設",
  "use a smaller model or a shorter persona, or raise brain.first_token_seconds": "換較小的模型或縮短人設，或調高 brain.first_token_seconds",
  "use a smaller model or a shorter persona, or raise brain.patience_seconds": "換較小的模型或縮短人設，或調高 brain.patience_seconds",
  "use a smaller model or a smaller brain.context": "換較小的模型，或調低 brain.context",
  "if memory ran out, use a smaller model or a smaller brain.context": "如果是記憶體不夠，換較小的模型，或調低 brain.context",
  "use a smaller brain.context, a smaller model, or another brain.cache_type": "調低 brain.context、換較小的模型，或換另一種 brain.cache_type",
  'set brain.flash_attention to "auto", or brain.cache_type to "f16"': '把 brain.flash_attention 設為 "auto"，或把 brain.cache_type 設為 "f16"',
  'set brain.cache_type to "f16", or to another type': '把 brain.cache_type 設為 "f16" 或另一種類型',
  "install a newer llama-cpp-python, or use another model": "安裝較新的 llama-cpp-python，或換另一個模型",
  "use the model that the adapter was made for, or remove the adapter": "改用這個 LoRA 所屬的模型，或移除它",
  "if this is a whole model, put its path into brain.model": "如果這是完整的模型，把它的路徑寫進 brain.model",
  "remove the adapter, or download it again": "移除這個 LoRA，或重新下載",
  "download the adapter again": "重新下載這個 LoRA",
  "set brain.template to the format that the model's page names: one of {formats}": "把 brain.template 設為模型頁面上寫的格式，可用的有：{formats}",
  "get the model from a source that you trust, or {hint}": "從你信任的來源取得模型，或者{hint}",
  "switch thinking off in {server}, use a model that does not think, or raise brain.max_tokens": "在 {server} 關閉思考、換不思考的模型，或調高 brain.max_tokens",
  "wait until the model is loaded": "等模型載入完成",
  "check that its prompt template in {server} is the right one, or use another model": "檢查 {server} 裡的提示格式是否正確，或換另一個模型",
  "start the model server, or correct brain.openai.url": "啟動模型伺服器，或更正 brain.openai.url",
  "put its API key into the environment variable {key}": "把它的 API 金鑰放進環境變數 {key}",
  "put an API key that may use this model into the environment variable {key}": "把能使用這個模型的 API 金鑰放進環境變數 {key}",
  "correct brain.openai.url (most addresses end in /v1) or brain.openai.model": "更正 brain.openai.url（網址多半以 /v1 結尾）或 brain.openai.model",
  "wait, or name a second brain in brain.then that answers meanwhile: this server limits requests": "這個伺服器限制了次數：請等待，或在 brain.then 寫上第二個模型，由它先回答",
  "load a chat model there, or name one in brain.openai.model": "在那裡載入一個聊天模型，或在 brain.openai.model 指定一個",
  "name another model in brain.openai.model ({names})": "在 brain.openai.model 指定另一個模型（{names}）",
  "download it with: banban models get {name}": "下載它：banban models get {name}",

  // Her voice.
  "captions only, without a voice": "只有字幕，沒有聲音",
  "hibari is not loaded": "hibari 沒有載入",
  "kokoro is not loaded": "kokoro 沒有載入",
  "the embedded voice cannot be loaded: {why}": "內建的聲音無法載入：{why}",
  "the embedded voice failed: {why}": "內建的聲音失敗：{why}",
  "the voice kokoro cannot be loaded: {why}": "聲音 kokoro 無法載入：{why}",
  "the voice kokoro failed: {why}": "聲音 kokoro 失敗：{why}",
  "the speech server sends no sound": "語音伺服器沒有送出聲音",
  "the speech server sends damaged sound": "語音伺服器送出損壞的聲音",
  "the speech server closed the connection without an answer": "語音伺服器沒有回答就關閉了連線",
  "there is no speech server at {host} ({why})": "{host} 沒有語音伺服器（{why}）",
  "install banban again, or choose another voice in voice.use": "重新安裝 banban，或在 voice.use 選另一個聲音",
  "fetch it again with: banban voices get kokoro": "重新下載：banban voices get kokoro",
  "fetch it with: banban voices get kokoro": "下載：banban voices get kokoro",
  "to hear Chinese without a network, fetch them with: banban voices get kokoro": "沒有網路也要說中文的話，請下載：banban voices get kokoro",
  "correct the path, or leave it empty and run: banban voices get kokoro": "更正路徑，或留空並執行：banban voices get kokoro",
  "correct the name: docs/voices.md says where each voice's speakers are listed": "更正名稱：docs/voices.md 說明各種聲音的說話者列在哪裡",
  "use a name such as {name}; `edge-tts --list-voices` lists all names": "使用像 {name} 這樣的名稱；`edge-tts --list-voices` 會列出所有名稱",
  "check the internet connection": "檢查網際網路連線",
  "update banban: Microsoft may have changed the service": "更新 banban：Microsoft 可能改了這項服務",
  "set this machine's clock: it is {wrong} minutes wrong": "校正這台電腦的時鐘：差了 {wrong} 分鐘",
  "check this machine's date, and its proxy or virus scanner": "檢查這台電腦的日期，以及代理伺服器或防毒軟體",
  "use a faster model or machine for it": "換較快的語音模型或電腦",
  "or raise {where}.first_sound_seconds": "或調高 {where}.first_sound_seconds",
  "look at the server's own log": "查看伺服器自己的日誌",
  "look at its own log": "查看它自己的日誌",
  "check voice.openai.voice, .model, .format and .rate": "檢查 voice.openai.voice、.model、.format 和 .rate",
  "check {where}.model, {where}.voice and {where}.format": "檢查 {where}.model、{where}.voice 和 {where}.format",
  "write the right address into {where}.url": "把正確的網址寫進 {where}.url",
  "put an API key that may use it into the environment variable {key}": "把能使用它的 API 金鑰放進環境變數 {key}",
  "start the speech server, or correct {where}.url": "啟動語音伺服器，或更正 {where}.url",
  "correct {where}.url (most end in /v1), {where}.model or {where}.voice": "更正 {where}.url（多半以 /v1 結尾）、{where}.model 或 {where}.voice",
  "wait, or use a server that allows more: this one limits requests": "這個伺服器限制了次數：請等待，或換一個允許較多的",
  "check its voice and its model": "檢查它的聲音和模型",
  "correct voice.openai.url: it must be that of a speech server, and most end in /v1": "更正 voice.openai.url：必須是語音伺服器的網址，多半以 /v1 結尾",
  'set voice.openai.format = "wav", "pcm" or "mp3" to one that this server can send': '把 voice.openai.format 設為這個伺服器能送的一種："wav"、"pcm" 或 "mp3"',
  'try another voice.openai.format: "wav", "pcm" or "mp3"': '換一種 voice.openai.format："wav"、"pcm" 或 "mp3"',
  "connect to the internet, set HF_ENDPOINT to a hub that you can reach, or name files that you have in voice.kokoro.model and voice.kokoro.voices": "連上網際網路、把 HF_ENDPOINT 設為連得到的 hub，或在 voice.kokoro.model 和 voice.kokoro.voices 指定你已有的檔案",

  // Chat.
  "give the path of {formats}": "給一個檔案的路徑：{formats}",
  "check the path in chat.replay.file or --replay": "檢查 chat.replay.file 或 --replay 的路徑",
  "log in as {login}: {how}": "以 {login} 登入：{how}",
  "log in as {login} again and allow {scope}: {how}": "以 {login} 重新登入，並允許 {scope}：{how}",
  "log in with an account that is allowed: {how}": "用允許的帳號登入：{how}",
  "log in again, and allow it": "重新登入，並允許它",
  "run this again: banban login twitch": "再執行一次：banban login twitch",
  "delete it, and log in again: banban login twitch": "刪除它，再登入一次：banban login twitch",
  'chmod 600 "{path}"; then get new tokens, because others may know these: banban logout twitch, banban login twitch': '執行 chmod 600 "{path}"，再換新的權杖，因為別人可能已經知道它：banban logout twitch、banban login twitch',
  "give yourself permission to read and write the file and its folder": "給自己讀寫這個檔案和資料夾的權限",
  "stop other banban programs, and try again": "停止其他 banban 程式，再試一次",
  "install the version of twitchio that constraints.txt names": "安裝 constraints.txt 指定的 twitchio 版本",
  "check the title in chat.twitch.rewards: the channel has no such reward": "檢查 chat.twitch.rewards 的標題：頻道沒有這個獎勵",
  "do it yourself: only the program that made a reward may do it (Twitch: {answer})": "請自己處理：只有建立獎勵的程式可以這麼做（Twitch：{answer}）",
  "make the account a moderator of the channel": "把這個帳號設為頻道的版主",
  "make the video public or unlisted, or choose another one": "把影片設為公開或不公開，或選另一部",
  "turn the live chat on in the stream's settings": "在直播設定開啟聊天室",
  "turn the live chat on in YouTube Studio, in the stream's settings": "在 YouTube 工作室的直播設定開啟聊天室",
  "turn it on in YouTube Studio": "在 YouTube 工作室開啟它",
  "check this computer's date and time, and the network": "檢查這台電腦的日期和時間，以及網路",
  "wait until midnight, Pacific time": "等到太平洋時間午夜",
  "wait until midnight, Pacific time, or raise chat.youtube.daily_units if your key has more": "等到太平洋時間午夜；如果你的金鑰額度較多，調高 chat.youtube.daily_units",
  "put an API key into the environment variable {key}": "把 API 金鑰放進環境變數 {key}",
  'put a key into the environment variable {key}, or set the way to "auto"': '把金鑰放進環境變數 {key}，或把方式設為 "auto"',
  "put an API key into {key}, and banban will use YouTube's API when this happens": "把 API 金鑰放進 {key}，遇到這種情況時 banban 會改用 YouTube 的 API",
  "check the key in {key}, and that YouTube Data API v3 is enabled in Google Cloud": "檢查 {key} 裡的金鑰，並確認 Google Cloud 已啟用 YouTube Data API v3",
  "open the chat to everyone: the API shows no other chats": "把聊天室開放給所有人：API 看不到其他聊天室",
  "open the stream to everyone: banban cannot read a members-only chat": "把直播開放給所有人：banban 讀不到會員專屬的聊天室",
  'wait, or set chat.youtube.way to "api"': '請等待，或把 chat.youtube.way 設為 "api"',
  'set chat.youtube.way to "api"': '把 chat.youtube.way 設為 "api"',
  'try again later, or set chat.youtube.way to "api"': '稍後再試，或把 chat.youtube.way 設為 "api"',
  "check the address of the stream": "檢查直播的網址",
  "check {where}, and who may see the video": "檢查 {where}，以及誰可以看這部影片",
  "make the video public or unlisted in YouTube Studio, or check {where}": "在 YouTube 工作室把影片設為公開或不公開，或檢查 {where}",
  'write the channel\'s "@name" in chat.youtube.streams': '在 chat.youtube.streams 寫上頻道的 "@名稱"',

  // Memory, what is owed, the journal.
  "a crash would lose what viewers are owed: {why}": "當機的話，還沒回覆的付費訊息會遺失：{why}",
  "the disk does not answer": "磁碟沒有回應",
  "the disk that holds {folder} does not answer": "{folder} 所在的磁碟沒有回應",
  "set memory.url to a Redis server": "把 memory.url 設為 Redis 伺服器",
  'set memory.use to "auto" to keep it': '要保留的話，把 memory.use 設為 "auto"',
  "check that it runs, and check {password}; or leave memory.url empty": "確認它在執行，並檢查 {password}；或把 memory.url 留空",
  "check that it runs": "確認它在執行",
  "put it into the environment variable {password}": "把它放進環境變數 {password}",
  "check {password}, and the user in memory.url": "檢查 {password}，以及 memory.url 裡的使用者",
  "give the user in memory.url all commands on banban's keys": "讓 memory.url 裡的使用者能對 banban 的鍵執行所有指令",
  "set memory.url to the address of its primary": "把 memory.url 設為主節點的位址",
  "raise maxmemory on the server, or lower memory.keep_viewers and memory.keep_heard": "調高伺服器的 maxmemory，或調低 memory.keep_viewers 和 memory.keep_heard",
  "wait until it has started": "等它啟動完成",
  "look at CLUSTER INFO on its nodes": "查看各節點的 CLUSTER INFO",
  "make room on the server's disk, or look at its log": "清出伺服器磁碟的空間，或查看它的日誌",
  "make room on this disk": "清出這個磁碟的空間",
  "set memory.folder to a folder on a disk of this machine that can be written": "把 memory.folder 設為這台電腦上可寫入的磁碟中的資料夾",
  "set memory.folder to another folder, or memory.name to another name": "把 memory.folder 設為另一個資料夾，或把 memory.name 設為另一個名稱",
  "set memory.folder to another folder, or memory.url to a Redis server": "把 memory.folder 設為另一個資料夾，或把 memory.url 設為 Redis 伺服器",
  "use another folder, or the version of banban that wrote it": "換另一個資料夾，或用當初寫入它的 banban 版本",
  "use another folder or database, or the version of banban that wrote it": "換另一個資料夾或資料庫，或用當初寫入它的 banban 版本",
  "another program uses that name: rename the key, or set memory.name to another name": "另一個程式用了這個名稱：把那個鍵改名，或把 memory.name 設為另一個名稱",
  "free some space, or set pending.folder to a folder that can be written": "清出空間，或把 pending.folder 設為可寫入的資料夾",
  "end that one; or, if this is to be another show, set show.name": "結束那一個；如果這是另一個節目，請設定 show.name",
  "see whether it is full, asleep or unplugged; or set pending.folder to a folder elsewhere": "看看它是否滿了、休眠或被拔掉；或把 pending.folder 設為別處的資料夾",
  "free some space on that disk; the journal then goes on by itself": "清出那個磁碟的空間，日誌就會自動繼續",

  // The pages and her face.
  "no page is open": "沒有開啟任何頁面",
  "add the address of stage.server to OBS as a browser source, or open it in a browser": "在 OBS 把 stage.server 的網址加為瀏覽器來源，或在瀏覽器開啟",
  "click on a page once: a browser lets it sound only then; OBS does not ask for it": "在頁面上點一下：瀏覽器要點過才會出聲；OBS 不需要",
  "mend it and load the page again; until then the page looks as it does without it": "修好它再重新載入頁面；在那之前，頁面看起來就像沒有它一樣",
  "install Node.js, then run python3 tools/bundle_vrm.py, or install banban again": "安裝 Node.js 後執行 python3 tools/bundle_vrm.py，或重新安裝 banban",
  "export the picture again, as PNG, JPG or WebP": "重新匯出圖片，存成 PNG、JPG 或 WebP",

  // A sound device.
  "this machine has no audio device that plays": "這台電腦沒有可以播放的音訊裝置",
  "the package sounddevice is not installed": "沒有安裝 sounddevice 套件",
  "the audio device cannot be opened: {why}": "無法開啟音訊裝置：{why}",
  "install it: uv pip install sounddevice (or pip install sounddevice)": "安裝它：uv pip install sounddevice（或 pip install sounddevice）",
  "install it: sudo apt install libportaudio2": "安裝它：sudo apt install libportaudio2",
  "set stage.audio.device to the name of another, or leave it empty: the overlay page sounds then": "把 stage.audio.device 設為另一個裝置的名稱；或留空，改由頁面出聲",

  // OBS.
  "OBS does not answer at {place}": "{place} 的 OBS 沒有回應",
  "OBS at {place} stopped answering": "{place} 的 OBS 不再回應",
  "OBS at {place} answers what cannot be used": "{place} 的 OBS 回覆了無法使用的內容",
  "OBS at {place} refuses the password": "{place} 的 OBS 不接受這個密碼",
  "OBS at {place} asks for a password": "{place} 的 OBS 要求密碼",
  "OBS at {place} connects and says nothing more: it hangs, or is older than {oldest}": "{place} 的 OBS 連上後就沒有反應：它當住了，或版本比 {oldest} 舊",
  "OBS {version} at {place} is too old for some of this": "{place} 的 OBS {version} 太舊，有些功能不能用",
  "OBS has no {kind} called {name}": "OBS 裡沒有叫 {name} 的{kind}",
  "the program that answers at {place} is not OBS": "在 {place} 回應的程式不是 OBS",
  scene: "場景",
  "text source": "文字來源",
  "start OBS, tick Tools → WebSocket Server Settings → Enable WebSocket server, and set stage.obs.port to the port that is shown there": "啟動 OBS，勾選工具 → WebSocket 伺服器設定 →「啟用 WebSocket 伺服器」，並把 stage.obs.port 設為那裡的埠號",
  "restart OBS, and try again": "重新啟動 OBS，再試一次",
  "restart OBS, and update it": "重新啟動 OBS，並更新它",
  "restart OBS; if it is older than {oldest} (Help → About), update it": "重新啟動 OBS；如果版本比 {oldest} 舊（說明 → 關於），請更新",
  "copy it from Tools → WebSocket Server Settings → Show Connect Info into {variable}": "從工具 → WebSocket 伺服器設定 →「顯示連線資訊」複製到 {variable}",
  "update OBS": "更新 OBS",
  "add a {kind} with this name in OBS, or run `banban obs setup`": "在 OBS 新增這個名稱的{kind}，或執行 `banban obs setup`",
  "did you mean {name}?": "你是指 {name} 嗎？",
  "it has {names}": "它有 {names}",
  "there are {names}": "有 {names}",

  // VTube Studio.
  "VTube Studio does not answer at {place}": "{place} 的 VTube Studio 沒有回應",
  "start VTube Studio, switch on Settings → General → Allow Plugin API access, and compare its port": "啟動 VTube Studio，開啟設定 → 一般 → Allow Plugin API access，並核對埠號",
  "start banban again and click Allow in VTube Studio": "重新啟動 banban，並在 VTube Studio 按 Allow",
  "click Allow in VTube Studio": "在 VTube Studio 按 Allow",
  "in VTube Studio, switch on Settings → General → Allow Plugin API access": "在 VTube Studio 開啟設定 → 一般 → Allow Plugin API access",
  "load one there": "在那裡載入一個",
  "its hotkeys are {names}": "它的快速鍵有 {names}",
  "it has no hotkeys with names": "它沒有具名的快速鍵",
};

const LONGEST = 2000; // letters; nothing that the program says is as long

const LISTS = ["formats", "hint", "names"]; // what is put in there may have commas

let patterns = null;

/** Each sentence into which something is put, as a pattern; those that say most by themselves come first. */
function compiled() {
  const made = Object.keys(CHINESE).filter((english) => english.includes("{"));
  made.sort((one, other) => bare(other).length - bare(one).length);
  return made.map((english) => {
    const names = [];
    const parts = english.split(/\{(\w+)\}/).map((part, index) => {
      if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
      const before = names.indexOf(part);
      if (before < 0) names.push(part);
      return before < 0 ? `((?:(?!${LISTS.includes(part) ? "; " : "[;,] "}).)+?)` : `\\${before + 1}`;
    });
    return { pattern: new RegExp(`^${parts.join("")}$`, "s"), names, chinese: CHINESE[english] };
  });
}

function bare(english) {
  return english.replace(/\{\w+\}/g, "");
}

/** One sentence; `within`, what is put into it is one, too. */
function found(text, within = true) {
  if (Object.hasOwn(CHINESE, text)) return CHINESE[text];
  patterns ??= compiled();
  for (const { pattern, names, chinese } of patterns) {
    const match = pattern.exec(text);
    if (!match) continue;
    const values = match.slice(1).map((value) => (within && found(value, false)) || value);
    return chinese.replace(/\{(\w+)\}/g, (_, name) => values[names.indexOf(name)]);
  }
  return null;
}

/** The parts between which `between` stands, each in Chinese by `each`; null when none is known. */
function several(text, between, joint, each) {
  const parts = text.split(between);
  const chinese = parts.map((part) => each(part));
  return chinese.every((part) => part === null) ? null : parts.map((part, index) => chinese[index] ?? part).join(joint);
}

function clause(text) {
  return found(text) ?? several(text, ", ", "，", (part) => found(part)) ?? several(text, ": ", "：", (part) => found(part));
}

/** A sentence of the program's in Chinese, or several in one line; what is not known stays as it is. */
export function inChinese(text) {
  if (text.length > LONGEST) return text;
  return found(text) ?? several(text, /; (?:or |then |because )?/, "；", clause) ?? text;
}

// The show's event stream. It is opened again by itself, also after the tab or the machine slept.

const SILENT = 12_000; // ms; the show sends a sign of life every 5 s
const FIRST_PAUSE = 500; // ms before the first attempt to connect again
const LONGEST_PAUSE = 10_000;
const KINDS = "now,queue,air,health,delays,settings,viewers,chat,fate,alert,journal";
const LONGEST_LINE = 4_000_000; // characters

export class Stream {
  /** `receive(kind, value)` gets each event, `changed()` hears when it is connected or lost. */
  constructor(api, receive, changed) {
    this.api = api;
    this.receive = receive;
    this.changed = changed;
    this.live = false; // a snapshot came, and the connection stands
    this.heard = 0; // when something last came, ms since 1970
    this.why = "";
    this.pause = FIRST_PAUSE;
    this.attempt = null;
    for (const happening of ["online", "pageshow", "focus"]) addEventListener(happening, () => this.look());
    for (const happening of ["visibilitychange", "resume"]) document.addEventListener(happening, () => this.look());
    setInterval(() => this.look(), 1000);
  }

  /** Connects, in place of the connection that there is. */
  open() {
    this.close();
    this.attempt = new AbortController();
    this.heard = Date.now();
    this.read(this.attempt);
  }

  close() {
    clearTimeout(this.later);
    this.later = 0;
    this.attempt?.abort();
    this.attempt = null;
    this.lose("");
  }

  /** Timers stand still while a tab sleeps; so whenever it wakes, this asks what time it is. */
  look() {
    if (this.attempt && Math.abs(Date.now() - this.heard) > SILENT) this.open();
    else if (this.later && this.pause > FIRST_PAUSE && document.visibilityState === "visible" && this.slept()) this.open();
  }

  /** Whether the time to connect again is over, which a sleeping timer did not notice. */
  slept() {
    return Date.now() > this.due;
  }

  async read(attempt) {
    let why = "";
    try {
      const answer = await fetch(`/api/v1/events?kinds=${KINDS}`, {
        headers: { ...this.api.headers(), Accept: "text/event-stream" },
        cache: "no-store",
        signal: attempt.signal,
      });
      if (!answer.ok) {
        const text = (await answer.text()).slice(0, 300);
        if (attempt !== this.attempt) return;
        if (answer.status === 401 || answer.status === 403) {
          this.close();
          this.api.refused(this.api.token);
          return;
        }
        why = text;
      } else {
        await this.parse(answer.body, attempt);
      }
    } catch {
      // it broke off, or there was nobody
    }
    if (attempt !== this.attempt) return;
    this.attempt = null;
    this.lose(why);
    const wait = this.pause * (0.75 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.due = Date.now() + wait;
    this.later = setTimeout(() => this.open(), wait);
  }

  async parse(body, attempt) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let kind = "";
    let data = [];
    for (;;) {
      const { value, done } = await reader.read();
      if (done || attempt !== this.attempt) return;
      this.heard = Date.now();
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      if (rest.length > LONGEST_LINE) return;
      for (const whole of lines) {
        const line = whole.endsWith("\r") ? whole.slice(0, -1) : whole;
        if (line.startsWith("event:")) kind = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5));
        else if (line === "" && data.length) {
          this.take(kind, data.join("\n"));
          kind = "";
          data = [];
        }
      }
    }
  }

  take(kind, data) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    this.receive(kind, value);
    if (kind === "state" && !this.live) {
      this.live = true;
      this.why = "";
      this.pause = FIRST_PAUSE;
      this.changed();
    }
  }

  lose(why) {
    const before = this.live;
    this.live = false;
    if (before || why !== this.why) {
      this.why = why;
      this.changed();
    }
  }
}

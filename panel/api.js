// Requests to the show. Each has a deadline, and says in words what went wrong.

import { said } from "./words.js";

const DEADLINE = 8000; // ms
const SOUND_DEADLINE = 15_000;
const STOP_DEADLINE = 2000;
const STOP_TRIES = 4;

/** What went wrong: `status` is the answer's, 0 when there was none. */
export class Problem extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export class Api {
  /** `refused(token)` is called when the token is not, or no longer, accepted. */
  constructor(refused) {
    this.token = "";
    this.refused = refused;
  }

  headers() {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }

  /** What this token may do. */
  me() {
    return this.json("/api/v1/me");
  }

  /** What is known of a viewer. */
  viewer(name) {
    return this.json(`/api/v1/viewers?name=${encodeURIComponent(name)}`);
  }

  /** The bytes of a sound that the show made for whoever has the token. Raises Problem. */
  async sound(path) {
    let answer;
    try {
      answer = await fetch(path, { cache: "no-store", headers: this.headers(), signal: AbortSignal.timeout(SOUND_DEADLINE) });
      if (answer.ok) return await answer.arrayBuffer();
    } catch {
      throw new Problem("");
    }
    throw new Problem(words(await answer.text()), answer.status);
  }

  /** Gives a command; gives back `{reply, done}`. */
  command(name, argument = "") {
    return this.json(`/api/v1/commands/${encodeURIComponent(name)}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ argument }),
    });
  }

  /** Silence. Tried several times, for it must arrive. */
  async stop() {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.json("/api/v1/commands/hush", { method: "POST", priority: "high" }, STOP_DEADLINE);
      } catch (problem) {
        if (tried === STOP_TRIES || (problem.status >= 400 && problem.status < 500 && problem.status !== 429)) throw problem;
        await new Promise((resolve) => setTimeout(resolve, 100 * tried));
      }
    }
  }

  async json(path, options = {}, deadline = DEADLINE) {
    const token = this.token;
    let answer, text;
    try {
      answer = await fetch(path, {
        cache: "no-store",
        ...options,
        headers: { ...this.headers(), ...options.headers },
        signal: AbortSignal.timeout(deadline),
      });
      text = await answer.text();
    } catch {
      throw new Problem("");
    }
    if (answer.status === 401 && token === this.token) this.refused(token);
    if (!answer.ok) throw new Problem(words(text) || answer.statusText, answer.status);
    try {
      return text ? JSON.parse(text) : {};
    } catch {
      throw new Problem("", answer.status);
    }
  }
}

/** The words of an answer, which may be JSON. */
function words(text) {
  try {
    const { reply, error } = JSON.parse(text);
    return said(String(reply ?? error ?? ""));
  } catch {
    return said(text.slice(0, 300));
  }
}

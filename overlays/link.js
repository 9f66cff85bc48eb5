// The connection to the show. It reconnects by itself; each time, the show first sends all that still matters.

import { seconds } from "./timeline.js";

const SILENT = 7000; // ms; the show sends something every 2 s, and is gone when nothing came for so long
const FIRST_PAUSE = 250; // ms before the first attempt to reconnect
const LONGEST_PAUSE = 5000;

export class Link {
  /** `receive(frame)` gets every JSON frame and every sound, as `{t: "sound", …}`; `lost()` tells of its loss. */
  constructor(address, receive, lost) {
    this.address = address;
    this.receive = receive;
    this.lost = lost;
    this.pause = FIRST_PAUSE;
    this.connections = 0;
    this.lostAt = 0; // seconds; null while it is connected
    this.soundBytes = 0;
    this.open();
  }

  open() {
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.expect(socket);
    socket.onopen = () => {
      this.connections += 1;
      this.lostAt = null;
      this.expect(socket);
    };
    socket.onmessage = ({ data }) => {
      this.expect(socket);
      this.pause = FIRST_PAUSE;
      if (typeof data === "string") {
        this.receive(JSON.parse(data));
      } else {
        this.soundBytes += data.byteLength;
        this.receive(decode(data));
      }
    };
    socket.onclose = () => this.reconnect(socket);
  }

  /** Reconnects unless something comes in time. */
  expect(socket) {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => {
      socket.close();
      this.reconnect(socket);
    }, SILENT);
  }

  reconnect(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.watch);
    this.lostAt ??= seconds();
    this.lost();
    setTimeout(() => this.open(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  report(fields) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(fields));
  }
}

/** A binary frame: see vtuber/stage/overlay/frames.py. */
function decode(data) {
  const header = new DataView(data);
  const steps = header.getUint32(4, true);
  const begin = 32 + 2 * steps;
  return {
    t: "sound",
    clip: header.getUint32(0, true),
    at: header.getFloat64(8, true),
    offset: header.getFloat64(16, true),
    now: header.getFloat64(24, true),
    mouth: new Uint8Array(data, 32, steps),
    shapes: new Uint8Array(data, 32 + steps, steps),
    samples: new Int16Array(data, begin, (data.byteLength - begin) >> 1),
  };
}

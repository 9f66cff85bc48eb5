// The connection to the show. It comes back by itself; every time, the show begins by telling all that matters.

const SILENT = 7000; // the show gives a sign of life every 2 s; after this many ms without one it is gone
const FIRST_PAUSE = 250; // ms before the first new try
const LONGEST_PAUSE = 5000;

export class Link {
  /** `hear(note)` gets every JSON frame and every sound, as `{t: "sound", …}`. */
  constructor(address, hear) {
    this.address = address;
    this.hear = hear;
    this.pause = FIRST_PAUSE;
    this.connections = 0;
    this.soundBytes = 0;
    this.open();
  }

  open() {
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.listen(socket);
    socket.onopen = () => {
      this.connections += 1;
      this.listen(socket);
    };
    socket.onmessage = ({ data }) => {
      this.listen(socket);
      this.pause = FIRST_PAUSE;
      if (typeof data === "string") {
        this.hear(JSON.parse(data));
      } else {
        this.soundBytes += data.byteLength;
        this.hear(decode(data));
      }
    };
    socket.onclose = () => this.again(socket);
  }

  /** Gives up on a connection that is open but dead. */
  listen(socket) {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => {
      socket.close();
      this.again(socket);
    }, SILENT);
  }

  again(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.watch);
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
  const shapes = header.getUint32(4, true);
  const begin = 32 + shapes + (shapes % 2);
  return {
    t: "sound",
    clip: header.getUint32(0, true),
    at: header.getFloat64(8, true),
    offset: header.getFloat64(16, true),
    now: header.getFloat64(24, true),
    mouth: new Uint8Array(data, 32, shapes),
    samples: new Int16Array(data, begin, (data.byteLength - begin) >> 1),
  };
}

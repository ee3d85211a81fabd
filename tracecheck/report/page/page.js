"use strict";
/* The events of a trace: a space-time diagram, a list with search, and what one event says. Only what is in view is
   drawn. The columns are described in events.py. */

const ROW = 24;
const HEAD = 30;
const MOST_ARROWS = 3000;

/* -- the trace: values in, values out ----------------------------------------------------------------------------- */

class Trace {
  constructor(columns) {
    Object.assign(this, columns);
    this.length = this.node.length;
    this.rejectedAt = new Set(this.rejected);
    this.positions = this.nodes.map(() => new Map());
    this.times = new Float64Array(this.length);
    let time = this.start;
    for (let i = 0; i < this.length; i += 1) {
      time += this.at[i];
      this.times[i] = time;
      this.positions[this.node[i]].set(this.n[i], i);
    }
  }

  /* The positions of the events that event i knew of: its causes, and the one before on its node. */
  causes(i) {
    const found = [];
    const said = this.cause[i];
    for (let k = 0; k < said.length; k += 2) {
      const position = this.positions[said[k]].get(said[k + 1]);
      if (position !== undefined) found.push(position);
    }
    return found;
  }

  title(i) {
    return `${this.nodes[this.node[i]]}  ${this.acts[this.act[i]]}`;
  }

  place(i) {
    return `${this.files[this.file[i]]}:${this.line[i]}`;
  }

  /* The positions of the events in which every word of the query occurs, whatever its case. */
  search(query) {
    const words = query.toLowerCase().split(/\s+/).filter((word) => word);
    const found = [];
    for (let i = 0; i < this.length; i += 1) {
      const text = `${this.title(i)} ${this.args[i]} ${this.place(i)}`.toLowerCase();
      if (words.every((word) => text.includes(word))) found.push(i);
    }
    return found;
  }

  clock(i) {
    const seconds = new Date(Math.floor(this.times[i] / 1000)).toISOString().slice(11, 23);
    return `${seconds}${String(this.times[i] % 1000).padStart(3, "0")} (+${this.error[i]} us)`;
  }
}

/* -- the diagram -------------------------------------------------------------------------------------------------- */

/* Which events are in view: from the scroll position, the height of the view and of a row. */
function inView(top, height, row, length) {
  const first = Math.max(0, Math.floor(top / row) - 1);
  const last = Math.min(length - 1, Math.ceil((top + height - HEAD) / row));
  return [first, last];
}

function laneOf(index, count, width) {
  return (width * (index + 0.5)) / count;
}

/* Draws the events in view: lanes are nodes, time flows down, an arrow leads from a cause to its event. */
function draw(context, trace, view, colours) {
  const { top, width, height, row, chosen } = view;
  const [first, last] = inView(top, height, row, trace.length);
  const x = (i) => laneOf(trace.node[i], trace.nodes.length, width);
  const y = (i) => HEAD + (i + 0.5) * row - top;
  context.clearRect(0, 0, width, height);
  context.lineWidth = 1;
  context.strokeStyle = colours.line;
  trace.nodes.forEach((_, lane) => stroke(context, laneOf(lane, trace.nodes.length, width), HEAD,
    laneOf(lane, trace.nodes.length, width), height));
  let arrows = 0;
  for (let i = first; i <= last && arrows < MOST_ARROWS; i += 1) {
    for (const cause of trace.causes(i)) {
      context.strokeStyle = i === chosen || cause === chosen ? colours.accent : colours.soft;
      arrow(context, x(cause), Math.max(y(cause), -height), x(i), y(i));
      arrows += 1;
    }
  }
  const size = Math.max(1.5, Math.min(5, row / 4));
  const room = width / trace.nodes.length / 2 - 10;
  for (let i = first; i <= last; i += 1) {
    const wrong = trace.rejectedAt.has(i);
    context.fillStyle = wrong ? colours.bad : i === chosen ? colours.accent : colours.ink;
    dot(context, x(i), y(i), wrong ? Math.max(4, size + 2) : size);
    if (wrong) ring(context, x(i), y(i), Math.max(8, size + 6), colours.bad);
    if (row >= 14 && room > 30) context.fillText(trace.acts[trace.act[i]].split("!").pop(), x(i) + 9, y(i) + 4, room);
  }
  heads(context, trace, width, colours);
  return [first, last, arrows];
}

function heads(context, trace, width, colours) {
  context.fillStyle = colours.sheet;
  context.fillRect(0, 0, width, HEAD - 4);
  context.fillStyle = colours.accent;
  context.textAlign = "center";
  trace.nodes.forEach((name, lane) =>
    context.fillText(name, laneOf(lane, trace.nodes.length, width), 17, width / trace.nodes.length - 6));
  context.textAlign = "start";
}

function stroke(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function arrow(context, x1, y1, x2, y2) {
  stroke(context, x1, y1, x2, y2);
  const angle = Math.atan2(y2 - y1, x2 - x1);
  for (const side of [-0.4, 0.4]) {
    stroke(context, x2, y2, x2 - 8 * Math.cos(angle + side), y2 - 8 * Math.sin(angle + side));
  }
}

function dot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function ring(context, x, y, radius, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
  context.lineWidth = 1;
}

/* -- the page ----------------------------------------------------------------------------------------------------- */

class Page {
  constructor(trace) {
    this.trace = trace;
    this.row = 20;
    this.chosen = trace.rejected.length ? trace.rejected[0] : Math.max(0, trace.length - 1);
    this.shown = null;
    this.diagram = document.getElementById("diagram");
    this.canvas = document.getElementById("canvas");
    this.list = document.getElementById("list");
    this.rows = document.getElementById("rows");
    this.detail = document.getElementById("detail");
    this.count = document.getElementById("count");
    this.diagram.addEventListener("scroll", () => this.paint());
    this.canvas.addEventListener("click", (event) => this.point(event));
    this.list.addEventListener("scroll", () => this.tabulate());
    document.getElementById("search").addEventListener("input", (event) => this.find(event.target.value));
    document.getElementById("zoom").addEventListener("input", (event) => this.zoom(Number(event.target.value)));
    document.getElementById("wrong").addEventListener("click", () => this.choose(this.trace.rejected[0]));
    document.getElementById("wrong").hidden = trace.rejected.length === 0;
    window.addEventListener("resize", () => this.paint());
    this.find("");
    this.zoom(0.95);
    this.choose(this.chosen);
  }

  get matches() {
    return this.shown === null ? this.trace.length : this.shown.length;
  }

  /* The event in line k of the list. */
  match(k) {
    return this.shown === null ? k : this.shown[k];
  }

  find(query) {
    this.shown = query.trim() ? this.trace.search(query) : null;
    this.count.textContent = `${this.matches} of ${this.trace.length} events`;
    document.getElementById("listed").style.height = `${this.matches * ROW}px`;
    this.list.scrollTop = 0;
    this.tabulate();
  }

  /* From 0, all events in view, to 1, some twenty pixels for each. */
  zoom(share) {
    const centre = (this.diagram.scrollTop + this.height / 2) / this.row;
    const least = Math.min(28, Math.max(0.001, (this.height - HEAD) / Math.max(1, this.trace.length)));
    this.row = least * Math.pow(28 / least, share);
    document.getElementById("drawn").style.height = `${this.trace.length * this.row + HEAD + 8}px`;
    this.diagram.scrollTop = centre * this.row - this.height / 2;
    this.paint();
  }

  get height() {
    return this.diagram.clientHeight;
  }

  choose(i) {
    if (i === undefined || i < 0 || i >= this.trace.length) return;
    this.chosen = i;
    this.diagram.scrollTop = i * this.row - this.height / 2;
    const k = this.shown === null ? i : this.shown.indexOf(i);
    if (k >= 0) this.list.scrollTop = k * ROW - this.list.clientHeight / 2;
    this.tell(i);
    this.tabulate();
    this.paint();
  }

  point(event) {
    this.choose(Math.floor((this.diagram.scrollTop + event.offsetY - HEAD) / this.row));
  }

  paint() {
    const width = this.diagram.clientWidth;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = width * ratio;
    this.canvas.height = this.height * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${this.height}px`;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.font = "12px system-ui, sans-serif";
    const view = { top: this.diagram.scrollTop, width, height: this.height, row: this.row, chosen: this.chosen };
    draw(context, this.trace, view, palette());
  }

  tabulate() {
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW) - 5);
    const last = Math.min(this.matches - 1, Math.ceil((this.list.scrollTop + this.list.clientHeight) / ROW) + 5);
    const rows = [];
    for (let k = first; k <= last; k += 1) rows.push(this.line(k, this.match(k)));
    this.rows.replaceChildren(...rows);
  }

  line(k, i) {
    const row = document.createElement("div");
    const wrong = this.trace.rejectedAt.has(i);
    row.className = `row${wrong ? " rejected" : ""}${i === this.chosen ? " chosen" : ""}`;
    row.style.top = `${k * ROW}px`;
    row.textContent = `${this.trace.title(i)}  ${this.trace.args[i]}`;
    row.addEventListener("click", () => this.choose(i));
    return row;
  }

  tell(i) {
    const head = document.createElement("p");
    head.textContent = `${this.trace.title(i)}, ${this.trace.place(i)}, ${this.trace.clock(i)}`;
    const said = document.createElement("pre");
    said.textContent = pretty(this.trace.args[i]);
    const causes = this.trace.causes(i).map((cause) => {
      const button = document.createElement("button");
      button.textContent = `knew of ${this.trace.title(cause)}`;
      button.addEventListener("click", () => this.choose(cause));
      return button;
    });
    this.detail.replaceChildren(head, said, ...causes);
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; /* it was cut */
  }
}

function palette() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ink", "soft", "line", "accent", "bad", "sheet"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function start() {
  const packed = document.getElementById("events");
  if (packed === null) return;
  unpack(packed.textContent).then(
    (columns) => new Page(new Trace(columns)),
    (error) => {
      document.getElementById("count").textContent = `this browser cannot show the events: ${error}`;
    },
  );
}

start();

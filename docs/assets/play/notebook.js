// A small notebook: cells with Run buttons, their numbers and their outputs.

import { Kernel } from "./kernel.js";

/** @typedef {import("./kernel.js").Cell} Cell */
/** @typedef {import("./kernel.js").Settings} Settings */

export class Notebook {
  /**
   * @param {HTMLElement} box
   * @param {string} title
   * @param {string} about
   * @param {() => Cell[]} cells as they are now
   * @param {() => Settings | undefined} settings none where they can't be used
   * @param {(text: string) => void} changed hears that something is run, or has been
   */
  constructor(box, title, about, cells, settings, changed) {
    this.title = title;
    this.cells = cells;
    this.settings = settings;
    this.changed = changed;
    const made = document.createElement("section");
    made.className = "play-notebook";
    made.setAttribute("aria-label", title);
    const head = document.createElement("p");
    head.className = "play-title";
    head.textContent = `${title}: ${about}`;
    this.parts = cells().map((cell, i) => this.part(cell, i));
    this.memory = document.createElement("p");
    this.memory.className = "play-memory";
    const bar = document.createElement("div");
    bar.className = "play-buttons";
    this.buttons = [
      button("Restart", `Restart ${title}`, () => this.restart()),
      button("Restart and run all", `Restart and run all: ${title}`, () => this.runAll()),
    ];
    bar.append(...this.buttons);
    made.append(head, ...this.parts.map(({ box: part }) => part), bar, this.memory);
    box.append(made);
    this.clear();
  }

  kernel = new Kernel();
  busy = false;
  /** The loss on the screen. @type {number | undefined} */
  printed;

  /**
   * @param {Cell} cell
   * @param {number} i
   */
  part({ name }, i) {
    const part = document.createElement("div");
    part.className = "play-cell";
    const bar = document.createElement("div");
    const number = document.createElement("span");
    const run = button("Run", `Run ${name} in ${this.title}`, () => this.run(i));
    bar.append(run, number);
    const code = document.createElement("code");
    const output = document.createElement("output");
    part.append(bar, code, output);
    return { box: part, number, run, code, output };
  }

  /** The code as it is now; what was run before stays run. */
  show() {
    this.cells().forEach(({ code }, i) => (this.parts[i].code.textContent = code.join("\n")));
    const { loss, holds } = this.kernel;
    const screen = this.printed === undefined ? "" : `On the screen: ${this.printed.toFixed(2)} nats. `;
    const model = loss === undefined || !holds.has("params") ? "no model" : Number.isFinite(loss) ? `a model at ${loss.toFixed(2)} nats` : "a model that has overflowed";
    this.memory.textContent = `${screen}In memory: ${model}.`;
    for (const one of [...this.parts.map(({ run }) => run), ...this.buttons]) one.disabled = this.busy;
  }

  /** A new kernel: the screen keeps what it shows. */
  restart() {
    this.kernel.end();
    this.kernel = new Kernel();
    this.busy = false;
    for (const { number } of this.parts) if (number.textContent === "[*]") number.textContent = "[ ]";
    this.show();
    this.changed(`${this.title}: a new kernel, with nothing in memory. What the cells show is from before.`);
  }

  /** Nothing run yet. */
  clear() {
    this.printed = undefined;
    this.restart();
    for (const { number, output } of this.parts) {
      number.textContent = "[ ]";
      output.textContent = "";
    }
  }

  async runAll() {
    this.clear();
    for (let i = 0; i < this.parts.length; i++) if (!(await this.run(i))) return;
  }

  /**
   * Run a cell, as it is now.
   * @param {number} i
   * @returns {Promise<boolean>} whether it ran to its end
   */
  async run(i) {
    const settings = this.settings();
    if (!settings) return false;
    const { number, output } = this.parts[i];
    const { kernel } = this;
    if (output.textContent) this.printed = undefined;
    this.busy = true;
    number.textContent = "[*]";
    output.textContent = "";
    this.show();
    this.changed(`${this.title}: running …`);
    const [good, text] = await kernel.execute(this.cells()[i], settings);
    if (kernel !== this.kernel) return false; // restarted meanwhile
    if (good && text) this.printed = kernel.loss;
    number.textContent = `[${kernel.count}]`;
    output.textContent = text;
    output.classList.toggle("error", !good);
    this.busy = false;
    this.show();
    const said = text.replace(/^.*\n/, "").replace(/\.$/, "") || "the parameters are drawn";
    this.changed(`${this.title}, [${kernel.count}]: ${said}.`);
    return good;
  }
}

/**
 * @param {string} label
 * @param {string} said
 * @param {() => unknown} press
 */
function button(label, said, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.setAttribute("aria-label", said);
  made.addEventListener("click", press);
  return made;
}

// A small notebook: cells with Run buttons, run in a kernel that keeps what they made.

import { Trainer } from "./trainer.js";

/**
 * @typedef {object} Cell
 * @property {string} name
 * @property {string[]} code line by line
 * @property {("make" | "reseed" | "train")[]} does in this order
 */

/** @typedef {{seed: number, lr: number, steps: number, batch: number}} Settings */

export class Notebook {
  /**
   * @param {HTMLElement} box
   * @param {string} title
   * @param {() => Cell[]} cells as they are now
   * @param {() => Settings | undefined} settings none where they can't be used
   * @param {(text: string) => void} changed hears that something is run, or has been
   */
  constructor(box, title, cells, settings, changed) {
    this.title = title;
    this.cells = cells;
    this.settings = settings;
    this.changed = changed;
    this.trainer = new Trainer();
    const made = document.createElement("section");
    made.className = "play-notebook";
    made.setAttribute("aria-label", title);
    const head = document.createElement("p");
    head.className = "play-title";
    head.textContent = title;
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
    this.busy = false;
    this.clear();
  }

  /** The loss after each run of the training cell in this kernel. @type {number[]} */
  losses = [];
  count = 0; // of executions
  /** The loss of the model in memory. @type {number | undefined} */
  loss;
  /** What the kernel holds. @type {Set<"g" | "params">} */
  holds = new Set();

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
    const { losses, holds } = this;
    const trained = losses.length ? `On the screen: ${losses[losses.length - 1].toFixed(2)} nats. ` : "";
    const model = this.loss === undefined || !holds.has("params") ? "no model" : Number.isFinite(this.loss) ? `a model at ${this.loss.toFixed(2)} nats` : "a model that has overflowed";
    this.memory.textContent = `${trained}In memory: ${model}.`;
    for (const one of [...this.parts.map(({ run }) => run), ...this.buttons]) one.disabled = this.busy;
  }

  /** A new kernel: the screen keeps what it shows. */
  restart() {
    this.trainer.stop();
    this.busy = false;
    this.count = 0;
    this.losses = [];
    this.holds.clear();
    this.loss = undefined;
    for (const { number } of this.parts) if (number.textContent === "[*]") number.textContent = "[ ]";
    this.show();
    this.changed(`${this.title}: a new kernel, with nothing in memory. What the cells show is from before.`);
  }

  /** Nothing run yet. */
  clear() {
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
    this.busy = true;
    number.textContent = "[*]";
    output.textContent = "";
    this.show();
    this.changed(`${this.title}: running …`);
    const [good, text] = await this.execute(this.cells()[i], settings, this.count + 1);
    this.count += 1;
    number.textContent = `[${this.count}]`;
    output.textContent = text;
    output.classList.toggle("error", !good);
    this.busy = false;
    this.show();
    this.changed(`${this.title}, [${this.count}]: ${text || "the parameters are drawn."}`);
    return good;
  }

  /**
   * @param {Cell} cell
   * @param {Settings} settings
   * @param {number} count
   * @returns {Promise<[boolean, string]>} whether it ran to its end, and its output
   */
  async execute({ does, code }, { seed, lr, steps, batch }, count) {
    const { trainer, holds } = this;
    const name = "one";
    let text = "";
    for (const step of does) {
      if (step === "make") {
        await trainer.ask("make", { name, seed });
        holds.add("g").add("params");
      } else if (step === "reseed") {
        holds.add("g");
        if (holds.has("params")) await trainer.ask("reseed", { name, seed });
      } else {
        const missing = !holds.has("g") ? "g" : !holds.has("params") ? "params" : "";
        const line = code.findIndex((each) => each.includes(missing === "g" ? "generator=g" : "loss_fn(params")) + 1;
        if (missing) return [false, `Cell In[${count}], line ${line}\nNameError: name '${missing}' is not defined`];
        const { over } = await trainer.go([{ run: name, lr, batchSize: batch }], steps, () => {});
        this.loss = await trainer.ask("fullLoss", { name });
        if (over || !Number.isFinite(this.loss)) {
          return [false, `At a rate of ${lr} the loss overflowed: it is no number any more. Choose a smaller rate, and initialise once more.`];
        }
        this.losses.push(Number(this.loss));
        text = `loss on all names: ${Number(this.loss).toFixed(4)}`;
      }
    }
    if (!does.includes("train")) this.loss = await trainer.ask("fullLoss", { name });
    return [true, text];
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

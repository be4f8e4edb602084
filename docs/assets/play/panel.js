// A figure's controls: fields that are typed or dragged, buttons, and what is said.
//
// What the fields hold is in the page's address, so that it can be shared.

/**
 * @typedef {object} Field
 * @property {string} name in the address
 * @property {string} label
 * @property {number} value as published
 * @property {number} least
 * @property {number} most
 * @property {boolean} [whole] whether it is a whole number
 * @property {boolean} [log] whether its slider goes by powers
 * @property {number} [from] the slider's ends, where nearer than what may be typed
 * @property {number} [to]
 * @property {Record<string, string>} [choices] by number: a list in place of the slider
 * @property {number} [mark] a value to mark on its slider, which then is a bar on the same line
 * @property {boolean} [check] 1 or 0: a box to tick in place of the slider
 * @property {boolean} [more] whether it is in the fold of further settings
 */

/** @typedef {{name: string, label: string, press: () => unknown, main?: boolean}} Button */

/**
 * What Stop and Reset do to a figure that trains.
 * @typedef {object} Ends
 * @property {() => void} stop end what is going on
 * @property {() => void} forget drop what came of it
 * @property {() => void} draw
 * @property {string} [published] what is said once all is as published
 */

const STEPS = 400; // of a slider
const WRITES = 25; // of the address in ten seconds: browsers refuse more than some

export class Panel {
  /**
   * @param {HTMLElement} box
   * @param {Field[]} fields
   * @param {Button[]} buttons
   * @param {(name: string) => void} [changed]
   */
  constructor(box, fields, buttons, changed) {
    this.fields = fields;
    this.changed = changed ?? (() => {});
    /** @type {Record<string, number>} */
    this.values = {};
    /** @type {Record<string, HTMLInputElement | HTMLSelectElement>} */
    this.inputs = {};
    /** @type {Record<string, HTMLInputElement>} */
    this.sliders = {};
    /** @type {Record<string, HTMLButtonElement>} */
    this.buttons = {};
    this.form = document.createElement("form");
    this.form.className = "play-panel";
    this.form.noValidate = true;
    const rows = fields.map((field) => ({ row: this.row(field), more: field.more }));
    this.form.append(...rows.filter(({ more }) => !more).map(({ row }) => row));
    this.bar = document.createElement("div");
    this.bar.className = "play-buttons";
    this.bar.append(...buttons.map((button) => this.button(button)));
    this.said = document.createElement("p");
    this.said.className = "play-said";
    this.said.setAttribute("role", "status"); // read out when it changes
    this.form.append(this.bar, this.said);
    const further = rows.filter(({ more }) => more).map(({ row }) => row);
    if (further.length) this.form.append(folded("Settings", further));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const main = buttons.find((button) => button.main);
      if (main && !this.buttons[main.name].disabled) this.pressed(main.press);
    });
    box.append(this.form);
    this.fromAddress();
  }

  /** @param {Field} field */
  row(field) {
    const row = document.createElement("label");
    row.className = "play-field";
    const name = document.createElement("span");
    name.textContent = field.label;
    row.append(name);
    this.values[field.name] = field.value;
    if (field.choices) {
      const list = document.createElement("select");
      list.append(...Object.entries(field.choices).map(([value, text]) => new Option(text, value)));
      list.value = `${field.value}`;
      list.addEventListener("change", () => this.take(field, list.value));
      this.inputs[field.name] = list;
      row.append(list);
      return row;
    }
    if (field.check) {
      const tick = document.createElement("input");
      tick.type = "checkbox";
      tick.addEventListener("change", () => this.take(field, `${Number(tick.checked)}`));
      this.inputs[field.name] = tick;
      row.classList.add("check");
      row.prepend(tick);
      return row;
    }
    const input = document.createElement("input");
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.value = short(field.value);
    input.addEventListener("change", () => this.take(field, input.value));
    const slider = document.createElement("input");
    slider.type = "range";
    slider.max = `${STEPS}`;
    slider.setAttribute("aria-label", `${field.label}, by slider`);
    slider.addEventListener("input", () => this.slide(field, Number(slider.value)));
    this.inputs[field.name] = input;
    this.sliders[field.name] = slider;
    this.put(field, field.value);
    row.append(input);
    const both = document.createElement("div");
    both.className = "play-row";
    both.append(row, slider);
    if (field.mark === undefined) return both;
    const bar = document.createElement("div");
    bar.className = "play-bar";
    bar.append(slider, document.createElement("i"));
    both.classList.add("play-line");
    both.append(bar);
    this.rename(field.name, field.label, field.mark);
    return both;
  }

  /**
   * Another name for a field that is a bar, and another mark on it.
   * @param {string} name
   * @param {string} label
   * @param {number} mark
   */
  rename(name, label, mark) {
    const field = /** @type {Field} */ (this.fields.find((one) => one.name === name));
    Object.assign(field, { label, mark });
    const [from, to] = this.ends(field);
    const slider = this.sliders[name];
    slider.setAttribute("aria-label", `${label}, by slider`);
    slider.parentElement?.style.setProperty("--mark", `${Math.min(1, (mark - from) / (to - from))}`);
    const said = this.inputs[name].previousElementSibling;
    if (said) said.textContent = label;
  }

  /** @param {Button} button */
  button({ name, label, press, main }) {
    const made = document.createElement("button");
    made.type = main ? "submit" : "button";
    made.className = main ? "main" : "";
    made.textContent = label;
    if (!main) made.addEventListener("click", () => this.pressed(press));
    this.buttons[name] = made;
    return made;
  }

  /**
   * Add the buttons Stop and Reset.
   * @param {Ends} ends
   */
  endBy({ stop, forget, draw, published = "As published." }) {
    const end = (/** @type {string} */ said) => {
      this.busy(false);
      draw();
      this.say(said);
    };
    const halt = () => {
      stop();
      end("Stopped.");
    };
    const reset = () => {
      stop();
      forget();
      this.reset();
      end(published);
    };
    this.bar.append(this.button({ name: "stop", label: "Stop", press: halt }));
    this.bar.append(this.button({ name: "reset", label: "Reset", press: reset }));
    this.busy(false);
  }

  /** @param {boolean} on whether something is going on: then it can only be ended */
  busy(on) {
    for (const [name, button] of Object.entries(this.buttons)) {
      if (name !== "reset") button.disabled = (name === "stop") !== on;
    }
  }

  /**
   * Do what a button is for; if that fails, say so, and let the reader try again.
   * @param {() => unknown} press
   */
  async pressed(press) {
    const before = Object.entries(this.buttons).map(([name, { disabled }]) => [name, !disabled]);
    try {
      await press();
    } catch (problem) {
      console.error(problem);
      this.say(`${problem instanceof Error ? problem.message : problem} Press again, or load the page anew.`);
      this.allow(Object.fromEntries(before));
    }
  }

  /**
   * What was typed becomes the field's value, or a sentence says what to type.
   * @param {Field} field
   * @param {string} typed
   */
  take(field, typed) {
    const value = typed.trim() === "" ? NaN : Number(typed.replaceAll("−", "-").replace(/,(?=\d{3}\b)/g, ""));
    const input = this.inputs[field.name];
    const wrong = this.wrong(field, value);
    input.setAttribute("aria-invalid", `${Boolean(wrong)}`);
    if (wrong) {
      this.say(wrong);
      return;
    }
    this.set(field.name, value);
    this.changed(field.name);
  }

  /**
   * @param {Field} field
   * @param {number} value
   * @returns {string} what is wrong with it, and what to do; or nothing
   */
  wrong(field, value) {
    const kind = field.whole ? "a whole number" : "a number";
    const fits = value >= field.least && value <= field.most && (!field.whole || Number.isInteger(value));
    return fits ? "" : `${field.label}: give ${kind} from ${short(field.least)} to ${short(field.most)}.`;
  }

  /**
   * @param {Field} field
   * @param {number} at the slider's place, from 0 to STEPS
   */
  slide(field, at) {
    const [from, to] = this.ends(field);
    const share = at / STEPS;
    let value = field.log ? from * (to / from) ** share : from + (to - from) * share;
    value = field.whole ? Math.round(value) : Number(value.toPrecision(3));
    this.fill({ [field.name]: value }, false);
    this.sliders[field.name].value = `${at}`; // not rounded: a key would not get on
    this.changed(field.name);
    this.toAddress();
  }

  /** @param {Field} field */
  ends(field) {
    return [field.from ?? field.least, field.to ?? field.most];
  }

  /**
   * @param {string} name
   * @param {number} value
   */
  set(name, value) {
    this.fill({ [name]: value });
  }

  /**
   * Set some fields at once.
   * @param {Record<string, number>} values
   * @param {boolean} [write] whether the address has them at once
   */
  fill(values, write = true) {
    for (const field of this.fields) {
      const { name, least, most, whole } = field;
      if (!(name in values)) continue;
      this.values[name] = Math.min(most, Math.max(least, whole ? Math.round(values[name]) : values[name]));
      this.put(field, this.values[name]);
    }
    if (write) this.toAddress();
  }

  /**
   * @param {Field} field
   * @param {number} value
   */
  put(field, value) {
    const input = this.inputs[field.name];
    if (field.check && input instanceof HTMLInputElement) input.checked = value === 1;
    else input.value = field.choices ? `${value}` : short(value);
    input.removeAttribute("aria-invalid");
    const slider = this.sliders[field.name];
    if (!slider) return;
    const [from, to] = this.ends(field);
    const share = field.log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    slider.value = `${Math.round(Math.min(1, Math.max(0, share)) * STEPS)}`;
    slider.setAttribute("aria-valuetext", short(value));
    slider.style.setProperty("--share", `${Math.min(1, Math.max(0, share))}`);
  }

  /** Whether all that was typed can be used; otherwise the first wrong field is shown. */
  ready() {
    const wrong = Object.values(this.inputs).find((input) => input.getAttribute("aria-invalid") === "true");
    wrong?.closest("details")?.setAttribute("open", "");
    wrong?.focus();
    return !wrong;
  }

  /**
   * Whether the fields hold what is published.
   * @param {string[]} but fields that don't count
   */
  asPublished(...but) {
    return this.fields.every(({ name, value }) => but.includes(name) || this.values[name] === value);
  }

  /** Back to what is published. */
  reset() {
    this.fill(Object.fromEntries(this.fields.map(({ name, value }) => [name, value])));
  }

  fromAddress() {
    const given = new URLSearchParams(location.search);
    for (const field of this.fields) {
      const text = given.get(field.name);
      if (text === null) continue;
      if (this.wrong(field, Number(text))) this.say(`The address is wrong. ${this.wrong(field, Number(text))}`);
      else this.set(field.name, Number(text));
    }
  }

  /** @type {number[]} when the address was written */
  writes = [];
  later = 0;

  toAddress() {
    clearTimeout(this.later);
    const now = performance.now();
    this.writes = this.writes.filter((time) => now - time < 10_000);
    if (this.writes.length >= WRITES) {
      this.later = window.setTimeout(() => this.form.isConnected && this.toAddress(), 500);
      return;
    }
    const address = new URL(location.href);
    for (const { name, value } of this.fields) {
      if (this.values[name] === value) address.searchParams.delete(name);
      else address.searchParams.set(name, `${this.values[name]}`);
    }
    if (address.href === location.href) return;
    history.replaceState(history.state, "", address);
    this.writes.push(now);
  }

  /** @param {string} text */
  say(text) {
    this.said.textContent = text;
  }

  /**
   * Which buttons can be pressed now.
   * @param {Record<string, boolean>} can
   */
  allow(can) {
    for (const [name, yes] of Object.entries(can)) this.buttons[name].disabled = !yes;
  }
}

/**
 * @param {string} title
 * @param {HTMLElement[]} inside
 */
function folded(title, inside) {
  const fold = document.createElement("details");
  const summary = document.createElement("summary");
  fold.className = "play-more";
  summary.textContent = title;
  const grid = document.createElement("div");
  grid.append(...inside);
  fold.append(summary, grid);
  return fold;
}

/**
 * A number in at most three digits.
 * @param {number} value
 */
export function short(value) {
  const whole = Number.isInteger(value) && Math.abs(value) < 1e10;
  return `${whole ? value : Number(value.toPrecision(3))}`.replace("-", "−");
}

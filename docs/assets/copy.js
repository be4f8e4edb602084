// Two copy buttons a block: a program that runs alone, and the block as it is shown.
//
// A block's `data-needs` says which lines of the blocks above it must run first:
// "0:8-23;2:1-4" is lines 8 to 23 of the page's first block, 1 to 4 of its third.
// publish/page/slices.py finds them, and the tests run what each button gives.
(() => {
  const icons = {
    program:
      "M19 21H8V7h11m0-2H8a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2m-3-4H4a2 2 0 0 0-2 2v14h2V3h12V1m-5 9v8l6-4-6-4Z",
    shown:
      "M8 3a2 2 0 0 0-2 2v4a2 2 0 0 1-2 2H3v2h1a2 2 0 0 1 2 2v4a2 2 0 0 0 2 2h2v-2H8v-5a2 2 0 0 0-2-2 2 2 0 0 0 2-2V5h2V3m6 0a2 2 0 0 1 2 2v4a2 2 0 0 0 2 2h1v2h-1a2 2 0 0 0-2 2v4a2 2 0 0 1-2 2h-2v-2h2v-5a2 2 0 0 1 2-2 2 2 0 0 1-2-2V5h-2V3h2Z",
  };

  const code = (block) => block.querySelector("code").textContent.replace(/\n+$/, "");

  const address = () =>
    (document.querySelector("link[rel=canonical]") || location).href.replace(/#.*/, "");

  // The block's program, and how many of its lines stand above the block on the page.
  function program(blocks, block) {
    const pieces = [];
    let last;
    for (const piece of block.dataset.needs.split(";").filter(Boolean)) {
      const [, number, from, to] = piece.match(/(\d+):(\d+)-(\d+)/);
      const lines = code(blocks[number]).split("\n").slice(from - 1, to);
      if (number === last) pieces.push(pieces.pop() + "\n" + lines.join("\n"));
      else pieces.push(lines.join("\n"));
      last = number;
    }
    const above = pieces.map((text) => text.replace(/^\n+|\n+$/g, ""));
    const origin = `# From ${address()}#${block.id}`;
    return [origin, ...above, code(block)].join("\n\n") + "\n";
  }

  function whole(blocks) {
    const head = `# ${document.querySelector("article h1").firstChild.textContent}\n`;
    const from = `# From Descent Notes: ${address()}\n`;
    const needs = "# Needs Python 3.11 or later, torch and matplotlib.\n";
    const cells = blocks.map((b) => `# %% ${b.id.replace("code-", "")}\n${code(b)}\n`);
    return [head + from + needs, ...cells].join("\n");
  }

  const lines = (text) => `${text.trimEnd().split("\n").length} lines`;

  // Say what was done in the theme's own message box; screen readers read it, too.
  function say(message) {
    const dialog = document.querySelector("[data-md-component=dialog]");
    if (dialog) dialog.setAttribute("role", "status");
    if (window.alert$) window.alert$.next(message);
    else console.info(message);
  }

  async function copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      say(done);
    } catch {
      say("This browser won't let the page copy: select the code instead.");
    }
  }

  function button(label, icon, press) {
    const made = document.createElement("button");
    made.type = "button";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icon}"/></svg>`;
    made.addEventListener("click", press);
    return made;
  }

  function bar(block, ...buttons) {
    if (block.querySelector(".copy")) return;
    const made = document.createElement("div");
    made.className = "copy";
    made.append(...buttons);
    block.append(made);
  }

  function both(blocks, block) {
    bar(
      block,
      button("Copy a program that runs alone", icons.program, () => {
        const text = program(blocks, block);
        copy(text, `Copied a program that runs alone, ${lines(text)}`);
      }),
      button("Copy this block as shown", icons.shown, () => {
        const text = code(block) + "\n";
        copy(text, `Copied this block as shown, ${lines(text)}`);
      }),
    );
  }

  function add() {
    const blocks = [...document.querySelectorAll("article [data-needs]")];
    for (const block of blocks) {
      // A folded block gets its buttons once it is opened: the page loads sooner.
      const fold = block.closest("details:not([open])");
      if (fold) fold.addEventListener("toggle", () => both(blocks, block));
      else both(blocks, block);
    }
    for (const entry of document.querySelectorAll("article .cite")) {
      const label = "Copy the BibTeX entry";
      const press = () => copy(code(entry) + "\n", "Copied the BibTeX entry");
      bar(entry, button(label, icons.shown, press));
    }
    const all = document.querySelector("article .take button");
    if (all) {
      all.onclick = () => {
        const text = whole(blocks);
        copy(text, `Copied the whole program, ${lines(text)}`);
      };
    }
  }

  // With instant navigation, pages change without a reload.
  if (window.document$) window.document$.subscribe(add);
  else document.addEventListener("DOMContentLoaded", add);
})();

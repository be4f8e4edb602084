// Makes all of the theme usable by keyboard and screen reader, and enlarges figures.
(() => {
  const find = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  // The menu and the search open by labels, which no keyboard reaches: each gets a
  // button inside.
  function opener(toggle, name) {
    const box = document.getElementById(`__${toggle}`);
    const label = document.querySelector(`header .md-header__button[for=__${toggle}]`);
    const button = document.createElement("button");
    const tell = () => button.setAttribute("aria-expanded", box.checked);
    button.type = "button";
    button.setAttribute("aria-label", name);
    button.append(...label.childNodes);
    button.addEventListener("click", () => box.click());
    label.append(button);
    box.addEventListener("change", tell);
    tell();
    return { box, button };
  }

  function once() {
    document.querySelector(".md-search").setAttribute("aria-label", "Search");
    opener("search", "Search");
    const menu = opener("drawer", "Menu");
    menu.box.addEventListener("change", () => {
      if (menu.box.checked) document.querySelector(".md-sidebar--primary a").focus();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.box.checked) return;
      menu.box.click();
      menu.button.focus();
    });
  }

  // Boxes that scroll sideways can have the focus, so that keys scroll them. Measuring
  // is slow: all are measured before any changes, those in a fold once it is opened.
  const observer = new ResizeObserver(() => {
    const wide = "article :is(pre > code, div.arithmatex, .md-typeset__scrollwrap)";
    const boxes = find(wide).filter((box) => !box.closest("details:not([open])"));
    const scrolls = boxes.map((box) => box.scrollWidth > box.clientWidth);
    const attributes = { tabindex: 0, role: "group", "aria-label": "Scrolls sideways" };
    for (const [number, box] of boxes.entries()) {
      for (const [name, value] of Object.entries(attributes)) {
        if (scrolls[number]) box.setAttribute(name, value);
        else box.removeAttribute(name);
      }
    }
  });

  function enlarge(event) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const shown = find("img", event.currentTarget).find((twin) => twin.offsetWidth);
    const dialog = document.createElement("dialog");
    const image = shown.cloneNode();
    image.loading = "eager";
    dialog.className = "enlarged";
    dialog.setAttribute("aria-label", "Figure, enlarged");
    dialog.innerHTML = '<form method="dialog"><button>Close</button></form>';
    dialog.append(image);
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  function page() {
    for (const figure of find("article a.figure")) figure.onclick = enlarge;
    observer.disconnect();
    observer.observe(document.querySelector("article"));
  }

  // With instant navigation, pages change without a reload.
  once();
  if (window.document$) window.document$.subscribe(page);
  else page();
})();

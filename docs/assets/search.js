// The search index is heavier than a page. So it is fetched only once the search field
// gets the focus, or if the address has words to mark (?h=). Runs before the theme.
(() => {
  const { open, send } = XMLHttpRequest.prototype;
  const asked = new WeakSet();

  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    if (String(url).endsWith("/search_index.json")) asked.add(this);
    open.call(this, method, url, ...rest);
  };

  XMLHttpRequest.prototype.send = function (body) {
    const now = () => send.call(this, body);
    const input = document.querySelector(".md-search__input");
    const marked = new URLSearchParams(location.search).has("h");
    if (!asked.has(this) || !input || marked) now();
    else input.addEventListener("focus", now, { once: true });
  };

  // The theme searches on a key event only. This makes it search after a paste by mouse
  // or menu, after dictation and after the field's own clear button, too.
  document.addEventListener("input", ({ target }) => {
    if (target.matches(".md-search__input")) target.dispatchEvent(new Event("keyup"));
  });
})();

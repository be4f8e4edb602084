// The search index is heavier than a page: it is fetched when someone is about to search,
// or came by a link whose words are to be marked. Runs before the theme asks for it.
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

  // The theme answers to keys alone: to a paste with the mouse or by a menu, to
  // dictation and to the field's own clear button, too.
  document.addEventListener("input", ({ target }) => {
    if (target.matches(".md-search__input")) target.dispatchEvent(new Event("keyup"));
  });
})();

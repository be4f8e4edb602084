// Lets readers play a page's first figure: fetched once it is near the screen.
//
// <div class="play" data-play="lr-trench"> follows the figure. play/lr-trench.js draws
// it from the published data, in the picture's place, and its controls into the box.
(() => {
  const folder = new URL("play/", document.currentScript.src);
  let open = []; // figures on the page, to be closed when it is left

  function style() {
    if (document.querySelector("link[data-of=play]")) return undefined;
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("play.css", folder);
    link.dataset.of = "play";
    document.head.append(link);
    return new Promise((resolve, reject) => {
      link.onload = resolve;
      link.onerror = reject;
    });
  }

  async function fetched(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.json();
  }

  async function load(box) {
    const picture = box.previousElementSibling.querySelector(".figure");
    const stage = document.createElement("div");
    stage.className = "play-stage";
    try {
      const address = picture.querySelector("img").src.replace(/-light\.svg.*$/, ".json");
      const [{ play }, data] = await Promise.all([
        import(new URL(`${box.dataset.play}.js`, folder)),
        fetched(address),
        style(),
      ]);
      if (!box.isConnected) return;
      const { series } = data;
      const values = Object.fromEntries(Object.entries(series).map(([k, v]) => [k, v.values]));
      const height = picture.offsetHeight;
      stage.style.minHeight = `${height}px`; // what is below stays where it is
      box.before(stage);
      picture.classList.add("played");
      open.push(play(stage, box, values));
    } catch (error) {
      console.error(error);
      stage.remove();
      picture.classList.remove("played");
      box.textContent = "This figure can't be played in this browser: try a newer one, or load the page again.";
    }
  }

  function watch() {
    for (const close of open.splice(0)) close();
    const watcher = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        load(target);
      }
    }, { rootMargin: "300px" });
    for (const box of document.querySelectorAll("article .play")) watcher.observe(box);
  }

  // A link to a place on the same page keeps the run, and what the figure's fields hold,
  // which stands in the address: instant navigation would fetch the page anew.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const here = link?.hash && link.host === location.host && link.pathname === location.pathname;
    if (!here || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!place || !document.querySelector("article .play")) return;
    event.preventDefault();
    event.stopPropagation();
    link.search = location.search;
    history.pushState(null, "", link.href);
    place.closest("details")?.setAttribute("open", "");
    place.scrollIntoView();
    // The keyboard goes on from there.
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }, true);

  // With instant navigation, pages change without a reload.
  if (window.document$) window.document$.subscribe(watch);
  else document.addEventListener("DOMContentLoaded", watch);
})();

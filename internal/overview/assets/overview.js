// Keeps a page up to date that says everything without this. Parts with data-live are
// fetched again and replaced where they have changed; a log with data-events gets its
// lines as they are told.
"use strict";
(() => {
  let shown = "";
  let isFetching = false, isStale = false;

  // refresh replaces the parts that have changed, but none that somebody is in.
  async function refresh() {
    isStale = true;
    if (isFetching) return;
    isFetching = true;
    isStale = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      const text = await answer.text();
      if (!answer.ok || text === shown) return;
      shown = text;
      const fresh = new DOMParser().parseFromString(text, "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const other = fresh.getElementById(part.id);
        const isUsed = part.contains(document.activeElement) || part.contains(getSelection().anchorNode) && !getSelection().isCollapsed;
        if (other && !isUsed && other.outerHTML !== part.outerHTML) part.replaceWith(document.adoptNode(other));
      }
      for (const at of ["title", "[data-as-of]"]) {
        const from = fresh.querySelector(at), to = document.querySelector(at);
        if (from && to) to.textContent = from.textContent;
      }
    } catch {
      // The server restarts, or cannot be reached: the next look finds out.
    } finally {
      isFetching = false;
      if (isStale) setTimeout(refresh, 250);
    }
  }

  // follow adds the lines of a live log.
  function follow(log) {
    const state = document.getElementById("log-state");
    const source = new EventSource(log.dataset.events + "?behind=" + log.dataset.behind);
    source.addEventListener("open", () => { state.textContent = "Live: lines appear as they are told."; });
    source.addEventListener("error", () => { state.textContent = "The server cannot be reached; trying again."; });
    source.addEventListener("note", (event) => {
      const told = JSON.parse(event.data);
      const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
      const line = document.createElement("li"), at = document.createElement("time"), text = document.createElement("span");
      at.dateTime = told.iso;
      at.textContent = told.clock;
      text.textContent = told.text;
      line.append(at, " ");
      if (told.mark === "warning") {
        const word = document.createElement("strong");
        word.textContent = "Warning:";
        line.className = "warning";
        line.append(word, " ");
      }
      line.append(text);
      log.append(line);
      if (isAtEnd) log.scrollTop = log.scrollHeight;
      refresh();
    });
    source.addEventListener("end", () => {
      source.close();
      state.textContent = "The Job has ended.";
      refresh();
    });
  }

  const log = document.querySelector("[data-events]");
  if (log) follow(log);
  const every = 3000;
  setInterval(() => { if (document.visibilityState === "visible" && document.querySelector("[data-live]")) refresh(); }, every);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });
})();

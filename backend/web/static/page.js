// Keeps the log of frames fresh while the page is looked at. Without it everything else works.
"use strict";

const FRESH_MS = 3000;

async function freshen(log) {
  if (document.hidden) return;
  try {
    const answer = await fetch(log.dataset.fresh, { headers: { Accept: "text/html" } });
    // A login that is over leads to another page, whose text is no log.
    if (answer.ok && !answer.redirected) {
      // The server has escaped every frame; a content policy lets no script of a frame run.
      log.innerHTML = await answer.text();
    }
  } catch {
    // The next try may succeed; what is shown stays.
  }
}

for (const log of document.querySelectorAll("[data-fresh]")) {
  setInterval(freshen, FRESH_MS, log);
}

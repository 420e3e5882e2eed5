// Keeps the pages current: times in the reader's zone, updates that pause, and the login when a session has ended.
(() => {
  function localTimes(within) {
    for (const time of within.querySelectorAll("time[datetime]:not([data-local])")) {
      const moment = new Date(time.dateTime);
      time.title = time.textContent;
      time.textContent = moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      time.dataset.local = "true";
    }
  }

  // Updates wait while the reader has paused them, has chosen rows, or looks at another page; they end with data-live="ended".
  function paused(part) {
    const switched = document.querySelector("[data-pause]")?.checked || part.dataset.live === "ended";
    return switched || document.hidden || document.querySelector("[data-choice]:checked") !== null;
  }

  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.matches("[data-live]") && paused(event.target)) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-choose-all]")) return;
    document.querySelectorAll("[data-choice]").forEach((box) => (box.checked = event.target.checked));
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const answer = event.detail.ctx?.response?.raw;
    if (answer?.redirected && new URL(answer.url).pathname === "/login") {
      event.preventDefault();
      location.reload();
    }
  });
  document.addEventListener("htmx:after:swap", () => localTimes(document));
  localTimes(document);
})();

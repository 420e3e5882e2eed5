// The way from a file to a call list: sends a file, trains with the kinds that were chosen, and asks for the list.
(() => {
  const { send, tell } = window.ebb;
  const sentences = (error) => (error.problem?.errors?.length ? error.problem.errors.map((one) => one.detail).join(" ") : error.message);

  // Names of datasets have at most 100 characters, and none that is invisible.
  const nameOf = (file) => file.name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, " ").trim().slice(0, 100);

  async function upload(form, file, name) {
    const sending = form.querySelector("[data-sending]");
    tell(form, "");
    sending.hidden = false;
    sending.querySelector("[data-name]").textContent = file.name || name;
    form.setAttribute("aria-busy", "true");
    try {
      const address = `/v1/datasets?unlabelled=true&name=${encodeURIComponent(nameOf({ name: file.name || name }))}`;
      const dataset = await send("POST", address, file, { "Content-Type": "application/octet-stream" });
      location.assign(`/start/${dataset.id}`);
    } catch (error) {
      sending.hidden = true;
      tell(form, sentences(error));
    } finally {
      form.removeAttribute("aria-busy");
    }
  }

  function prepareDrop(form) {
    const input = form.querySelector("input[type=file]");
    input.addEventListener("change", () => input.files.length && upload(form, input.files[0]));
    form.querySelector("[data-demo]")?.addEventListener("click", async (event) => {
      const answer = await fetch(event.target.dataset.demo);
      upload(form, await answer.blob(), "demo-customers.csv");
    });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      form.addEventListener(kind, (event) => {
        event.preventDefault();
        form.classList.toggle("over", kind === "dragover");
      });
    }
    form.addEventListener("drop", (event) => {
      const files = event.dataTransfer.files;
      if (files.length === 1) upload(form, files[0]);
      else tell(form, "Drop one file at a time.");
    });
  }

  function columnsOf(form) {
    const columns = Object.create(null); // a column may be named __proto__
    for (const select of form.querySelectorAll("select[data-column]")) {
      if (select.value === "drop") columns[select.dataset.column] = { drop: true };
      else if (select.value !== select.dataset.found) columns[select.dataset.column] = { kind: select.value };
    }
    return columns;
  }

  async function train(form) {
    const body = { model: form.elements.model.value, dataset: form.dataset.train, promote: form.dataset.promote };
    const columns = columnsOf(form);
    if (Object.keys(columns).length) body.spec = { preset: "auto", columns };
    const button = form.querySelector("button");
    button.disabled = true;
    tell(form, "");
    try {
      const job = await send("POST", "/v1/jobs/training", JSON.stringify(body));
      location.assign(`/start/${body.dataset}/training/${job.id}`);
    } catch (error) {
      tell(form, sentences(error));
      form.querySelector(".error").scrollIntoView({ block: "center" });
    } finally {
      button.disabled = false;
    }
  }

  // A customer is worth the same number, or a column: only the field in use is shown and sent.
  function showWorth(form) {
    const byColumn = form.elements["call_list.value_column"].value !== "";
    for (const [place, used] of [["same", !byColumn], ["column", byColumn]]) {
      const field = form.querySelector(`[data-worth-${place}]`);
      field.hidden = !used;
      field.querySelectorAll("input").forEach((input) => (input.disabled = !used));
    }
  }

  function prepare() {
    document.querySelectorAll("form[data-automatic]").forEach((form) => {
      form.removeAttribute("data-automatic");
      form.requestSubmit();
    });
    document.querySelectorAll("form[data-worth]:not([data-ready])").forEach((form) => {
      form.setAttribute("data-ready", "");
      form.addEventListener("change", () => showWorth(form));
      showWorth(form);
    });
  }

  document.querySelectorAll("form[data-drop]").forEach(prepareDrop);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-train]")) return;
    event.preventDefault();
    train(event.target);
  });
  document.addEventListener("htmx:after:swap", prepare);
  prepare();
})();

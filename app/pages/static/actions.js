// Sends the actions of the pages to the API, so that a page's action is a request like any other.
//
//   <form data-action="POST /v1/jobs/…/cancel" data-confirm="Cancel this job?" data-after="/jobs/{id}">
//     fields become the members of the JSON body: numbers and check boxes by their types, empty ones left out,
//     data-json="true" for a field that holds JSON; a dot in a name is an object in the object; the checked boxes with
//     data-list are a list of their values
//     <p class="error" role="alert" hidden></p>
//
// data-header-if-match="…" sends a header; data-after is where to go then, with members of the answer in braces, and
// without it the page loads again. data-each="job" sends one request a checked box of that name, in place of {job}.
// data-show="key" shows that member of the answer in the form's <output>, and the page stays.
// The form gets the event "ebb:done" with the answer in `detail`; preventDefault keeps the page.
(() => {
  document.documentElement.classList.add("js");

  // The data-… attributes of a form: a field that is named "dataset" hides the form's own property.
  const { get } = Object.getOwnPropertyDescriptor(HTMLElement.prototype, "dataset");
  const dataOf = (form) => get.call(form);

  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  function valueOf(field) {
    if (field.type === "checkbox") return field.checked;
    if (field.value.trim() === "") return undefined;
    if (field.dataset.json) return JSON.parse(field.value);
    return field.type === "number" || field.dataset.number ? Number(field.value) : field.value;
  }

  function bodyOf(form) {
    const body = {};
    for (const field of form.elements) {
      if (!field.name || field.disabled || field.name === dataOf(form).each || (field.type === "radio" && !field.checked)) continue;
      const names = field.name.split(".");
      const last = names.pop();
      const place = () => names.reduce((inner, name) => (inner[name] ??= {}), body);
      const value = valueOf(field);
      if (field.dataset.list !== undefined) field.checked && (place()[last] ??= []).push(field.value);
      else if (value !== undefined) place()[last] = value;
    }
    return Object.keys(body).length ? JSON.stringify(body) : undefined;
  }

  // Sends one request, and returns its answer; throws an Error whose message is the problem's sentence.
  async function send(method, address, body, headers = {}) {
    const all = { Accept: "application/json", ...headers };
    if (typeof body === "string") all["Content-Type"] ??= "application/json";
    if (method === "POST") all["Idempotency-Key"] ??= random();
    let answer;
    try {
      answer = await fetch(address, { method, body, headers: all });
    } catch {
      throw new Error("The service does not answer. Check the connection, and try again.");
    }
    const json = (answer.headers.get("Content-Type") || "").includes("json");
    const told = json ? await answer.json() : null;
    if (answer.ok) return told;
    if (answer.status === 401) throw new Error("Your session has ended. Load the page again to log in.");
    const problem = new Error((told && told.detail) || `The service answered with status ${answer.status}.`);
    problem.problem = told;
    throw problem;
  }

  function headersOf(form) {
    const named = Object.entries(dataOf(form)).filter(([name]) => name.startsWith("header"));
    return Object.fromEntries(named.map(([name, value]) => [name.slice(6).replace(/\B[A-Z]/g, "-$&"), value]));
  }

  async function act(form) {
    const { action, each: name } = dataOf(form);
    const [method, address] = action.split(" ");
    if (!name) return send(method, address, bodyOf(form), headersOf(form));
    const chosen = [...document.querySelectorAll(`input[name="${name}"]:checked`)].map((box) => box.value);
    const refused = [];
    for (const id of chosen) {
      await send(method, address.replace(`{${name}}`, encodeURIComponent(id)), bodyOf(form)).catch((error) =>
        refused.push(`${id}: ${error.message}`));
    }
    if (refused.length) throw new Error(`${refused.length} of ${chosen.length} were refused. ${refused.join(" ")}`);
    return null;
  }

  function tell(form, text) {
    const place = form.querySelector(".error") || form.appendChild(Object.assign(document.createElement("p"), { className: "error" }));
    place.setAttribute("role", "alert");
    place.hidden = !text;
    place.textContent = text;
  }

  function show(form, text) {
    const output = form.querySelector("output");
    output.textContent = text;
    for (let part = output; part !== form; part = part.parentElement) part.hidden = false;
    form.querySelectorAll("input").forEach((field) => field.type !== "checkbox" && (field.value = ""));
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const { action, each, confirm: question, show: shown, after: next = "" } = dataOf(form);
    if (!action) return;
    event.preventDefault();
    const count = each ? document.querySelectorAll(`input[name="${each}"]:checked`).length : 1;
    if (!count) return tell(form, "Choose at least one.");
    if (question && !confirm(question.replace("{n}", count))) return;
    const buttons = form.querySelectorAll("button");
    tell(form, "");
    buttons.forEach((button) => (button.disabled = true));
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await act(form);
      if (!form.dispatchEvent(new CustomEvent("ebb:done", { detail: answer, cancelable: true, bubbles: true }))) return;
      if (shown) return show(form, answer[shown]);
      const after = next.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(answer?.[name] ?? ""));
      after ? location.assign(after) : location.reload();
    } catch (error) {
      tell(form, error.message);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
      form.removeAttribute("aria-busy");
    }
  });

  window.ebb = { send, tell };
})();

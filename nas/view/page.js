// Brings the page to life: controls, then the front, then the rest.
const controls = document.getElementById("controls");

function fillSelect(id) {
  const select = document.getElementById(id);
  if (id === "colour" || id === "size") select.append(element("option", { value: "", textContent: "none" }));
  for (const axis of run.axes) select.append(element("option", { value: axis.name, textContent: axis.quantity }));
  select.value = state[id];
  select.addEventListener("change", () => { state[id] = select.value; redraw(); });
}

function addLimit(axis) {
  const input = element("input", { type: "number", step: "any", value: state.limits[axis.name] ?? "" });
  input.addEventListener("input", () => {
    if (input.value === "") delete state.limits[axis.name];
    else state.limits[axis.name] = Number(input.value);
    redraw();
  });
  const unit = axis.unit ? ` (${axis.unit})` : "";
  const words = `${axis.quantity}${unit} at ${axis.isMore ? "least" : "most"}`;
  document.getElementById(axis.isPursued ? "limits" : "more-limits").append(element("label", {}, words, input));
}

function addChoice({ name, reason, place }) {
  const button = element("button", { type: "button", textContent: name });
  button.addEventListener("click", () => chooseCandidate(place, reason));
  document.getElementById("choices").append(button);
}

function chooseWithinLimits() {
  const first = pursued[0];
  const sign = first.isMore ? -1 : 1;
  const [best] = run.front.filter(fits).sort((a, b) => sign * (value(first.name, a) - value(first.name, b)));
  if (best === undefined) {
    say("No candidate of the front is within the limits");
    return;
  }
  const limits = Object.entries(state.limits).map(([name, limit]) => `${axes.get(name).quantity} at ${axes.get(name).isMore ? "least" : "most"} ${shown(name, limit)}`);
  chooseCandidate(best, `The best ${first.quantity} within the limits: ${limits.join(", ") || "none are set"}.`);
}

function toggle(box) {
  box.checked = state.shown.includes(box.value);
  box.addEventListener("change", () => {
    state.shown = state.shown.filter((each) => each !== box.value).concat(box.checked ? [box.value] : []);
    redraw();
  });
}

function showView(button) {
  state.view = button.dataset.view;
  Plotly.purge(chart);
  redraw();
  listen();
}

function listen() {
  chart.on("plotly_click", (event) => {
    const place = event.points[0].customdata;
    if (place !== undefined) chooseCandidate(place);
  });
}

function countFitting() {
  const count = ordered((candidate, place) => candidate.status === "complete" && fits(place)).length;
  const complete = ordered((candidate) => candidate.status === "complete").length;
  const text = Object.keys(state.limits).length ? `${count} of ${complete} complete candidates are within the limits.` : "";
  document.getElementById("fitting").textContent = text;
}

function redraw() {
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
  drawFront();
  countFitting();
  const isLimited = Object.keys(state.limits).length > 0;
  for (const [row, place] of tableRows) row.hidden = isLimited && !fits(place);
  drawParallel(document.getElementById("parallel"));
  keepState();
}

function drawRest() {
  drawHistory(document.getElementById("history"), document.getElementById("by").value);
  drawCurves(document.getElementById("curves"));
  drawParallel(document.getElementById("parallel"));
}

// A page that is served reloads when the run has something new; one from disk has no version.
function follow() {
  const { version } = document.documentElement.dataset;
  if (!version) return;
  setInterval(async () => {
    try {
      const answer = await fetch("version");
      if (answer.ok && (await answer.text()) !== version) location.reload();
    } catch { /* the server was ended */ }
  }, 5000);
}

let tableRows = [];

function start() {
  restoreState();
  controls.hidden = false;
  ["x", "y", "colour", "size"].forEach(fillSelect);
  run.axes.filter((axis) => axis.name !== trial).forEach(addLimit);
  run.choices.forEach(addChoice);
  document.getElementById("within").addEventListener("click", chooseWithinLimits);
  document.querySelectorAll("#controls [type=checkbox]").forEach(toggle);
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => showView(button));
  document.querySelector("[data-view=flat]").parentNode.hidden = run.axes.length < 3;
  document.addEventListener("click", ({ target }) => { if (target.matches(".copy")) copy(target); });
  drawFront();
  listen();
  showCandidate("");
  follow();
  setTimeout(finish, 30);
}

function finish() {
  tableRows = rowsOfRun();
  for (const [row, place] of tableRows) makeChoosable(row, place);
  for (const row of document.querySelectorAll("main > section > .scroll thead tr")) [...row.cells].forEach(makeSortable);
  document.getElementById("by").addEventListener("change", drawRest);
  showImportance(document.getElementById("importance"));
  redraw();
  drawRest();
  whenLookChanges(() => { redraw(); drawRest(); });
  document.documentElement.dataset.ready = "yes";
}

start();

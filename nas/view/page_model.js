// What the page shows: the run's data, and what the reader chose to see of it.
const run = JSON.parse(document.getElementById("data").textContent);
const axes = new Map(run.axes.map((axis) => [axis.name, axis]));
const pursued = run.axes.filter((axis) => axis.isPursued);
const trial = run.axes.at(-1).name;

const state = {
  y: pursued[0].name, x: pursued[1]?.name ?? trial, colour: pursued[2]?.name ?? "", size: pursued[3]?.name ?? "",
  view: "flat", shown: [], limits: {}, chosen: null,
};

// Reloading, or a link, keeps the choice; what it says may come from anyone.
function restoreState() {
  let kept;
  try { kept = JSON.parse(decodeURIComponent(location.hash.slice(1))); } catch { return; }
  if (typeof kept !== "object" || kept === null) return;
  for (const key of ["x", "y", "colour", "size"]) if (axes.has(kept[key])) state[key] = kept[key];
  for (const key of ["colour", "size"]) if (kept[key] === "") state[key] = "";
  if (kept.view === "deep") state.view = "deep";
  if (Array.isArray(kept.shown)) state.shown = kept.shown.filter((each) => typeof each === "string");
  for (const [name, limit] of Object.entries(kept.limits ?? {})) {
    if (axes.has(name) && Number.isFinite(limit)) state.limits[name] = limit;
  }
  if (run.candidates[kept.chosen]) state.chosen = kept.chosen;
}

function keepState() {
  try { history.replaceState(null, "", `#${encodeURIComponent(JSON.stringify(state))}`); } catch { /* a page in a frame */ }
}

function value(name, place) { return run.values[name]?.[place] ?? null; }

function interval(name, place) { return run.intervals[name]?.[place] ?? null; }

// Places of the candidates that pass, in order.
function ordered(test) {
  return [...run.candidates.keys()].filter((place) => test(run.candidates[place], place));
}

function fits(place) {
  return Object.entries(state.limits).every(([name, limit]) => {
    const found = value(name, place);
    return found !== null && (axes.get(name).isMore ? found >= limit : found <= limit);
  });
}

function shown(name, number) {
  if (number === null) return "unknown";
  const { unit } = axes.get(name);
  return `${digits.format(number)}${unit ? ` ${unit}` : ""}`;
}

function shownInterval(name, place) {
  const found = interval(name, place);
  return found ? `${digits.format(found[0])} – ${shown(name, found[1])}` : "";
}

function label(place) {
  const candidate = run.candidates[place];
  return candidate.preset ? `${candidate.preset} (preset)` : candidate.id;
}

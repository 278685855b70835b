// How the search went, and what matters in it.
function drawHistory(place, by) {
  if (!run.history) return;
  const { shares, hours } = run.history;
  let trained = 0;
  const trainings = run.candidates.map(({ curve }) => { trained += curve ? 1 : 0; return trained; });
  const across = { candidates: shares.map((_, index) => index + 1), trainings, hours };
  const titles = { candidates: "Candidates", trainings: "Trainings", hours: "Hours since the start" };
  const line = {
    type: "scatter", mode: "lines", x: across[by], y: shares, meta: "history",
    line: { shape: "hv", color: colour("link"), width: 2 }, hovertemplate: "%{y:.3f} after %{x}<extra></extra>",
  };
  plot(place, [line], { xaxis: themedAxis(titles[by]), yaxis: themedAxis("Hypervolume (share of the box)") });
}

// Many lines as one, with gaps.
function lines(places, xs, ys, look) {
  const made = { type: "scatter", mode: "lines", x: [], y: [], hoverinfo: "skip", ...look };
  for (const place of places) {
    made.x.push(...xs(place), null);
    made.y.push(...ys(place), null);
  }
  return made;
}

function drawCurves(place) {
  const known = ordered((candidate) => candidate.curve);
  const isOpen = (candidate) => candidate.status === "complete";
  const xs = (each) => run.candidates[each].curve.map((_, index) => index + 1);
  const ys = (each) => run.candidates[each].curve;
  const look = (name, shade, width, dash) => ({ name, line: { color: shade, width, dash }, meta: "curves", opacity: width > 1 ? 1 : 0.5 });
  const pick = (test) => known.filter((each) => test(run.candidates[each]));
  plot(place, [
    lines(pick((each) => isOpen(each) && !each.isFront), xs, ys, look("complete", colour("faint"), 1, "solid")),
    lines(pick((each) => !isOpen(each)), xs, ys, look("stopped or failed", colour("bad"), 1, "dot")),
    lines(pick((each) => each.isFront), xs, ys, look("on the front", colour("link"), 1.5, "solid")),
  ], { xaxis: themedAxis("Epoch", { dtick: 1 }), yaxis: themedAxis("Float validation accuracy (%)"), legend: lowLegend });
}

// Each axis from its least to its greatest value; pursued objectives, then further costs.
function drawParallel(place) {
  const complete = ordered((candidate) => candidate.status === "complete");
  const range = ({ name }) => {
    const known = complete.map((each) => value(name, each)).filter((each) => each !== null);
    return [Math.min(...known), Math.max(...known)];
  };
  const varied = run.axes.map((axis) => [axis, range(axis)]).filter(([{ name }, [low, high]]) => name !== trial && low < high);
  const fitting = varied.slice(0, isNarrow.matches ? 4 : 8);
  const shownAxes = fitting.map(([axis]) => axis);
  const ranges = fitting.map(([, ends]) => ends);
  const xs = () => shownAxes.map((_, index) => index);
  const ys = (each) => shownAxes.map(({ name }, index) => {
    const [low, high] = ranges[index];
    const at = value(name, each);
    return at === null ? null : (at - low) / (high - low);
  });
  const visible = complete.filter(fits);
  const look = (name, shade, width) => ({ name, meta: "parallel", line: { color: shade, width }, opacity: width > 1 ? 0.9 : 0.35 });
  const notes = shownAxes.flatMap(({ name }, index) => [[1.06, 1], [-0.06, 0]].map(([y, end]) => ({
    x: index, y, showarrow: false, text: bare(shown(name, ranges[index][end])), font: { size: 11 },
  })));
  const ticks = shownAxes.map(({ quantity }) => bare(quantity).replaceAll(" ", "<br>"));
  const traces = [
    lines(visible.filter((each) => !run.candidates[each].isFront), xs, ys, look("candidate", colour("faint"), 1)),
    lines(visible.filter((each) => run.candidates[each].isFront), xs, ys, look("on the front", colour("link"), 1.5)),
  ];
  if (state.chosen !== null) traces.push(lines([state.chosen], xs, ys, look("chosen", colour("preset"), 4)));
  plot(place, traces, {
    annotations: notes, yaxis: { visible: false, range: [-0.12, 1.12] },
    xaxis: themedAxis("", { tickvals: xs(), ticktext: ticks, tickangle: 0, range: [-0.3, shownAxes.length - 0.7] }),
    legend: lowLegend,
  });
}

// Hyperparameters that explain no more than chance does are only named.
function showImportance(place) {
  if (!run.importance.length) {
    place.textContent = "Ten complete candidates are needed to tell.";
    return;
  }
  const isChance = ({ shares }) => !shares.some((share) => share > 0);
  const telling = run.importance.filter((knob) => !isChance(knob));
  const idle = run.importance.filter(isChance).flatMap(({ name }) => [", ", element("bdi", { textContent: name })]).slice(1);
  const parts = telling.length ? [importanceTable(telling)] : [];
  if (idle.length) parts.push(element("p", { className: "note idle" }, "No more than chance: ", ...idle));
  place.replaceChildren(...parts);
}

function importanceTable(knobs) {
  const heads = ["Hyperparameter", ...pursued.map(({ quantity }) => quantity)];
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col", textContent: text })));
  const rows = knobs.map(({ name, shares }) => element("tr", {},
    element("th", { scope: "row" }, element("bdi", { textContent: name })), ...shares.map(shareCell)));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

function shareCell(share) {
  if (!share) return element("td", { className: "unknown", textContent: share === null ? "unknown" : "chance" });
  const bar = element("span", { className: "bar" });
  bar.style.width = `${(100 * share).toFixed(1)}%`;
  return element("td", { className: "bars" }, bar, `${Math.round(100 * share)} %`);
}

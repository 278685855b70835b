// The front, in two or three dimensions. Outlines are estimates, filled marks are measurements.
const chart = document.getElementById("chart");

function hoverText(place) {
  const candidate = run.candidates[place];
  const lines = [label(place)];
  if (candidate.status !== "complete") lines.push(candidate.status);
  for (const name of new Set([state.y, state.x, state.colour, state.size, ...pursued.map((axis) => axis.name)])) {
    if (!name) continue;
    const spread = shownInterval(name, place);
    lines.push(`${axes.get(name).quantity} ${shown(name, value(name, place))}${spread ? ` (${spread})` : ""}`);
  }
  lines.push(candidate.isMeasured ? "latency measured" : "latency estimated");
  if (candidate.isEnergyMeasured) lines.push("energy measured");
  if (candidate.chance !== undefined) lines.push(`on the true front: ${Math.round(100 * candidate.chance)} %`);
  return lines.map(bare).join("<br>");
}

const measurable = { latency_ms: "isMeasured", energy_mj: "isEnergyMeasured" };

// What can be measured of what the axes show; the latency where they show nothing such.
function questioned() {
  const names = [state.y, state.x].filter((name) => name in measurable);
  return names.length ? names : ["latency_ms"];
}

// A mark is filled where all of that was measured.
function isMeasured(place) { return questioned().every((name) => run.candidates[place][measurable[name]]); }

function symbol(place) { return isMeasured(place) ? "square" : "circle-open"; }

function isPlaced(place) {
  return [state.x, state.y].every((name) => value(name, place) !== null) && fits(place);
}

function bars(name, places) {
  const spans = places.map((place) => {
    const at = value(name, place);
    const [low, high] = interval(name, place) ?? [at, at];
    return [Math.max(high - at, 0), Math.max(at - low, 0)];
  });
  return {
    type: "data", symmetric: false, width: 0, thickness: 1, color: colour("faint"),
    array: spans.map(([up]) => up), arrayminus: spans.map(([, down]) => down),
  };
}

function trace(role, name, places, marker, hasIntervals = false) {
  const made = {
    type: "scatter", mode: "markers", name, meta: role, marker, customdata: places,
    x: places.map((place) => value(state.x, place)), y: places.map((place) => value(state.y, place)),
    text: places.map(hoverText), hoverinfo: "text",
  };
  if (hasIntervals) Object.assign(made, { error_x: bars(state.x, places), error_y: bars(state.y, places) });
  return made;
}

function scaled(name, places, smallest, largest) {
  const numbers = run.front.map((place) => value(name, place)).filter((each) => each !== null);
  const low = Math.min(...numbers);
  const range = Math.max(...numbers) - low || 1;
  return places.map((place) => smallest + (largest - smallest) * ((value(name, place) ?? low) - low) / range);
}

function frontTrace(name, places, hasScale) {
  const marker = { symbol: places.map(symbol), size: state.size ? scaled(state.size, places, 7, 20) : 11, line: { width: 2.5 } };
  if (state.colour) {
    const all = run.front.map((place) => value(state.colour, place)).filter((each) => each !== null);
    Object.assign(marker, {
      color: places.map((place) => value(state.colour, place)), cmin: Math.min(...all), cmax: Math.max(...all),
      colorscale: colourScale(), showscale: hasScale,
      colorbar: {
        title: { text: axes.get(state.colour).title }, orientation: "h", x: 0.5, y: 1.02, yanchor: "bottom",
        thickness: 10, outlinewidth: 0, len: isNarrow.matches ? 0.9 : 0.5,
      },
    });
  } else marker.color = colour("link");
  return trace("front", name, places, marker, true);
}

// The best of the visible candidates for each value to the right.
function staircase(places) {
  const sign = (name) => (axes.get(name).isMore ? -1 : 1);
  const [across, up] = [sign(state.x), sign(state.y)];
  const points = places.map((place) => [value(state.x, place), value(state.y, place)])
    .sort((a, b) => across * (a[0] - b[0]) || up * (a[1] - b[1]));
  const corners = [];
  for (const [x, y] of points) {
    if (corners.length && up * (y - corners.at(-1)[1]) >= 0) continue;
    if (corners.length) corners.push([x, corners.at(-1)[1]]);
    corners.push([x, y]);
  }
  return {
    type: "scatter", mode: "lines", meta: "staircase", hoverinfo: "skip",
    name: `best ${axes.get(state.y).quantity.toLowerCase()} at each ${axes.get(state.x).quantity.toLowerCase()}`,
    x: corners.map(([x]) => x), y: corners.map(([, y]) => y), line: { color: colour("link"), width: 2 },
  };
}

// What never trained knows no accuracy: it stands at the edge.
function unfinished(statuses, name, mark) {
  const places = ordered((candidate) => statuses.includes(candidate.status));
  const edge = (axis) => {
    const known = run.values[axis].filter((each) => each !== null);
    return axes.get(axis).isMore ? Math.min(...known) : Math.max(...known);
  };
  const made = trace("unfinished", name, places, { symbol: mark, size: 7, color: colour("bad"), opacity: 0.8 });
  made.x = made.x.map((each) => each ?? edge(state.x));
  made.y = made.y.map((each) => each ?? edge(state.y));
  return made;
}

function frontTraces() {
  const complete = ordered((candidate, place) => candidate.status === "complete" && isPlaced(place));
  const front = complete.filter((place) => run.candidates[place].isFront);
  const others = complete.filter((place) => !run.candidates[place].isFront);
  const presets = complete.filter((place) => run.candidates[place].preset);
  const what = questioned().map((name) => name.split("_")[0]).join(" and ");
  const groups = [
    [`on the front, ${what} estimated`, front.filter((place) => !isMeasured(place))],
    [`on the front, ${what} measured`, front.filter(isMeasured)],
  ].filter(([, places]) => places.length);
  const faint = { symbol: others.map(symbol), size: 6, color: colour("faint"), opacity: 0.7 };
  const traces = [
    trace("candidates", "candidate", others, faint, state.shown.includes("intervals")),
    ...groups.map(([name, places], index) => frontTrace(name, places, index === 0)),
    trace("presets", "hand-made preset", presets, { symbol: "diamond-open", size: 17, color: colour("preset"), line: { width: 2 } }),
  ];
  if (state.x !== trial && state.x !== state.y) traces.splice(1, 0, staircase(complete));
  if (state.shown.includes("infeasible")) traces.push(unfinished(["infeasible", "failed"], "infeasible or failed", "x-thin-open"));
  if (state.shown.includes("stopped")) traces.push(unfinished(["stopped"], "stopped early", "triangle-down-open"));
  if (state.chosen !== null && isPlaced(state.chosen)) {
    traces.push(trace("chosen", "chosen", [state.chosen], { symbol: "circle-open", size: 26, color: colour("ink"), line: { width: 2 } }));
  }
  return traces;
}

function deepTraces() {
  const depth = state.colour || pursued[2]?.name || trial;
  return frontTraces().filter((each) => each.meta !== "staircase").map((each) => {
    const size = Array.isArray(each.marker.size) ? each.marker.size.map((one) => 0.6 * one) : 0.6 * each.marker.size;
    // Space knows few marks, and bars in three directions hide the points.
    const marks = { "triangle-down-open": "diamond-open", "x-thin-open": "x" };
    const mark = marks[each.marker.symbol] ?? each.marker.symbol;
    const { error_x: _x, error_y: _y, ...rest } = each;
    return {
      ...rest, type: "scatter3d", z: each.y, y: each.customdata.map((place) => value(depth, place)),
      marker: { ...each.marker, size, symbol: mark },
    };
  });
}

function kind(name) { return axes.get(name).isLogarithmic ? "log" : "linear"; }

function drawFront() {
  const [x, y] = [axes.get(state.x), axes.get(state.y)];
  if (state.view === "flat") {
    const scale = { xaxis: themedAxis(x.title, { type: kind(x.name) }), yaxis: themedAxis(y.title, { type: kind(y.name) }) };
    plot(chart, frontTraces(), { ...scale, margin: { l: 50, r: 15, t: 70, b: 50 } });
    return;
  }
  const depth = axes.get(state.colour || pursued[2]?.name || trial);
  const title = (axis) => `${axis.quantity}${axis.unit ? ` (${axis.unit})` : ""}`;
  const scene = {
    xaxis: themedAxis(title(x), { type: kind(x.name) }), yaxis: themedAxis(title(depth), { type: kind(depth.name) }),
    zaxis: themedAxis(title(y), { type: kind(y.name) }), aspectmode: "cube",
    camera: { eye: { x: 1.75, y: 1.75, z: 0.7 }, center: { x: 0, y: 0, z: -0.12 } },
  };
  plot(chart, deepTraces(), { scene, dragmode: "orbit", margin: { l: 0, r: 0, t: 60, b: 0 } }, ["toImage", "resetCameraDefault3d"]);
}

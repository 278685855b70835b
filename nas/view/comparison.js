// Several runs beside each other.
const { axes: titles, runs, attainment } = JSON.parse(document.getElementById("data").textContent);
// Okabe and Ito's colours, which stay apart in every colour blindness; marks and dashes help.
const shades = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
const marks = ["circle", "square", "diamond", "triangle-up", "x", "star"];
const dashes = ["solid", "longdash", "dot"];

function look(index) {
  return { color: shades[index % shades.length], width: 2, dash: dashes[Math.floor(index / shades.length) % dashes.length] };
}

// The end of a directory's name tells more than its beginning.
function runName(index) { return `${index + 1}: ${bare(runs[index].name.slice(-40))}`; }

function percent(share) { return `${(100 * share).toFixed(1)} %`; }

function showRuns() {
  const heads = ["", "Run", "Space", "Sampler", "Seed", "Device", "Candidates", "Front", "Hypervolume", "On the joint front", "Adds"];
  const rows = runs.map((run, index) => [
    index + 1, run.name, run.space, run.sampler, run.seed, run.device, run.shares.length, run.front,
    percent(run.share), `${run.joint} of ${run.jointSize}`, percent(run.adds),
  ]);
  document.getElementById("runs").replaceChildren(table(heads, rows));
}

function drawFronts() {
  const traces = runs.flatMap((run, index) => {
    const group = { legendgroup: String(index), meta: "run" };
    const [x, y, names] = [0, 1, 2].map((part) => run.points.map((point) => point[part]));
    return [
      { ...group, type: "scatter", mode: "lines", x: run.stairs.map(([at]) => at), y: run.stairs.map(([, at]) => at), line: look(index), hoverinfo: "skip", showlegend: false },
      {
        ...group, type: "scatter", mode: "markers", name: runName(index), x, y, text: names.map(bare),
        marker: { color: look(index).color, symbol: marks[index % marks.length], size: 9 }, hovertemplate: "%{text}: %{x}, %{y}<extra></extra>",
      },
    ];
  });
  const medians = attainment.map(({ runs: places, stairs }) => ({
    type: "scatter", mode: "lines", meta: "attainment", hoverinfo: "skip",
    name: `half of runs ${places.map((place) => place + 1).join(", ")}`,
    x: stairs.map(([at]) => at), y: stairs.map(([, at]) => at), line: { color: colour("ink"), width: 3, dash: "dash" },
  }));
  plot(document.getElementById("chart"), [...traces, ...medians], { xaxis: themedAxis(titles[0]), yaxis: themedAxis(titles[1]) });
}

function drawHistory() {
  const hours = document.getElementById("by").value === "hours";
  const traces = runs.map((run, index) => ({
    type: "scatter", mode: "lines", name: runName(index), meta: "history", y: run.shares,
    x: hours ? run.hours : run.shares.map((_, place) => place + 1), line: { ...look(index), shape: "hv" },
  }));
  const x = hours ? "Hours since each start" : "Candidates";
  plot(document.getElementById("history"), traces, { xaxis: themedAxis(x), yaxis: themedAxis("Hypervolume (share of the box)"), legend: lowLegend });
}

function draw() {
  drawFronts();
  drawHistory();
}

showRuns();
draw();
document.getElementById("by").addEventListener("change", drawHistory);
whenLookChanges(draw);
document.documentElement.dataset.ready = "yes";

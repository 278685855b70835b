"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const chart = document.getElementById("chart");
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const isNarrow = matchMedia("(max-width: 600px)");
  // Viridis without the end that vanishes on the page's ground.
  const scales = {
    light: [[0, "#440154"], [0.33, "#3b528b"], [0.66, "#21918c"], [1, "#7ab52b"]],
    dark: [[0, "#9a8cf0"], [0.33, "#4fa3c7"], [0.66, "#3fc89a"], [1, "#fde725"]],
  };
  const buttons = {
    flat: ["toImage", "zoom2d", "pan2d", "resetScale2d"],
    deep: ["toImage", "resetCameraDefault3d"],
  };
  let view = "flat";

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  function themedTrace(trace) {
    const themed = structuredClone(trace);
    if (trace.meta === "staircase") themed.line = { color: colour("link"), width: 2 };
    if (trace.meta === "candidates") Object.assign(themed.marker, { color: colour("faint"), opacity: 0.7 });
    if (trace.meta === "presets") Object.assign(themed.marker, { color: colour("preset"), line: { width: 2 } });
    if (trace.meta === "front") themeFront(themed);
    if (trace.type === "scatter3d") themed.marker.size = themed.marker.size * 0.6;
    return themed;
  }

  function themeFront(trace) {
    const bars = { color: colour("faint"), thickness: 1 };
    if (trace.error_x) Object.assign(trace.error_x, bars);
    if (trace.error_y) Object.assign(trace.error_y, bars);
    if (!trace.marker.color) {
      trace.marker.color = colour("link");
      return;
    }
    trace.marker.colorscale = scales[isDark.matches ? "dark" : "light"];
    Object.assign(trace.marker.colorbar, {
      orientation: "h", x: 0.5, y: 1.02, yanchor: "bottom", thickness: 10, outlinewidth: 0,
      len: isNarrow.matches ? 0.9 : 0.5,
    });
  }

  function themedAxis(axis) {
    const title = { text: axis.title.text, font: { size: view === "deep" ? 11 : 13 } };
    return Object.assign({}, axis, {
      title,
      gridcolor: colour("edge"), linecolor: colour("edge"), zeroline: false, automargin: true,
    });
  }

  function themedLayout(layout) {
    const themed = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour("ink"), family: "system-ui, sans-serif", size: isNarrow.matches ? 11 : 13 },
      margin: { l: 50, r: 15, t: 70, b: 50 }, hovermode: "closest", dragmode: "pan",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("quiet"), activecolor: colour("link") },
      hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("edge"), align: "left", font: { color: colour("ink") } },
      legend: { orientation: "h", y: -0.16, yanchor: "top", x: 0 },
    };
    if (layout.scene) {
      const axes = Object.entries(layout.scene).map(([name, axis]) => [name, themedAxis(axis)]);
      themed.scene = Object.fromEntries(axes);
      themed.scene.aspectmode = "cube";
      themed.scene.camera = { eye: { x: 1.75, y: 1.75, z: 0.7 }, center: { x: 0, y: 0, z: -0.12 } };
      themed.dragmode = "orbit";
    } else {
      themed.xaxis = themedAxis(layout.xaxis);
      themed.yaxis = themedAxis(layout.yaxis);
    }
    return themed;
  }

  function draw() {
    const figure = figures[view];
    const options = { responsive: true, displaylogo: false, scrollZoom: false, modeBarButtons: [buttons[view]] };
    Plotly.react(chart, figure.data.map(themedTrace), themedLayout(figure.layout), options);
  }

  function openRow(index) {
    const row = document.getElementById(`candidates-${index}`);
    row.tabIndex = -1;
    row.scrollIntoView({ block: "center" });
    row.focus();
  }

  function compare(first, second) {
    const numbers = [Number(first), Number(second)];
    return numbers.some(Number.isNaN) ? first.localeCompare(second) : numbers[0] - numbers[1];
  }

  function sortBy(head, column) {
    const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    const sign = direction === "ascending" ? 1 : -1;
    const body = head.closest("table").tBodies[0];
    const rows = [...body.rows].map((row) => [row.cells[column].dataset.order, row]);
    rows.sort(([a], [b]) => (a === "") - (b === "") || sign * compare(a, b));
    body.append(...rows.map(([, row]) => row));
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
  }

  function makeSortable(head, column) {
    const { rows } = head.closest("table").tBodies[0];
    if (![...rows].some((row) => row.cells[column].dataset.order)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(head, column));
    head.append(button);
  }

  function say(words) {
    const place = document.getElementById("said");
    place.textContent = words;
    setTimeout(() => { place.textContent = ""; }, 2500);
  }

  async function copy(button) {
    const code = button.nextElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      say("Copied");
    } catch {
      getSelection().selectAllChildren(code);
      say("Selected; press Ctrl+C or ⌘C");
    }
  }

  function choose(button) {
    view = button.dataset.view;
    for (const each of button.parentNode.children) each.setAttribute("aria-pressed", String(each === button));
    Plotly.purge(chart);
    start();
  }

  function start() {
    draw();
    chart.on("plotly_click", (event) => {
      const index = event.points[0].customdata;
      if (index !== undefined) openRow(index);
    });
  }

  for (const row of document.querySelectorAll("thead tr")) [...row.cells].forEach(makeSortable);
  for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", () => copy(button));
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => choose(button));
  if (figures.deep) document.querySelector(".views").hidden = false;
  for (const media of [isDark, isNarrow]) media.addEventListener("change", draw);
  start();
})();

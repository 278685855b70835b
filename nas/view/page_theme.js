// How charts look: the page's colours, light or dark.
const isDark = matchMedia("(prefers-color-scheme: dark)");
const isNarrow = matchMedia("(max-width: 600px)");
const paperWidth = 650;
let isPrinting = false;

// Draws again when the screen changes, and for paper, which is light and narrow whatever the screen.
function whenLookChanges(draw) {
  for (const media of [isDark, isNarrow]) media.addEventListener("change", draw);
  for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      isPrinting = printing;
      document.documentElement.toggleAttribute("data-printing", printing);
      draw();
      if (!printing) document.querySelectorAll(".js-plotly-plot").forEach((each) => Plotly.Plots.resize(each));
    });
  }
}

// Viridis without the end that vanishes on the page's ground.
const scales = {
  light: [[0, "#440154"], [0.33, "#3b528b"], [0.66, "#21918c"], [1, "#7ab52b"]],
  dark: [[0, "#9a8cf0"], [0.33, "#4fa3c7"], [0.66, "#3fc89a"], [1, "#fde725"]],
};

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function colourScale() { return scales[isDark.matches && !isPrinting ? "dark" : "light"]; }

function themedAxis(title, further = {}) {
  return {
    title: { text: title, font: { size: isNarrow.matches ? 11 : 13 } },
    gridcolor: colour("edge"), linecolor: colour("edge"), zeroline: false, automargin: true, ...further,
  };
}

function themedLayout(further) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("ink"), family: "system-ui, sans-serif", size: isNarrow.matches ? 11 : 13 },
    margin: { l: 50, r: 15, t: 32, b: 50 }, hovermode: "closest", dragmode: "pan",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("quiet"), activecolor: colour("link") },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("edge"), align: "left", font: { color: colour("ink") } },
    legend: { orientation: "h", y: -0.18, yanchor: "top", x: 0 },
    ...(isPrinting ? { width: paperWidth } : {}), ...further,
  };
}

// Low charts have their legend further down, in shares of their height.
const lowLegend = { orientation: "h", y: -0.3, yanchor: "top", x: 0 };

function plot(place, traces, layout, buttons = ["toImage", "zoom2d", "pan2d", "resetScale2d"]) {
  const options = { responsive: true, displaylogo: false, scrollZoom: false, modeBarButtons: [buttons] };
  return Plotly.react(place, traces, themedLayout(layout), options);
}

// Plotly reads tags and entities in texts.
function bare(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

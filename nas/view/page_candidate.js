// Everything known about the chosen candidate.
const panel = document.getElementById("candidate");

function factRows(place) {
  return run.axes.filter(({ name }) => value(name, place) !== null && name !== trial).map(({ name, quantity }) => {
    const cells = [element("b", { textContent: shown(name, value(name, place)) })];
    const spread = shownInterval(name, place);
    if (spread) cells.push(" ", element("small", { textContent: spread }));
    if (name === "latency_ms") cells.push(" ", sourceMark(run.candidates[place].isMeasured));
    if (name === "energy_mj") cells.push(" ", sourceMark(run.candidates[place].isEnergyMeasured));
    return element("tr", {}, element("th", { scope: "row", textContent: quantity }), element("td", {}, ...cells));
  });
}

function sourceMark(isMeasured) {
  return element("span", { className: `source ${isMeasured ? "device" : "estimate"}`, textContent: isMeasured ? "device" : "estimate" });
}

function chanceLine(candidate) {
  if (candidate.chance === undefined) return [];
  const place = candidate.isFront ? "It is on the front; " : "";
  const text = `${place}given all intervals, its chance to be on the true one is ${Math.round(100 * candidate.chance)} %.`;
  return [element("p", { textContent: text })];
}

function exportLine(candidate) {
  if (!candidate.command) return [];
  const code = element("code", { textContent: candidate.command });
  const button = element("button", { type: "button", className: "copy", textContent: "Copy" });
  return [element("p", { className: "command" }, button, code)];
}

function insteadLine(place) {
  const found = Object.entries(run.instead[place] ?? {});
  if (!found.length) return [];
  const buttons = found.map(([name, other]) => {
    const text = `${axes.get(name).quantity}: ${shown(name, value(name, other))}`;
    const button = element("button", { type: "button", textContent: text });
    const reason = `As accurate as ${label(place)} within its interval, with the least ${axes.get(name).quantity.toLowerCase()} of those.`;
    button.addEventListener("click", () => chooseCandidate(other, reason));
    return button;
  });
  return [element("p", {}, "As accurate within its interval, but less "), element("p", { className: "views" }, ...buttons)];
}

function timeParts(anatomy) {
  const causes = Object.entries(anatomy.causes).filter(([, ms]) => ms > 0).sort((a, b) => b[1] - a[1]);
  const whole = causes.reduce((sum, [, ms]) => sum + ms, 0);
  const rows = causes.map(([name, ms]) => {
    const bar = element("span", { className: "bar" });
    bar.style.width = `${(100 * ms / whole).toFixed(1)}%`;
    return element("tr", {}, element("th", { scope: "row", textContent: name }),
      element("td", { textContent: `${digits.format(ms)} ms` }), element("td", { className: "bars" }, bar));
  });
  const title = `Where the time goes (estimate, ${digits.format(whole)} ms in all)`;
  return causes.length ? [element("h4", { textContent: title }), element("table", {}, ...rows)] : [];
}

function anatomyParts(anatomy) {
  if (!anatomy) return [];
  const rows = anatomy.operators.map(([type, target, reason, macs, bytes, onChip, ms], index) => [
    index, type, target === "cpu" ? "CPU" : "TPU", digits.format(macs), bytes ? `${digits.format(bytes / 1024)} KiB` : "",
    onChip === null ? "" : onChip ? "on chip" : "streamed", ms === null ? "unknown" : `${digits.format(ms)} ms`, reason,
  ]);
  const heads = ["", "Operator", "Runs on", "MACs", "Parameters", "Kept", "Time", "Compiler"];
  const onCpu = anatomy.operators.filter(([, target]) => target === "cpu").length;
  const edits = anatomy.edits.map(([words, gain]) => `${words} (saves at most ${digits.format(gain)} ms)`);
  return [
    ...timeParts(anatomy),
    ...(edits.length ? [element("h4", { textContent: "Changes that would pay (estimate)" }), list(edits)] : []),
    folded(`${rows.length} operators, ${onCpu || "none"} on the CPU`, table(heads, rows)),
  ];
}

function changed({ lost, gained }) { return `${lost} lost, ${gained} gained`; }

function wideFirst(made) {
  made.classList.add("wide-first");
  return made;
}

// What nas.export found out when it trained this network to its end.
function lossParts(loss) {
  if (!loss) return [];
  const { whole, applied } = loss;
  const remedy = applied === null ? "no remedy gained more than chance explains" : `shipped with: ${applied}`;
  const said = `Float ${digits.format(whole.before)} %, int8 ${digits.format(whole.after)} % of ${whole.examples} validation examples: ${changed(whole)}; ${remedy}.`;
  const decibels = (ratio) => (ratio === null ? "no noise" : ratio.toFixed(1));
  const worstFirst = [...loss.layers].sort(([, , , first], [, , , second]) => second - first);
  const layers = worstFirst.map(([layer, operator, ratio, share, alone]) => [
    layer, operator, decibels(ratio), `${(100 * share).toFixed(1)} %`, alone === null ? "not tried" : changed(alone),
  ]);
  const remedies = loss.remedies.map(([name, change]) => [name, `${digits.format(change.after)} %`, changed(change)]);
  return [
    element("h4", { textContent: "What int8 cost it when it was exported" }), element("p", { textContent: said }),
    ...(layers.length ? [folded("By layer", wideFirst(table(["Layer", "Operator", "Signal to noise (dB)", "Share of the noise", "Costs alone"], layers)))] : []),
    ...(remedies.length ? [folded("Remedies tried", table(["Remedy", "int8", "Against the plain file"], remedies))] : []),
  ];
}

function showCandidate(reason) {
  const place = state.chosen;
  if (place === null) return;
  const candidate = run.candidates[place];
  const trades = run.trades[place] ?? [];
  const status = candidate.status === "complete" ? [] : [element("p", { textContent: `${candidate.status}: ${candidate.reason ?? "no reason recorded"}` })];
  panel.replaceChildren(
    element("h3", {}, element("bdi", { textContent: label(place) })),
    ...status,
    ...(reason ? [element("p", { className: "reason", textContent: reason })] : []),
    ...(trades.length ? [list(trades)] : []),
    ...chanceLine(candidate), ...exportLine(candidate), ...insteadLine(place),
    folded("All numbers", element("table", {}, ...factRows(place))),
    folded(`${candidate.settings.length} hyperparameters`, table(["Name", "Value"], candidate.settings)),
    ...anatomyParts(run.anatomies[place]), ...lossParts(run.losses[place]),
  );
}

function chooseCandidate(place, reason = "") {
  state.chosen = place;
  showCandidate(reason);
  drawFront();
  drawParallel(document.getElementById("parallel"));
  keepState();
}

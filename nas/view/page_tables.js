// Tables that sort, rows that choose, commands that copy.
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
  const button = element("button", { type: "button" }, ...head.childNodes);
  button.addEventListener("click", () => sortBy(head, column));
  head.append(button);
}

function rowsOfRun() {
  const places = (row) => {
    const [name, index] = row.id.split("-");
    return name === "front" ? run.front[index] : Number(index);
  };
  return [...document.querySelectorAll("tbody tr[id]")].map((row) => [row, places(row)]);
}

function makeChoosable(row, place) {
  const code = row.cells[0].querySelector("code");
  const button = element("button", { type: "button", className: "link", title: "Show its details" });
  code.replaceWith(button);
  button.append(code);
  button.addEventListener("click", () => {
    chooseCandidate(place);
    panel.focus();
    panel.scrollIntoView({ block: "nearest" });
  });
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

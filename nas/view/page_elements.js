// Parts of a page, made of texts that are never markup.
const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function list(items) {
  return element("ul", {}, ...items.map((text) => element("li", { textContent: text })));
}

function folded(title, ...content) {
  return element("details", {}, element("summary", { textContent: title }), ...content);
}

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col", textContent: text })));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", { textContent: cell }))));
  return element("div", { className: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

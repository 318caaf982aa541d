// SPDX-License-Identifier: BSD-3-Clause
// Run the search of a built site without a browser: node _search.js SITE QUERY...
// Prints a JSON object: for each query the pages that are found, best first.
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [site, ...queries] = process.argv.slice(2);
const element = {
  style: {}, dataset: {}, classList: { add() {}, remove() {} },
  appendChild() {}, addEventListener() {},
};
const context = {
  window: { location: { search: "" }, addEventListener() {} },
  document: {
    readyState: "loading", body: element,
    documentElement: { dataset: { content_root: "./" } },
    addEventListener() {}, getElementById: () => element, querySelector: () => element,
    createElement: () => ({ ...element }),
  },
  localStorage: { setItem() {}, getItem: () => null },
  DOCUMENTATION_OPTIONS: { FILE_SUFFIX: ".html", LINK_SUFFIX: ".html" },
  URLSearchParams, setTimeout,
};
vm.createContext(context);

// Names at the top of a script become properties of the context, as those of `var` do.
const names = /^(const|class|let) (SearchResultKind|Search|Scorer|Stemmer|_\w+)\b/gm;
const asVariable = (_, kind, name) =>
  kind === "class" ? `var ${name} = class ${name}` : `var ${name}`;
const scripts = ["base-stemmer", "english-stemmer", "doctools", "sphinx_highlight",
  "language_data", "searchtools"].map((name) => path.join("_static", `${name}.js`));
for (const script of [...scripts, "searchindex.js"]) {
  const file = path.join(site, script);
  if (!fs.existsSync(file)) continue; // older versions of Sphinx have no file of stemmers
  vm.runInContext(fs.readFileSync(file, "utf8").replace(names, asVariable), context);
  context.Stemmer ??= context.window.Stemmer;
}
const hits = {};
for (const query of queries) {
  const results = context.Search._performSearch(...context.Search._parseQuery(query));
  hits[query] = results.reverse().map((result) => result[0]);
}
console.log(JSON.stringify(hits));

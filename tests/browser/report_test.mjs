// Property: the report works in a real browser. Of two campaigns, this machine with one processor
// allowed and with all, and of a campaign with a hostile name:
//
//   page           nothing is fetched, nothing is complained about, nothing is wider than the window
//                  from 390 px on, drawings and tables are what they should be, heads sort
//   accessibility  axe-core finds nothing, in light and dark, on a desk and on a phone
//
// report_test.mjs page|accessibility. Exit status 77: skipped. SKYSCALE_SCREENSHOTS=FOLDER keeps what
// was seen.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { Browser, findChromium } from "./browser.mjs";

const program = process.env.SKYSCALE;
const hostile = `a"<script>alert(1)<'&.db`;
const looks = [
  { name: "desk-light", width: 1280 }, { name: "desk-dark", width: 1280, scheme: "dark" },
  { name: "phone-light", width: 390, height: 844 },
  { name: "phone-dark", width: 390, height: 844, scheme: "dark" },
];

function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(77);
}

function run(folder, ...words) {
  const { status, stderr, error } = spawnSync(words[0], words.slice(1), { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, `${words.join(" ")}: ${error ?? stderr}`);
}

// The number of one processor that may be used.
function firstProcessor() {
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1];
}

// Small real campaigns and the pages of them.
function makePages(folder) {
  writeFileSync(join(folder, "sweep.yaml"), [
    "campaign: pages", "kernels:", "- {kernel: pix2sky, image: frame.fits, coords: pixels.txt}",
    "- {kernel: synthetic, tasks: 100, cost: 5, distribution: increasing}", "workers: [1, 2, 3]",
    "schedulers: [static, guided]", "counters: [cycles, page-faults]",
    "repeat: {warmup: 1, min: 6, max: 6}", ""].join("\n"));
  run(folder, program, "synth", "wfpc2", "-o", "frame.fits");
  run(folder, program, "synth", "positions", "--image", "frame.fits", "-n", "2000", "-o", "pixels.txt");
  run(folder, program, "sweep", "sweep.yaml", "-d", "all.db");
  run(folder, "taskset", "-c", firstProcessor(), program, "sweep", "sweep.yaml", "-d", "one.db");
  run(folder, "cp", "one.db", hostile);
  run(folder, program, "report", "all.db", "one.db", "-o", "two.html");
  run(folder, program, "report", hostile, "-o", "hostile.html");
  return ["two.html", "hostile.html"].map(name => join(folder, name));
}

// ---- what runs in the page ----

const inPage = {
  widest: () => document.scrollingElement.scrollWidth - document.documentElement.clientWidth,
  headings: () => [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => Number(h.tagName[1])),
  repeatedIds: () => {
    const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
    return ids.filter((id, i) => ids.indexOf(id) !== i);
  },
  imagesWithoutText: () => document.querySelectorAll("img:not([alt])").length +
    [...document.querySelectorAll("svg")].filter(svg => !svg.getAttribute("aria-label")).length,
  drawings: () => [...document.querySelectorAll(".drawing > svg")].map(svg => {
    const box = svg.getBoundingClientRect();
    return { width: box.width, height: box.height, marks: svg.querySelectorAll("path, use, polygon").length };
  }),
  // Places that a drawing refers to and that are not there.
  lostReferences: () => [...document.querySelectorAll("use")].map(use => use.getAttribute("xlink:href"))
    .filter(href => !document.getElementById(href.slice(1))).length,
  badTables: () => [...document.querySelectorAll("table")].filter(table =>
    !table.caption || !table.tHead || table.querySelector("th:not([scope])") ||
    [...table.tBodies[0].rows].some(row => row.cells[0].tagName !== "TH" ||
      row.cells.length !== table.tHead.rows[0].cells.length)).map(table => table.caption?.textContent),
  // Clicks a head twice; the column's numbers after each click.
  sort: () => {
    const table = document.querySelector("#speedups table");
    const head = [...table.tHead.rows[0].cells].find(cell => cell.textContent.startsWith("median time"));
    const numbers = () => [...table.tBodies[0].rows].map(row => Number(row.cells[head.cellIndex].dataset.value));
    const seen = [];
    for (let i = 0; i < 2; i++) {
      head.querySelector("button").click();
      seen.push({ order: head.getAttribute("aria-sort"), numbers: numbers() });
    }
    return seen;
  },
  colours: () => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor],
  navigation: () => getComputedStyle(document.querySelector("nav")).display,
};

const ask = (browser, name) => browser.evaluate(`(${inPage[name]})()`);

// ---- the checks ----

async function checkContent(browser, page) {
  const headings = await ask(browser, "headings");
  assert.equal(headings.filter(level => level === 1).length, 1);
  headings.reduce((above, level) => {
    assert.ok(level <= above + 1, `a heading of level ${level} under one of level ${above}`);
    return level;
  }, 0);
  assert.deepEqual(await ask(browser, "repeatedIds"), []);
  assert.equal(await ask(browser, "imagesWithoutText"), 0);
  assert.equal(await ask(browser, "lostReferences"), 0);
  assert.deepEqual(await ask(browser, "badTables"), []);
  if (page.endsWith("two.html") && spawnSync("gnuplot", ["--version"]).status === 0) {
    const drawings = await ask(browser, "drawings");
    assert.ok(drawings.length >= 2, "figures of campaigns are drawn");
    for (const { width, height, marks } of drawings) assert.ok(width > 300 && height > 150 && marks > 5);
  }
}

async function checkSorting(browser) {
  for (const { order, numbers } of await ask(browser, "sort")) {
    const sorted = [...numbers].sort((a, b) => (order === "ascending" ? a - b : b - a));
    assert.ok(numbers.length >= 6 && new Set(numbers).size > 1);
    assert.deepEqual(numbers, sorted, order);
  }
}

async function checkLooks(browser, page) {
  const colours = {}, shots = {};
  for (const look of looks) {
    await browser.look(look);
    assert.ok(await ask(browser, "widest") <= 0, `${page} scrolls sideways at ${look.width} px`);
    colours[look.name] = await ask(browser, "colours");
    shots[look.name] = await browser.screenshot();
    if (process.env.SKYSCALE_SCREENSHOTS)
      writeFileSync(join(process.env.SKYSCALE_SCREENSHOTS, `${look.name}.png`), shots[look.name]);
  }
  assert.notDeepEqual(colours["desk-light"], colours["desk-dark"]);
  assert.ok(!shots["desk-light"].equals(shots["desk-dark"]));
  await browser.look({ width: 720, media: "print" });
  assert.equal(await ask(browser, "navigation"), "none");
}

async function checkPage(browser, page) {
  const address = pathToFileURL(page).href;
  const trouble = [];
  browser.listen((method, params) => {
    const url = params.request?.url;
    if (method === "Network.requestWillBeSent" && url !== address && !url.startsWith("data:"))
      trouble.push(`fetched ${url}`);
    if (["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded",
      "Page.javascriptDialogOpening"].includes(method))
      trouble.push(`${method}: ${JSON.stringify(params)}`);
  });
  await browser.open(address);
  await checkContent(browser, page);
  await checkSorting(browser);
  await checkLooks(browser, page);
  assert.deepEqual(trouble, []);
}

async function checkAccessibility(browser, page, axe, some) {
  await browser.open(pathToFileURL(page).href);
  await browser.evaluate(axe);
  await browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })");
  // A drawing is one image to whoever does not see it; asking each of its strokes would take minutes.
  await browser.evaluate("document.querySelectorAll('.drawing svg').forEach(s => s.replaceChildren())");
  for (const look of some) {
    await browser.look(look);
    const found = await browser.evaluate(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations, passes }) =>
        ({ passes: passes.length, violations: violations.map(v =>
          [v.id, v.help, v.nodes.length, v.nodes[0].html.slice(0, 200)]) }))`);
    assert.ok(found.passes >= 10, "axe-core has looked");
    assert.deepEqual(found.violations, [], `${page}, ${look.name}`);
  }
}

const what = process.argv[2];
const chromium = findChromium();
const axePath = process.env.SKYSCALE_AXE ?? "";
if (!chromium) skip("no Chromium here (Debian: apt-get install chromium)");
if (what === "accessibility" && !existsSync(axePath))
  skip("axe-core is not here (./bootstrap test fetches it where npm is)");

const folder = mkdtempSync(join(tmpdir(), "skyscale-pages-"));
let browser;
try {
  const pages = makePages(folder);
  browser = await Browser.start(chromium);
  for (const [i, page] of pages.entries())
    if (what === "page") await checkPage(browser, page);
    else await checkAccessibility(browser, page, readFileSync(axePath, "utf8"), i > 0 ? looks.slice(0, 1) : looks);
} finally {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${what}: passed`);

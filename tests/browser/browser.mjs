// Drives a headless Chromium over its DevTools pipe: no port, no package, no network.
//
// Source  https://chromedevtools.github.io/devtools-protocol/ (messages are JSON, ended by a zero
//         byte, on file descriptors 3 and 4 with --remote-debugging-pipe).
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome"];
const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
  "--remote-debugging-pipe",
];

export function findChromium() {
  return names.find(name => spawnSync(name, ["--version"]).status === 0);
}

export class Browser {
  #child; #profile; #next = 1; #waiting = new Map(); #rest = ""; #session; #listeners = [];

  static async start(program) {
    const browser = new Browser();
    browser.#profile = mkdtempSync(join(tmpdir(), "skyscale-browser-"));
    browser.#child = spawn(program, [...flags, `--user-data-dir=${browser.#profile}`, "about:blank"],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    browser.#child.stdio[4].setEncoding("utf8");
    browser.#child.stdio[4].on("data", text => browser.#read(text));
    browser.#child.stdio[3].on("error", () => {}); // told by "exit"
    browser.#child.on("exit", () => browser.#fail(new Error("the browser has ended")));
    browser.#child.on("error", error => browser.#fail(error));
    const { targetInfos } = await browser.send("Target.getTargets");
    const page = targetInfos.find(target => target.type === "page");
    const { sessionId } = await browser.send("Target.attachToTarget",
      { targetId: page.targetId, flatten: true });
    browser.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await browser.send(`${domain}.enable`);
    return browser;
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #read(text) {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop();
    for (const message of messages.map(JSON.parse)) {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (waiting && message.error) waiting.reject(new Error(message.error.message));
      else if (waiting) waiting.resolve(message.result);
      else for (const listener of this.#listeners) listener(message.method, message.params);
    }
  }

  // Sends one command and gives its result.
  send(method, params = {}) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.#session }) + "\0");
    });
  }

  listen(listener) { this.#listeners.push(listener); }

  async open(address) {
    const loaded = new Promise(resolve =>
      this.listen(method => { if (method === "Page.loadEventFired") resolve(); }));
    await this.send("Page.navigate", { url: address });
    await loaded;
  }

  // The value of an expression in the page; promises are waited for.
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate",
      { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async look({ width, height = 900, scheme = "light", media = "" }) {
    await this.send("Emulation.setDeviceMetricsOverride",
      { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await this.send("Emulation.setEmulatedMedia",
      { media, features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  async screenshot() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data, "base64");
  }

  async close() {
    const ended = new Promise(resolve => this.#child.once("exit", resolve));
    this.send("Browser.close").catch(() => {});
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

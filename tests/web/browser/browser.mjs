// The browser of the tests: the headless Chromium that comes as an npm package,
// or the one that PYROCUMULUS_CHROMIUM names.
import packaged from "@sparticuz/chromium";
import { chromium } from "playwright-core";

/** launch starts it. There is no test without: a browser that does not start is a failure. */
export async function launch() {
  const executablePath = process.env.PYROCUMULUS_CHROMIUM ?? await packaged.executablePath();
  return chromium.launch({
    executablePath, headless: true,
    // As root and in containers there is no sandbox; what is loaded is our own.
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
  });
}

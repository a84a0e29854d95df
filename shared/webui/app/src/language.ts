// The browser's language, before anything formats by it. Chromium on a system
// without a language calls it "en-US@posix", which Intl refuses, and uPlot asks
// for it while it is loaded: the page would stay empty.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US" });
}

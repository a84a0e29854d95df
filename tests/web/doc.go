// Package web tests the page of shared/webui as people use it: a headless
// Chromium loads it from a real host with real profiles. It also builds the page
// from its sources and compares the result with what is committed. And it does what
// README.md tells a stranger to do, from a clean clone on.
//
// The tests need git, Node.js 20 and, at first, npm's registry, for the browser comes
// as an npm package; PYROCUMULUS_CHROMIUM names another one. Without a browser
// they fail. With -update they build what is committed anew and take the
// screenshots of the README.
package web

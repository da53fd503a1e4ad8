// Package labtest holds the tests of the whole: the installed kernel against jupyter_kernel_test, under load and under
// bad input, and JupyterLab in a real browser. They need Python, Chromium and Node.js beside Go; what is missing is
// named and its tests are skipped, but fail where the environment says CI=true.
//
// Screenshots are left in .artefacts at the top of the checkout.
package labtest

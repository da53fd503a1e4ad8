// Package gantest helps the tests of this module: the backend to test on, golden files, comparisons with stated
// tolerances, and gradients checked against differences.
package gantest

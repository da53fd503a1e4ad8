// Package eval measures how well scores tell abnormal examples from normal ones, and how far generated images are from
// real ones. It knows no model: it takes numbers.
//
// Everywhere a higher score means more anomalous, and an example is flagged when its score is at least the threshold.
package eval

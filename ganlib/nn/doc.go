// Package nn holds the layers that GAN papers use and that GoMLX lacks, or whose gradients it gets wrong.
//
// Images are [batch, height, width, channels]. All convolutions share one kernel layout W[n, kh, kw, c]:
// n is what a convolution puts out and a transposed convolution takes in, c the other way round, so that the
// same kernel serves both. Every function here can be differentiated any number of times and is exact on every
// backend; none uses GoMLX's own convolution gradients, which are wrong for even kernels.
//
// Functions that build graphs panic on wrong shapes, with the shapes in the text; executing turns it into an error.
package nn

// Package data turns files of images into batches of [-1, 1].
//
// Open recognises what a path holds (idx, CIFAR-10, SVHN, a folder or an archive of pictures) and returns a Source: a
// fixed, indexable set of uint8 images. Source.Stream shuffles and prefetches it for training. Faces needs no file
// at all. Download fetches the public sets, Verify checks their files.
//
// Images are channels last: [H, W, C], C = 1 or 3, row by row from the top.
package data

package data

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/vector"
)

// Set is a public data set: what it is, on which terms, and where its files are.
type Set struct {
	Name     string // as in Open
	Title    string
	Page     string // where people find it
	Terms    string // shown and asked once before the first download
	Citation string
	Files    []File
}

// File is one file of a set. A checksum that nobody published is empty.
type File struct {
	Name        string
	Bytes       int64 // 0: not known
	MD5, SHA256 string
	AlsoMD5     []string          // the same content packed otherwise, or unpacked
	Members     map[string]string // MD5 of what an archive holds: enough when the archive was packed again
	Mirrors     []string          // complete addresses, tried in order
	Optional    bool              // a part that is not downloaded
}

// Needed are the files that make the set; the others are optional.
func (s Set) Needed() (list []File) {
	for _, f := range s.Files {
		if !f.Optional {
			list = append(list, f)
		}
	}
	return list
}

// Sets lists the sets that Download knows.
func Sets() []Set { return slices.Clone(sets) }

// FindSet returns a set by name.
func FindSet(name string) (Set, error) {
	for _, s := range sets {
		if s.Name == name {
			return s, nil
		}
	}
	return Set{}, fmt.Errorf("data: unknown set %q: known are %s", name, strings.Join(setNames(), ", "))
}

func setNames() (list []string) {
	for _, s := range sets {
		list = append(list, s.Name)
	}
	return list
}

// DownloadDir is where a set is kept: a folder of its name in $GANBOOK_DATA, else in "data" of $GANBOOK_CACHE, else in
// "ganbook/data" of the user's cache directory.
func DownloadDir(set string) (string, error) {
	if dir := os.Getenv("GANBOOK_DATA"); dir != "" {
		return filepath.Join(dir, set), nil
	}
	base, err := cacheFolder()
	if err != nil {
		return "", fmt.Errorf("data: no folder for downloads: %w: set GANBOOK_DATA", err)
	}
	return filepath.Join(base, "data", set), nil
}

const cifarArchive = "cifar-10-binary.tar.gz"

var cifarMembers = map[string]string{
	"data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
	"data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
	"data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
	"data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
	"data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
	"test_batch.bin":   "803d5f7f4d78ea53de84dbe85f74fb6d",
}

var celebaZip = File{
	Name: "img_align_celeba.zip", Bytes: 1_443_490_838, MD5: "00d2c5bc6d35e252742224ab0c1e8fcb",
	Mirrors: []string{
		"https://drive.usercontent.google.com/download?id=0B7EVK8r0v71pZjFTYXZWM3FlRnM&export=download&confirm=t",
		"https://drive.google.com/uc?id=0B7EVK8r0v71pZjFTYXZWM3FlRnM&export=download&confirm=t",
	},
}

// at gives a file the addresses base + name.
func (f File) at(bases ...string) File {
	for _, base := range bases {
		f.Mirrors = append(f.Mirrors, base+f.Name)
	}
	return f
}

func mnistFile(f File) File {
	return f.at("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/", "http://yann.lecun.com/exdb/mnist/")
}

func fashionFile(f File) File {
	return f.at("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/")
}

func kmnistFile(f File) File {
	return f.at("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/")
}

func svhnFile(f File) File {
	return f.at("http://ufldl.stanford.edu/housenumbers/", "https://ufldl.stanford.edu/housenumbers/")
}

var sets = []Set{
	{
		Name: "celeba", Title: "CelebA, aligned and cropped: 202,599 faces of 178×218", Page: "http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
		Terms: "CelebA is for non-commercial research purposes only. The images show real people and are not the property of MMLAB, " +
			"The Chinese University of Hong Kong. You agree not to reproduce, sell, publish or distribute any portion of the images or of data " +
			"derived from them, except for copies used at a single site within the same organisation.",
		Citation: "Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild. ICCV 2015.",
		Files:    []File{celebaZip},
	},
	{
		Name: "mnist", Title: "MNIST: 70,000 handwritten digits of 28×28", Page: "http://yann.lecun.com/exdb/mnist/",
		Terms:    "The official page states no licence; mirrors commonly name CC BY-SA 3.0. Cite the authors.",
		Citation: "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition. Proc. IEEE 86(11), 1998.",
		Files: []File{
			mnistFile(File{Name: "train-images-idx3-ubyte.gz", Bytes: 9_912_422, MD5: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
				SHA256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", AlsoMD5: []string{"6bbc9ace898e44ae57da46a324031adb"}}),
			mnistFile(File{Name: "train-labels-idx1-ubyte.gz", Bytes: 28_881, MD5: "d53e105ee54ea40749a09fcbcd1e9432",
				SHA256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", AlsoMD5: []string{"a25bea736e30d166cdddb491f175f624"}}),
			mnistFile(File{Name: "t10k-images-idx3-ubyte.gz", Bytes: 1_648_877, MD5: "9fb629c4189551a2d022fa330f9573f3",
				SHA256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", AlsoMD5: []string{"2646ac647ad5339dbf082846283269ea"}}),
			mnistFile(File{Name: "t10k-labels-idx1-ubyte.gz", Bytes: 4_542, MD5: "ec29112dd5afa0611ce80d1b7f02629c",
				SHA256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", AlsoMD5: []string{"27ae3e4e09519cfbb04c329615203637"}}),
		},
	},
	{
		Name: "fashion-mnist", Title: "Fashion-MNIST: 70,000 articles of clothing of 28×28", Page: "https://github.com/zalandoresearch/fashion-mnist",
		Terms:    "MIT licence, copyright Zalando SE.",
		Citation: "Xiao, Rasul, Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms. arXiv:1708.07747, 2017.",
		Files: []File{ // AlsoMD5: packed again by Debian (dataset-fashion-mnist) without the gzip header's name and time; unpacked
			fashionFile(File{Name: "train-images-idx3-ubyte.gz", Bytes: 26_421_880, MD5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d", AlsoMD5: []string{"cf8536b0aa1a6ac5fa3f23001093305c", "f4a8712d7a061bf5bd6d2ca38dc4d50a"}}),
			fashionFile(File{Name: "train-labels-idx1-ubyte.gz", Bytes: 29_515, MD5: "25c81989df183df01b3e8a0aad5dffbe", AlsoMD5: []string{"10bea18fdb374794d4bb42e356e600c9", "9018921c3c673c538a1fc5bad174d6f9"}}),
			fashionFile(File{Name: "t10k-images-idx3-ubyte.gz", Bytes: 4_422_102, MD5: "bef4ecab320f06d8554ea6380940ec79", AlsoMD5: []string{"f78720b4224f21cce2f2ccf2d7a94c9a", "8181f5470baa50b63fa0f6fddb340f0a"}}),
			fashionFile(File{Name: "t10k-labels-idx1-ubyte.gz", Bytes: 5_148, MD5: "bb300cfdad3c16e7a12a480ee83cd310", AlsoMD5: []string{"0d30e22e447f3c33dab9ed536400ac01", "15d484375f8d13e6eb1aabb0c3f46965"}}),
		},
	},
	{
		Name: "kmnist", Title: "Kuzushiji-MNIST: 70,000 cursive Japanese characters of 28×28", Page: "http://codh.rois.ac.jp/kmnist/",
		Terms:    "CC BY-SA 4.0. Credit: \"KMNIST Dataset\" (created by CODH), adapted from \"Kuzushiji Dataset\" (created by NIJL and others), doi:10.20676/00000341.",
		Citation: "Clanuwat, Bober-Irizar, Kitamoto, Lamb, Yamamoto, Ha: Deep Learning for Classical Japanese Literature. arXiv:1812.01718, 2018.",
		Files: []File{
			kmnistFile(File{Name: "train-images-idx3-ubyte.gz", Bytes: 18_165_135, MD5: "bdb82020997e1d708af4cf47b453dcf7"}),
			kmnistFile(File{Name: "train-labels-idx1-ubyte.gz", Bytes: 29_497, MD5: "e144d726b3acfaa3e44228e80efcd344"}),
			kmnistFile(File{Name: "t10k-images-idx3-ubyte.gz", MD5: "5c965bf0a639b31b8f53240b1b52f4d7",
				SHA256: "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5", AlsoMD5: []string{"bf305b8cd328700fbc17f5acbc2856d2"}}),
			kmnistFile(File{Name: "t10k-labels-idx1-ubyte.gz", MD5: "7320c461ea6c1c855c0b718fb2a4b134",
				SHA256: "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c", AlsoMD5: []string{"9f55f451c0988b028eccdf7d5cc265ab"}}),
		},
	},
	{
		Name: "cifar10", Title: "CIFAR-10: 60,000 colour pictures of 10 classes, 32×32", Page: "https://www.cs.toronto.edu/~kriz/cifar.html",
		Terms:    "No licence is stated; the authors ask for a citation.",
		Citation: "Krizhevsky: Learning Multiple Layers of Features from Tiny Images. Technical report, University of Toronto, 2009.",
		Files: []File{{
			Name: cifarArchive, Bytes: 170_052_171, MD5: "c32a1d4ab5d03f1284b67883e8d87530", Members: cifarMembers,
			Mirrors: []string{
				"https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
				"https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
			},
		}},
	},
	{
		Name: "svhn", Title: "SVHN, cropped digits: 99,289 digits of house numbers in colour, 32×32", Page: "http://ufldl.stanford.edu/housenumbers/",
		Terms: "SVHN is for non-commercial use only.",
		Citation: "Netzer, Wang, Coates, Bissacco, Wu, Ng: Reading Digits in Natural Images with Unsupervised Feature Learning. " +
			"NIPS Workshop on Deep Learning and Unsupervised Feature Learning, 2011.",
		Files: []File{
			svhnFile(File{Name: svhnFiles["train"], Bytes: 182_040_794, MD5: "e26dedcc434d2e4c54c9b2d4a06d8373"}),
			svhnFile(File{Name: svhnFiles["test"], Bytes: 64_275_384, MD5: "eb5a983be6a315427106f1b164d9cef3"}),
			svhnFile(File{Name: svhnFiles["extra"], Bytes: 1_329_278_602, MD5: "a93ce644f1a588dc4d68dda5feec44a7", Optional: true}),
		},
	},
}

// digests of a file, in hexadecimal.
type digests struct{ md5, sha256 string }

func md5Of(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

func digestsOfFile(path string) (digests, error) {
	f, err := os.Open(path)
	if err != nil {
		return digests{}, err
	}
	defer f.Close()
	m, s := md5.New(), vector.SHA256()
	if _, err := io.Copy(io.MultiWriter(m, s), f); err != nil {
		return digests{}, fmt.Errorf("%s: %w", path, err)
	}
	return digests{hex.EncodeToString(m.Sum(nil)), hex.EncodeToString(s.Sum(nil))}, nil
}

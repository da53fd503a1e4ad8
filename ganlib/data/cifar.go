package data

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// CIFAR-10's binary version: records of 1 label byte, then 1024 red, 1024 green and 1024 blue ones.
const (
	cifarSide       = 32
	cifarPlane      = cifarSide * cifarSide
	cifarRecord     = 1 + 3*cifarPlane
	cifarClasses    = 10
	maxCIFARMember  = 1 << 30
	cifarOfficially = 10_000 // records of a batch file
)

// readCIFAR turns the records of one batch file into images [n, 32, 32, 3] and labels.
func readCIFAR(raw []byte) (pixels []byte, labels []uint8, err error) {
	if len(raw) == 0 || len(raw)%cifarRecord != 0 {
		return nil, nil, fmt.Errorf("%d bytes are no whole number of CIFAR-10 records of %d", len(raw), cifarRecord)
	}
	n := len(raw) / cifarRecord
	pixels, labels = make([]byte, 0, n*3*cifarPlane), make([]uint8, 0, n)
	for i := range n {
		record := raw[i*cifarRecord : (i+1)*cifarRecord]
		if record[0] >= cifarClasses {
			return nil, nil, fmt.Errorf("label %d in record %d, CIFAR-10 has 0 to 9 (CIFAR-100 has two label bytes and is not supported)", record[0], i)
		}
		labels = append(labels, record[0])
		red, green, blue := record[1:1+cifarPlane], record[1+cifarPlane:1+2*cifarPlane], record[1+2*cifarPlane:]
		for k := range cifarPlane {
			pixels = append(pixels, red[k], green[k], blue[k])
		}
	}
	return pixels, labels, nil
}

var cifarFiles = map[string][]string{
	"train": {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
	"test":  {"test_batch.bin"},
}

func cifarWanted(split string) []string {
	switch split {
	case "all":
		return slices.Concat(cifarFiles["train"], cifarFiles["test"])
	case "test":
		return cifarFiles["test"]
	}
	return cifarFiles["train"]
}

// cifarInput reads the batch files of a folder, or of a tar archive, packed or not.
func cifarInput(place string, members []string, o Options) (*input, error) {
	in := &input{kind: "cifar10", name: "cifar10"}
	wanted := cifarWanted(o.Split)
	files := []string{place}
	if members != nil {
		files = nil
		for _, name := range wanted {
			if slices.Contains(members, name) {
				files = append(files, filepath.Join(place, name))
			}
		}
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		in.files = append(in.files, stampOf(file, info))
	}
	in.write = func(ctx context.Context, w *preparedWriter) error {
		batches := map[string][]byte{}
		var err error
		if members == nil {
			batches, err = tarMembers(place, wanted)
		} else {
			for _, file := range files {
				if batches[filepath.Base(file)], err = os.ReadFile(file); err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
		return writeCIFAR(ctx, w, place, batches, wanted, o)
	}
	return in, nil
}

func writeCIFAR(ctx context.Context, w *preparedWriter, place string, batches map[string][]byte, wanted []string, o Options) error {
	w.Labelled, w.Note = true, noteOfSplit(o.Split)
	var from origin
	for _, name := range wanted {
		raw, ok := batches[name]
		if !ok {
			from.foreign = append(from.foreign, name+" is missing")
			continue
		}
		pixels, labels, err := readCIFAR(raw)
		if err != nil {
			return fmt.Errorf("%s: %s: %w: get it again", place, name, explain(raw, err))
		}
		is := published{}
		if cifarMembers[name] == md5Of(raw) {
			is = published{"cifar10", name}
		}
		from.add(name, is)
		if err := w.addAll(ctx, pixels, cifarSide, cifarSide, 3, labels, o); err != nil {
			return fmt.Errorf("%s: %s: %w", place, name, err)
		}
		delete(batches, name)
	}
	if w.Images == 0 {
		return absentf("%s: holds none of %s: is it the binary version of CIFAR-10 (cifar-10-binary.tar.gz)?", place, strings.Join(wanted, ", "))
	}
	w.Official = from.official() != ""
	w.Note = joinNotes(w.Note, from.note())
	w.Found = fmt.Sprintf("%s CIFAR-10 images in %s", thousands(w.Images), place)
	return nil
}

// tarMembers reads the wanted members of an archive, whatever folder they are in.
func tarMembers(file string, wanted []string) (map[string][]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found, err := readTar(f, wanted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: get it again", file, err)
	}
	return found, nil
}

func readTar(file io.Reader, wanted []string) (map[string][]byte, error) {
	plain, err := unzipped(file)
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	for r := tar.NewReader(plain); len(found) < len(wanted); {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("a damaged or incomplete archive (%w)", err)
		}
		name := path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || !slices.Contains(wanted, name) {
			continue
		}
		if h.Size > maxCIFARMember {
			return nil, fmt.Errorf("member %s of %d bytes, a batch file has %d", h.Name, h.Size, cifarOfficially*cifarRecord)
		}
		// Room for an official batch; more grows with what is there, not with what is claimed.
		b := bytes.NewBuffer(make([]byte, 0, min(h.Size, cifarOfficially*cifarRecord)+bytes.MinRead))
		if _, err := b.ReadFrom(r); err != nil {
			return nil, fmt.Errorf("member %s: %w", h.Name, err)
		}
		found[name] = b.Bytes()
	}
	return found, nil
}

// check reads a log's folder with Go's own packages, golang.org/x/mod/sumdb/{note,tlog}, as Debian ships them:
// the signature of the checkpoint, a record of it against the tiles, every tile against the signed root.
//
//	check FOLDER VKEY INDEX LEAF-HASH-HEX [OLD-SIZE OLD-ROOT-HEX]
//
// It prints "size root" and exits 0, or says what is wrong and exits 1. It shares nothing with the program that wrote.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// folder serves tiles from C2SP tlog-tiles paths: tile/<level>/<number>[.p/<width>].
type folder struct{ path string }

func (f folder) Height() int { return 8 }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		// Go's path is tile/<height>/<level>/<number>; C2SP has no height in it.
		name := strings.TrimPrefix(t.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(f.path, "tile", name))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hash(text string) tlog.Hash {
	raw, err := hex.DecodeString(text)
	fail(err)
	var h tlog.Hash
	copy(h[:], raw)
	return h
}

func main() {
	raw, err := os.ReadFile(filepath.Join(os.Args[1], "checkpoint"))
	fail(err)
	verifier, err := note.NewVerifier(os.Args[2])
	fail(err)
	signed, err := note.Open(raw, note.VerifierList(verifier))
	fail(err)
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	fail(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	fail(err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)

	// TileHashReader holds every tile that it reads to the signed root.
	reader := tlog.TileHashReader(tree, folder{os.Args[1]})
	index, err := strconv.ParseInt(os.Args[3], 10, 64)
	fail(err)
	leaf := hash(os.Args[4])
	proof, err := tlog.ProveRecord(size, index, reader)
	fail(err)
	fail(tlog.CheckRecord(proof, size, tree.Hash, index, leaf))
	for i := int64(0); i < size; i++ {
		_, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		fail(err)
	}
	if len(os.Args) > 6 {
		old, err := strconv.ParseInt(os.Args[5], 10, 64)
		fail(err)
		grown, err := tlog.ProveTree(size, old, reader)
		fail(err)
		fail(tlog.CheckTree(grown, size, tree.Hash, old, hash(os.Args[6])))
	}
	fmt.Println(size, hex.EncodeToString(root))
}

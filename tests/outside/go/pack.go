// pack reads an unpacked evidence pack with Go's own packages, golang.org/x/mod/sumdb/{note,tlog}, as Debian ships
// them: the signatures of the manifest and of the checkpoint, the record of every line, the growth since earlier trees.
//
//	pack FOLDER
//
// It prints how many records hold and exits 0, or says what is wrong and exits 1. It shares nothing with the writer.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type row struct {
	Index int64
	Size  int64
	Entry string
	Note  string
	Path  []string
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hash(raw []byte) tlog.Hash {
	var h tlog.Hash
	copy(h[:], raw)
	return h
}

func decoded(text string) []byte {
	raw, err := hex.DecodeString(text)
	fail(err)
	return raw
}

func path(texts []string) []tlog.Hash {
	found := []tlog.Hash{}
	for _, text := range texts {
		found = append(found, hash(decoded(text)))
	}
	return found
}

func opened(raw []byte, key string) string {
	verifier, err := note.NewVerifier(key)
	fail(err)
	signed, err := note.Open(raw, note.VerifierList(verifier))
	fail(err)
	return signed.Text
}

func tree(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	fail(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	fail(err)
	return tlog.Tree{N: size, Hash: hash(root)}
}

func rows(name string, each func(row)) {
	file, err := os.Open(name)
	fail(err)
	defer file.Close()
	reader := bufio.NewScanner(file)
	reader.Buffer(nil, 1<<20)
	for reader.Scan() {
		var one row
		fail(json.Unmarshal(reader.Bytes(), &one))
		each(one)
	}
	fail(reader.Err())
}

func read(name string) []byte {
	raw, err := os.ReadFile(name)
	fail(err)
	return raw
}

func main() {
	folder := os.Args[1]
	keys := map[string]string{}
	for _, line := range strings.Split(string(read(filepath.Join(folder, "keys.txt"))), "\n") {
		if use, key, ok := strings.Cut(line, " "); ok {
			keys[use] = key
		}
	}
	opened(read(filepath.Join(folder, "manifest.txt")), keys["office"])
	now := tree(opened(read(filepath.Join(folder, "journal/checkpoint.txt")), keys["log"]))
	count := 0
	rows(filepath.Join(folder, "journal/lines.jsonl"), func(one row) {
		leaf := tlog.RecordHash(decoded(one.Entry))
		fail(tlog.CheckRecord(path(one.Path), now.N, now.Hash, one.Index, leaf))
		count++
	})
	rows(filepath.Join(folder, "journal/earlier.jsonl"), func(one row) {
		before := tree(opened([]byte(one.Note), keys["log"]))
		fail(tlog.CheckTree(path(one.Path), now.N, now.Hash, before.N, before.Hash))
	})
	fmt.Println(count, now.N)
}

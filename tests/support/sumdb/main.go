// Judge of transparency logs: Go's golang.org/x/mod/sumdb, asked by lines of JSON. Nothing of ours takes part.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Ask    string
	Leaves [][]byte
	Size   int64
	Old    int64
	Index  int64
	Root   []byte
	Other  []byte
	Proof  [][]byte
	Keys   []string
	Secret string
	Text   string
	Note   []byte
}

type answer struct {
	Refused string
	Root    []byte
	Proof   [][]byte
	Paths   []string
	Text    string
	Names   []string
	Note    []byte
}

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for place, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found[place] = s[index]
	}
	return found, nil
}

func store(leaves [][]byte) (stored, error) {
	var all stored
	for index, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(index), leaf, all)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func hash(data []byte) (found tlog.Hash) {
	copy(found[:], data)
	return found
}

func hashes(data [][]byte) (found []tlog.Hash) {
	for _, one := range data {
		found = append(found, hash(one))
	}
	return found
}

func octets(list []tlog.Hash) (found [][]byte) {
	for _, one := range list {
		found = append(found, append([]byte{}, one[:]...))
	}
	return found
}

func open(q question, a *answer) error {
	var known []note.Verifier
	for _, key := range q.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return err
		}
		known = append(known, verifier)
	}
	opened, err := note.Open(q.Note, note.VerifierList(known...))
	if err != nil {
		return err
	}
	a.Text = opened.Text
	for _, one := range opened.Sigs {
		a.Names = append(a.Names, one.Name)
	}
	return nil
}

func judge(q question, a *answer) error {
	switch q.Ask {
	case "root":
		all, err := store(q.Leaves)
		if err != nil {
			return err
		}
		root, err := tlog.TreeHash(q.Size, all)
		a.Root = root[:]
		return err
	case "prove-inclusion":
		all, err := store(q.Leaves)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(q.Size, q.Index, all)
		a.Proof = octets(proof)
		return err
	case "prove-consistency":
		all, err := store(q.Leaves)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(q.Size, q.Old, all)
		a.Proof = octets(proof)
		return err
	case "inclusion":
		return tlog.CheckRecord(hashes(q.Proof), q.Size, hash(q.Root), q.Index, hash(q.Other))
	case "consistency":
		return tlog.CheckTree(hashes(q.Proof), q.Size, hash(q.Root), q.Old, hash(q.Other))
	case "tiles":
		for _, tile := range tlog.NewTiles(8, q.Old, q.Size) {
			a.Paths = append(a.Paths, tile.Path())
		}
		return nil
	case "open":
		return open(q, a)
	case "sign":
		signer, err := note.NewSigner(q.Secret)
		if err != nil {
			return err
		}
		a.Note, err = note.Sign(&note.Note{Text: q.Text}, signer)
		return err
	}
	return fmt.Errorf("nobody can be asked %q", q.Ask)
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var q question
		var a answer
		if err := json.Unmarshal(line, &q); err != nil {
			a.Refused = err.Error()
		} else if err := judge(q, &a); err != nil {
			a.Refused = err.Error()
		}
		if err := answers.Encode(a); err != nil {
			return
		}
	}
}

// Reads a JSON list of texts, and prints what kubectl makes of each: the JSON of the documents in
// it up to the first that it cannot read, and what it says about that one.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// How far kubectl looks for an open brace, which tells JSON from YAML.
const lookAhead = 4096

type read struct {
	Documents []json.RawMessage `json:"documents"`
	Error     string            `json:"error"`
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		log.Fatal(err)
	}
	found := make([]read, len(texts))
	for index, text := range texts {
		found[index] = decode(text)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}

// The loop of `resource.StreamVisitor` in k8s.io/cli-runtime.
func decode(text string) read {
	found := read{Documents: []json.RawMessage{}}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), lookAhead)
	for {
		extension := runtime.RawExtension{}
		err := decoder.Decode(&extension)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			found.Error = err.Error()
			return found
		}
		raw := strings.TrimSpace(string(extension.Raw))
		if raw != "" && raw != "null" {
			found.Documents = append(found.Documents, json.RawMessage(raw))
		}
	}
}

// Reads Kubernetes objects and the health scripts of their kinds, and writes what deployment tools
// make of each object.
//
//	in:  {"scripts": {KIND: LUA}, "objects": [OBJECT]}
//	out: [{"kstatus": STATUS, "argo": STATUS, "message": TEXT}]
//
// kstatus is the library by which Flux waits. Argo CD runs a script for each kind; here it runs in
// the same interpreter, with the object as `obj` and without libraries that reach outside.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type question struct {
	Scripts map[string]string `json:"scripts"`
	Objects []map[string]any  `json:"objects"`
}

type verdict struct {
	Kstatus string `json:"kstatus"`
	Argo    string `json:"argo"`
	Message string `json:"message"`
}

func main() {
	log.SetFlags(0)
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	var asked question
	// As the clients of Kubernetes do: whole numbers are int64.
	if err := kjson.Unmarshal(text, &asked); err != nil {
		log.Fatal(err)
	}
	verdicts := make([]verdict, len(asked.Objects))
	for index, object := range asked.Objects {
		result, err := status.Compute(&unstructured.Unstructured{Object: object})
		if err != nil {
			log.Fatal(err)
		}
		argo, message, err := health(object, asked.Scripts[fmt.Sprint(object["kind"])])
		if err != nil {
			log.Fatal(err)
		}
		verdicts[index] = verdict{string(result.Status), argo, message}
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		log.Fatal(err)
	}
}

// health is what the script of the kind returns: {status = "...", message = "..."}.
func health(object map[string]any, script string) (string, string, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.StringLibName: lua.OpenString,
	} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	state.SetGlobal("obj", value(state, object))
	if err := state.DoString(script); err != nil {
		return "", "", err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return "", "", fmt.Errorf("the script of %s returned no table", object["kind"])
	}
	return table.RawGetString("status").String(), table.RawGetString("message").String(), nil
}

// value is decoded JSON as Lua has it.
func value(state *lua.LState, from any) lua.LValue {
	switch from := from.(type) {
	case string:
		return lua.LString(from)
	case int64:
		return lua.LNumber(from)
	case float64:
		return lua.LNumber(from)
	case bool:
		return lua.LBool(from)
	case []any:
		table := state.NewTable()
		for _, each := range from {
			table.Append(value(state, each))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, each := range from {
			table.RawSetString(key, value(state, each))
		}
		return table
	}
	return lua.LNil
}

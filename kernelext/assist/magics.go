package assist

// magics are GoNB's commands with what they do.
var magics = map[string]string{
	"%%":             "%% [arguments]: what follows is the body of main. A cell of statements needs none: it is put there by itself.",
	"%main":          "%main [arguments]: the same as %%.",
	"%args":          "%args arguments: what the cell's program finds in os.Args and flag.",
	"%autoget":       "%autoget: missing modules are fetched before a cell is compiled.",
	"%noautoget":     "%noautoget: missing modules are not fetched.",
	"%capture":       "%capture [-a] file: the cell's output is written to a file, too; -a appends.",
	"%cd":            "%cd [folder]: changes or shows the folder that cells run in.",
	"%env":           "%env NAME value: sets an environment variable for the cells and commands that follow.",
	"%exec":          "%exec function [arguments]: runs a function of this cell or an earlier one.",
	"%goflags":       "%goflags [flags]: flags of go build for the cells that follow; without any, shows them.",
	"%goworkfix":     "%goworkfix: adds replace rules to go.mod for what go.work uses.",
	"%help":          "%help: GoNB's own help.",
	"%list":          "%list: the declarations kept from earlier cells.",
	"%ls":            "%ls: the declarations kept from earlier cells.",
	"%remove":        "%remove names: forgets declarations.",
	"%rm":            "%rm names: forgets declarations.",
	"%reset":         "%reset [go.mod]: forgets all declarations, and writes go.mod anew; with go.mod only that.",
	"%test":          "%test [flags]: runs the tests and benchmarks of the cell.",
	"%track":         "%track [file or folder]: follows changes of files.",
	"%untrack":       "%untrack [file or folder]: follows them no longer.",
	"%version":       "%version: GoNB's version.",
	"%wasm":          "%wasm: compiles the cell to WebAssembly and runs it in the browser.",
	"%widgets":       "%widgets: installs what widgets need in the browser.",
	"%widgets_hb":    "%widgets_hb: asks the browser for a sign of life.",
	"%with_inputs":   "%with_inputs: the next command asks for input.",
	"%with_password": "%with_password: the next command asks for a password.",
	"%%bash":         "%%bash: the cell is a script for bash.",
	"%%sh":           "%%sh: the cell is a script for sh.",
	"%%script":       "%%script command: the cell is the standard input of a command.",
	"%%writefile":    "%%writefile [-a] file: writes the cell to a file; -a appends.",
	"%%gx":           "%%gx: the cell is for GX, which this kernel does not have.",
}

// shellHelp explains lines that begin with !.
const shellHelp = "!command: runs a command of the shell before the cell's Go code; !*command runs it in the folder that GoNB compiles in."

package cells

import (
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// chunk is one declaration or statement of a cell, with the comments in front of it and behind it in its last line.
type chunk struct {
	start, end int         // offsets
	first      int         // offset of its first token
	last       int         // offset behind its last token, a semicolon left out
	tok        token.Token // its first token
	decl       bool        // it can stand outside a function
	semicolon  bool        // it ends in a semicolon that was typed
	closers    string      // the brackets that are missing at the cell's end
	words      []word      // its tokens without comments
}

type word struct {
	tok token.Token
	lit string
}

// split cuts a cell's code into declarations and statements; code that does not parse is cut as well as it goes.
func split(code string) (chunks []chunk) {
	var (
		sc    scanner.Scanner
		files = token.NewFileSet()
		file  = files.AddFile("", -1, len(code))
		c     = chunk{start: -1, first: -1}
		open  []byte // closers of the brackets that are open
	)
	sc.Init(file, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	flush := func() {
		if c.first >= 0 {
			c.decl = isDeclaration(c.words)
			chunks = append(chunks, c)
		}
		c = chunk{start: -1, first: -1}
	}
	for {
		pos, tok, lit := sc.Scan()
		at := file.Offset(pos)
		switch tok {
		case token.EOF:
			slices.Reverse(open)
			c.closers = string(open)
			flush()
			return chunks
		case token.COMMENT:
			if n := len(chunks); n > 0 && c.start < 0 && !strings.Contains(code[chunks[n-1].end:at], "\n") {
				chunks[n-1].end = at + len(lit)
			} else if c.start < 0 {
				c.start = at
			}
			continue
		case token.SEMICOLON:
			if len(open) == 0 {
				if c.semicolon = lit == ";"; c.semicolon {
					c.end = at + 1
				}
				flush()
				continue
			}
		case token.LPAREN:
			open = append(open, ')')
		case token.LBRACK:
			open = append(open, ']')
		case token.LBRACE:
			open = append(open, '}')
		case token.RPAREN, token.RBRACK, token.RBRACE:
			open = open[:max(0, len(open)-1)]
		}
		if c.start < 0 {
			c.start = at
		}
		if c.first < 0 {
			c.first, c.tok = at, tok
		}
		c.words = append(c.words, word{tok, lit})
		if lit == "" {
			lit = tok.String()
		}
		if tok != token.SEMICOLON || lit == ";" {
			c.end = min(len(code), at+len(lit))
			c.last = c.end
		}
	}
}

// isDeclaration tells func f() and func (T) f() from a function literal.
func isDeclaration(w []word) bool {
	switch w[0].tok {
	case token.IMPORT, token.TYPE, token.VAR, token.CONST, token.PACKAGE:
		return true
	case token.FUNC:
		if len(w) < 2 || w[1].tok == token.IDENT {
			return true
		}
		i := closing(w, 1)
		if i+2 >= len(w) || w[i+1].tok != token.IDENT {
			return false
		}
		i += 2
		if w[i].tok == token.LBRACK { // type parameters of a method, or arguments of the literal's result type
			i = closing(w, i) + 1
		}
		return i < len(w) && w[i].tok == token.LPAREN
	}
	return false
}

// closing is the index of the bracket that closes the one at i, or the last index.
func closing(w []word, i int) int {
	depth := 0
	for ; i < len(w); i++ {
		switch w[i].tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(w) - 1
}

func (c chunk) isMain() bool {
	return c.decl && c.tok == token.FUNC && len(c.words) > 1 && c.words[1].lit == "main"
}

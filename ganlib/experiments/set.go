package experiments

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// apply sets fields of a configuration struct (a pointer to it) by name or by the document's symbol:
// "lr" or "LearningRate", upper and lower case alike.
func apply(config any, set map[string]string) error {
	v := reflect.ValueOf(config).Elem()
	given := map[string]string{} // field → the key it was given by
	for _, key := range slices.Sorted(maps.Keys(set)) {
		text := set[key]
		field, name, names := lookup(v, key)
		if !field.IsValid() {
			return fmt.Errorf("experiments: --set %s=%s: there is no such setting; there are %s%s", key, text, strings.Join(names, ", "), didYouMean(key, names))
		}
		if other, twice := given[name]; twice {
			return fmt.Errorf("experiments: --set %s and --set %s are the same setting (%s); give it once", other, key, name)
		}
		given[name] = key
		if err := assign(field, text); err != nil {
			return fmt.Errorf("experiments: --set %s=%s: %w", key, text, err)
		}
	}
	return nil
}

// lookup finds a field and its name, and lists the symbols there are.
func lookup(v reflect.Value, key string) (found reflect.Value, name string, names []string) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Anonymous {
			continue // its own fields come next
		}
		symbol := f.Tag.Get("symbol")
		names = append(names, symbol)
		if strings.EqualFold(key, f.Name) || strings.EqualFold(key, symbol) {
			found, name = v.FieldByIndex(f.Index), f.Name
		}
	}
	return found, name, names
}

func assign(field reflect.Value, text string) error {
	switch field.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		field.SetInt(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		field.SetFloat(x)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		field.SetBool(b)
	case reflect.String:
		field.SetString(text)
	case reflect.Slice:
		return assignList(field, text)
	default:
		return fmt.Errorf("a setting of type %s cannot be given on the command line", field.Type())
	}
	return nil
}

// assignList sets a list of numbers from "32,16,8".
func assignList(field reflect.Value, text string) error {
	words := strings.Split(text, ",")
	list := reflect.MakeSlice(field.Type(), len(words), len(words))
	for i, word := range words {
		if err := assign(list.Index(i), strings.TrimSpace(word)); err != nil {
			return err
		}
	}
	field.Set(list)
	return nil
}

// didYouMean suggests the nearest of some names, "" when none is near.
func didYouMean(got string, names []string) string {
	if near := Nearest(got, names); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return ""
}

// Nearest returns the name closest to what was typed, "" when none is near.
func Nearest(got string, names []string) string {
	best, distance := "", 1+len(got)/2
	for _, n := range names {
		if d := editDistance(strings.ToLower(got), strings.ToLower(n)); d < distance {
			best, distance = n, d
		}
	}
	return best
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

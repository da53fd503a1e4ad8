package labtest

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// writeNotebook writes a notebook of code cells for our kernel, as JupyterLab saves one.
func writeNotebook(t *testing.T, file string, sources ...string) {
	t.Helper()
	cells := []any{}
	for i, source := range sources {
		cells = append(cells, map[string]any{"cell_type": "code", "id": "cell-" + string(rune('a'+i)), "metadata": map[string]any{},
			"source": source, "outputs": []any{}, "execution_count": nil})
	}
	text, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": map[string]any{
		"kernelspec": map[string]string{"name": kernelspec.Name, "display_name": kernelspec.DisplayName, "language": "go"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

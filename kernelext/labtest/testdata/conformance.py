"""The samples of the kernel "Go (ganbook)" for jupyter_kernel_test: python conformance.py KERNEL

Prints one JSON object a test: its name, how it ended and why.
"""

import json
import sys
import time
import unittest

import jupyter_kernel_test


class Kernel(jupyter_kernel_test.KernelTests):
    language_name = "go"
    file_extension = ".go"

    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "a warning")'
    code_page_something = "%help"
    code_generate_error = 'panic("on purpose")'
    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": "side := 6\nside * 7", "result": "42"},
        {"code": 'strings.Repeat("ab", 3)', "result": "ababab"},
    ]
    code_display_data = [
        {"code": 'gonbui.DisplayHtml("<b>bold</b>")', "mime": "text/html"},
        {"code": 'kernelext.Markdown("**bold**", nil)', "mime": "text/markdown"},
        {"code": "kernelext.Show(image.NewGray(image.Rect(0, 0, 2, 2)))", "mime": "image/png"},
    ]
    code_clear_output = "kernelext.Clear()"

    completion_samples = [
        {"text": "fmt.Printl", "matches": {"Println"}},
        {"text": 'import "strings"\n\nstrings.ToUpperS', "matches": {"ToUpperSpecial"}},
    ]
    complete_code_samples = ["x := 1", "fmt.Println(1)", "1 + 2", "func half(n int) int { return n / 2 }", "!ls", 'import "fmt"']
    incomplete_code_samples = ["func half(n int) int {", "fmt.Println(", "text := `first line", "for range 3 {"]
    invalid_code_samples = ["func 1f() {}", "var = 3", "fmt.Println)"]

    code_history_pattern = "1 ?*2*"
    supported_history_operations = ("tail", "range", "search")

    code_inspect_sample = "fmt.Println"


class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    support_iopub_welcome = True


class Report(unittest.TestResult):
    """Prints every test as it ends."""

    def startTest(self, test):
        super().startTest(test)
        self.began, self.outcome, self.why = time.time(), "pass", []

    def note(self, outcome, why):
        if self.outcome != "fail":
            self.outcome = outcome
        self.why.append(why)

    def addFailure(self, test, err):
        self.note("fail", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        if not isinstance(test, unittest.TestCase):  # a whole class: its kernel did not start or did not end
            print(json.dumps({"test": str(test), "outcome": "fail", "why": self._exc_info_to_string(err, test)}), flush=True)
            return
        self.note("fail", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.note("fail", f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        self.note("skip", reason)

    def stopTest(self, test):
        super().stopTest(test)
        name = test.id().rpartition(".")[2]
        print(json.dumps({"test": name, "outcome": self.outcome, "why": "\n".join(self.why), "seconds": time.time() - self.began}), flush=True)


def main(kernel):
    jupyter_kernel_test.TIMEOUT = 120  # seconds; the machine may be compiling other things
    suite = unittest.TestSuite()
    for case in Kernel, Welcome:
        case.kernel_name = kernel
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    suite.run(Report())


if __name__ == "__main__":
    main(*sys.argv[1:])

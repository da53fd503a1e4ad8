"""FID and KID of two sets of points with NumPy and SciPy alone, as their papers' programs compute them.

Standard input is a JSON list of {"a": [[...]], "b": [[...]]}; printed is a list of {"fid", "kid"}. The root of the product
of the covariances is SciPy's general one.
"""

import json
import sys

import numpy as np
from scipy import linalg


def fid(a, b):
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(s @ t)
    return np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(s) + np.trace(t) - 2 * np.trace(root).real


def kid(a, b):
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x):
        k = kernel(x, x)
        return (k.sum() - np.trace(k)) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2 * kernel(a, b).mean()


answers = []
for question in json.load(sys.stdin):
    a, b = np.array(question["a"]), np.array(question["b"])
    answers.append({"fid": fid(a, b), "kid": kid(a, b)})
json.dump(answers, sys.stdout)

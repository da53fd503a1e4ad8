"""Judges scores with scikit-learn, for ganlib/eval's test: a line of JSON for every line of JSON read.

Asked {"scores": [...], "abnormal": [...], "threshold": x} it answers with the area under the ROC curve, the average
precision, every point of the ROC and the precision-recall curve from the highest threshold down, and what the threshold
decides. The first line it prints is the version.
"""
import json
import sys

import numpy
import sklearn
from sklearn import metrics


def judge(scores, abnormal, threshold):
    fpr, tpr, thresholds = metrics.roc_curve(abnormal, scores, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(abnormal, scores, drop_intermediate=False)
    flagged = scores >= threshold
    tn, fp, fn, tp = metrics.confusion_matrix(abnormal, flagged, labels=[False, True]).ravel()
    return {
        "auroc": metrics.roc_auc_score(abnormal, scores),
        "average_precision": metrics.average_precision_score(abnormal, scores),
        "thresholds": thresholds[1:].tolist(),  # the first is infinite
        "fpr": fpr.tolist(),
        "tpr": tpr.tolist(),
        "precision": precision[::-1].tolist(),  # the first is 1, where nothing is flagged
        "recall": recall[::-1].tolist(),
        "counts": [int(tp), int(fp), int(fn), int(tn)],
        "f1": metrics.f1_score(abnormal, flagged, zero_division=numpy.nan),
        "accuracy": metrics.accuracy_score(abnormal, flagged),
        "flagged_precision": metrics.precision_score(abnormal, flagged, zero_division=numpy.nan),
        "flagged_recall": metrics.recall_score(abnormal, flagged),
    }


print(json.dumps(sklearn.__version__), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    answer = judge(numpy.array(asked["scores"]), numpy.array(asked["abnormal"]), asked["threshold"])
    print(json.dumps({k: None if v != v else v for k, v in answer.items()}), flush=True)

"""COCO mAP by pycocotools, for tests: reads {"cases": [{"truth", "detections"}]} on stdin, prints their numbers."""

import contextlib
import io
import json
import sys
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def dataset_of(content: dict[str, Any]) -> COCO:
    coco = COCO()
    coco.dataset = content
    coco.createIndex()
    return coco


def results_of(truth: COCO, detections: list[dict[str, Any]]) -> COCO:
    # loadRes looks into the first detection.
    if detections:
        return truth.loadRes(detections)
    return dataset_of({**truth.dataset, "annotations": []})


def mean_of(values: np.ndarray) -> float:
    counted = values[values > -1]
    return float(counted.mean()) if counted.size else -1.0


def evaluate(case: dict[str, Any]) -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = dataset_of(case["truth"])
        evaluation = COCOeval(truth, results_of(truth, case["detections"]), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    return {
        "stats": [float(value) for value in evaluation.stats],
        "ap": [mean_of(precision[:, :, index]) for index in range(precision.shape[2])],
        "ap50": [mean_of(precision[0, :, index]) for index in range(precision.shape[2])],
    }


json.dump([evaluate(case) for case in json.load(sys.stdin)["cases"]], sys.stdout)

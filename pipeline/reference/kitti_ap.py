"""KITTI AP for boxes, for tests: written from the development kit's rules, apart from the TypeScript, and plain.

Reads {"cases": [{"frames": [{"truth", "detections"}]}]} on stdin, prints {class: {difficulty: {r40, r11}}} a case.
"""

import json
import sys
from typing import Any

Box = dict[str, Any]

OVERLAP = {"Car": 0.7, "Pedestrian": 0.5, "Cyclist": 0.5}
NEIGHBOUR = {"car": "van", "pedestrian": "person_sitting"}
# height at least, occlusion and truncation at most
LEVELS = {"easy": (40, 0, 0.15), "moderate": (25, 1, 0.30), "hard": (25, 2, 0.50)}
COUNTS, IGNORED, ABSENT = 0, 1, -1


def intersection(a: Box, b: Box) -> float:
    width = min(a["right"], b["right"]) - max(a["left"], b["left"])
    height = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
    return max(width, 0.0) * max(height, 0.0) if width > 0 and height > 0 else 0.0


def area(a: Box) -> float:
    return (a["right"] - a["left"]) * (a["bottom"] - a["top"])


def iou(a: Box, b: Box) -> float:
    shared = intersection(a, b)
    return shared / (area(a) + area(b) - shared) if shared else 0.0


def flags(frame: dict[str, list[Box]], name: str, level: str) -> tuple[list[int], list[int]]:
    low, occluded, truncated = LEVELS[level]
    truth = []
    for box in frame["truth"]:
        kind = box["type"].lower()
        hard = (
            box["occluded"] > occluded
            or box["truncated"] > truncated
            or box["bottom"] - box["top"] < low
        )
        if kind == name.lower():
            truth.append(IGNORED if hard else COUNTS)
        elif kind == NEIGHBOUR.get(name.lower()):
            truth.append(IGNORED)
        else:
            truth.append(ABSENT)
    found = []
    for box in frame["detections"]:
        if abs(box["top"] - box["bottom"]) < low:
            found.append(IGNORED)
        else:
            found.append(COUNTS if box["type"].lower() == name.lower() else ABSENT)
    return truth, found


def statistics(
    frame: dict[str, list[Box]], name: str, level: str, threshold: float | None
) -> tuple[int, int, list[float]]:
    """True and false positives and their scores; without a threshold the best score wins, else the best overlap."""
    truth_flags, found_flags = flags(frame, name, level)
    detections = frame["detections"]
    least = OVERLAP[name]
    taken = [False] * len(detections)
    below = [threshold is not None and box["score"] < threshold for box in detections]
    hits: list[float] = []
    for box, flag in zip(frame["truth"], truth_flags, strict=True):
        if flag == ABSENT:
            continue
        chosen = None
        chosen_is_low = False
        best = 0.0 if threshold is not None else float("-inf")
        for j, detection in enumerate(detections):
            if found_flags[j] == ABSENT or taken[j] or below[j]:
                continue
            overlap = iou(detection, box)
            if overlap <= least:
                continue
            if threshold is None:
                if detection["score"] > best:
                    chosen, best = j, detection["score"]
            elif found_flags[j] == COUNTS and (overlap > best or chosen_is_low):
                chosen, best, chosen_is_low = j, overlap, False
            elif found_flags[j] == IGNORED and chosen is None:
                chosen, chosen_is_low = j, True
        if chosen is None:
            continue
        taken[chosen] = True
        if flag == COUNTS and found_flags[chosen] == COUNTS:
            hits.append(detections[chosen]["score"])
    wrong = [
        j
        for j in range(len(detections))
        if found_flags[j] == COUNTS and not taken[j] and not below[j]
    ]
    regions = [box for box in frame["truth"] if box["type"].lower() == "dontcare"]
    for region in regions:
        wrong = [
            j for j in wrong if not intersection(detections[j], region) > least * area(detections[j])
        ]
    return len(hits), len(wrong), hits


def thresholds(scores: list[float], objects: int) -> list[float]:
    scores = sorted(scores, reverse=True)
    chosen = []
    current = 0.0
    for i, score in enumerate(scores):
        left = (i + 1) / objects
        right = (i + 2) / objects if i < len(scores) - 1 else left
        if right - current < current - left and i < len(scores) - 1:
            continue
        chosen.append(score)
        current += 1 / 40.0
    return chosen


def average_precision(
    frames: list[dict[str, list[Box]]], name: str, level: str
) -> dict[str, float] | None:
    objects = sum(flags(frame, name, level)[0].count(COUNTS) for frame in frames)
    if objects == 0:
        return None
    scores = [s for frame in frames for s in statistics(frame, name, level, None)[2]]
    precision = [0.0] * 41
    for i, threshold in enumerate(thresholds(scores, objects)):
        counts = [statistics(frame, name, level, threshold) for frame in frames]
        right = sum(count[0] for count in counts)
        wrong = sum(count[1] for count in counts)
        precision[i] = right / (right + wrong) if right + wrong else 0.0
    envelope = [max(precision[i:]) for i in range(41)]
    return {"r40": sum(envelope[1:]) / 40, "r11": sum(envelope[::4]) / 11}


def evaluate(case: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {level: average_precision(case["frames"], name, level) for level in LEVELS}
        for name in OVERLAP
    }


if __name__ == "__main__":
    json.dump([evaluate(case) for case in json.load(sys.stdin)["cases"]], sys.stdout)

"""Runs an ONNX file in onnxruntime's Python package on inputs from files, for the verifier's gate A."""

import json
import sys

import numpy as np
import onnxruntime

order = json.loads(sys.argv[1])
session = onnxruntime.InferenceSession(order["model"], providers=["CPUExecutionProvider"])
image = next(each.name for each in session.get_inputs() if len(each.shape) == 4)
sizes = [each.name for each in session.get_inputs() if each.name == "orig_target_sizes"]

cases = []
for number, case in enumerate(order["cases"]):
    data = np.fromfile(case["file"], dtype=np.float32).reshape(case["dims"])
    feeds = {image: data}
    if sizes:
        feeds[sizes[0]] = np.array([[case["dims"][3], case["dims"][2]]], dtype=np.int64)
    names = [each.name for each in session.get_outputs()]
    files = []
    for index, (name, value) in enumerate(zip(names, session.run(None, feeds), strict=True)):
        path = f"{order['folder']}/{number}.{index}.out"
        np.ascontiguousarray(value, dtype=np.float32).tofile(path)
        files.append({"name": name, "dims": list(value.shape), "file": path})
    cases.append(files)
json.dump({"version": onnxruntime.__version__, "cases": cases}, sys.stdout)

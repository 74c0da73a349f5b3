"""Run on the machine under test: `invoke.py MODEL N` runs a model N times, on zeros."""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
given = interpreter.get_input_details()[0]
interpreter.set_tensor(given["index"], np.zeros(given["shape"], given["dtype"]))
for _ in range(int(sys.argv[2])):
    interpreter.invoke()

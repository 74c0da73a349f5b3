"""The workstation's second half: a float model in, an int8 .tflite with its card out."""

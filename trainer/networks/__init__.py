"""Networks: one file each; its docstring states source, input, parameters and MACs."""

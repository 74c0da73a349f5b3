"""The command `mien run`: the stages joined, told what to do from outside, and told of."""

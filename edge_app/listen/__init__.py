"""The command `mien events`: what devices say on a broker → lines for people, and the history."""

"""What an installation is: the names of its service, its purpose, and whether anybody listens."""

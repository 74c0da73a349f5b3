"""What Mien costs, measured."""

"""What devices said → a file that keeps it → a page that shows it."""

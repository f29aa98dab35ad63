"""What `edgevision doctor` looks at, a function for each question."""

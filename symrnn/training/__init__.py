"""Training: `data` makes batches out of files."""

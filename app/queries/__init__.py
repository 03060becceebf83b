"""What only reads: one file per question."""

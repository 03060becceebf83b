"""What changes something: one file per verb, each in one transaction that the caller opened."""

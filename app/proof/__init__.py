"""What makes history provable, as pure functions of bytes and values: seals, Merkle trees, signed checkpoints."""

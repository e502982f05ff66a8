"""What methods without a network predict: the least that a network has to beat."""

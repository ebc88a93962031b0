"""What claims speak about, made real: data, models, training, the sweep over trials, and their store."""

"""Training and evaluation: data sets, augmentation, losses, metrics, trainer."""

"""From recordings to data sets: of one robot, or of many at once."""

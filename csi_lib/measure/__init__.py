"""Pure statistics of satisfaction measurement: arrays and frames in, frozen results out."""

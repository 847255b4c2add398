"""The parts of `brain doctor` that are not about the index and the models: those are in `brain.doctor`."""

"""One candidate: training, quantization, int8 accuracy."""

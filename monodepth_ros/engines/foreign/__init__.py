"""Networks of others: an ONNX file, a manifest beside it, and the graph that joins it to ours."""

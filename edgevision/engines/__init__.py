"""What runs a network: one kind a file."""

from edgevision.kinds import Kind

KINDS = {
    "cpu": Kind("edgevision.engines.litert:LiteRt", "LiteRT or tflite-runtime on the CPU"),
    "edgetpu": Kind("edgevision.engines.edgetpu:EdgeTpu", "Coral's Edge TPU, in a child process"),
}

"""What is read from a network's features: one kind a file."""

from edgevision.kinds import Kind

KINDS = {
    "classify": Kind(
        "edgevision.tasks.classify:Classify", "the classes of ImageNet, or a model's own"
    ),
    "dogs": Kind("edgevision.tasks.dogs:Dogs", "the 120 breeds of Stanford Dogs"),
    "landmarks": Kind(
        "edgevision.tasks.landmarks:Landmarks", "48 landmarks, and where on earth they stand"
    ),
}

"""Where frames come from: one kind a file."""

from edgevision.kinds import Kind

KINDS = {
    "file": Kind("edgevision.sources.video:Video", "a video file"),
    "images": Kind("edgevision.sources.images:Images", "photos in a folder or matching a pattern"),
    "v4l2": Kind("edgevision.sources.v4l2:V4l2", "a USB camera"),
    "rtsp": Kind("edgevision.sources.network:Network", "a network camera"),
    "http": Kind("edgevision.sources.network:Network", "a video stream over HTTP"),
    "csi": Kind("edgevision.sources.picamera:Picamera", "a Raspberry Pi's ribbon-cable camera"),
    "jetson": Kind("edgevision.sources.gstreamer:Jetson", "a Jetson's ribbon-cable camera"),
    "gst": Kind("edgevision.sources.gstreamer:Gstreamer", "any GStreamer pipeline"),
    "synthetic": Kind("edgevision.sources.synthetic:Synthetic", "a seeded moving pattern"),
    "auto": Kind("edgevision.sources.auto:Auto", "the first camera that works"),
}

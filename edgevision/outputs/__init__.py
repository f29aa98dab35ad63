"""What is done with reports: one kind a file."""

from edgevision.kinds import Kind

KINDS = {
    "console": Kind("edgevision.outputs.console:Console", "a line on the terminal for each event"),
    "jsonl": Kind("edgevision.outputs.jsonl:JsonLines", "events as JSON lines"),
    "screen": Kind("edgevision.outputs.screen:Screen", "a window with the overlay", "display"),
    "video": Kind("edgevision.outputs.video:VideoFile", "a video file with the overlay"),
    "clips": Kind("edgevision.outputs.clips:Clips", "short films of what was seen"),
    "mqtt": Kind("edgevision.outputs.mqtt:Mqtt", "events to an MQTT broker", "mqtt"),
    "webhook": Kind("edgevision.outputs.webhook:Webhook", "events to an HTTP address"),
    "notify": Kind("edgevision.outputs.notify:Notify", "messages to people", "notify"),
    "snapshots": Kind("edgevision.outputs.snapshots:Snapshots", "JPEGs of what was seen"),
}

"""One package a channel: client, mapper, adapter. Channels never import each other."""

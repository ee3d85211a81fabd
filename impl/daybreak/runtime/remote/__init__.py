"""Messages between processes: frames, handshake, bounded queues, connections that come back."""
